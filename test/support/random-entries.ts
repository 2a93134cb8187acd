/**
 * Random keys and values, of every kind that makes a difference in a file.
 *
 * Values are integers of all widths, texts that only look like integers, and bytes from none to 1
 * MiB, most of them short; bytes are noise, or repeat themselves in ways that LZF knows. 100,000
 * entries are about 130 MiB.
 *
 * @module
 */

import { Random } from './random.js'

export interface Entry {
  db: number
  key: Buffer
  value: Buffer
  /** Unix time in milliseconds, or -1. */
  expiresAtMs: number | bigint
}

/** The databases that have entries. */
export const ENTRY_DATABASES = [0, 1, 5, 15] as const

const VALUE_BYTES_MAX = 2 ** 20
const DAY_MS = 86_400_000
/** No key expires before 2065. */
const EXPIRY_MS_MIN = 3_000_000_000_000

/** Where something changes: integer encodings, when LZF is tried, forms of a length. */
const LENGTHS = [0, 1, 19, 20, 21, 24, 25, 63, 64, 255, 256, 8191, 16_383, 16_384, VALUE_BYTES_MAX]
const WIDTHS = [4n, 7n, 8n, 15n, 16n, 31n, 32n, 53n, 63n]
const NOT_QUITE_INTEGERS = [
  ...['007', '+1', '-0', '00', ' 1', '1 ', '1.0', '1e3', '0x10', '-', '--1', '1\0', '\x001'],
  ...['9223372036854775808', '-9223372036854775809', '99999999999999999999', '1'.repeat(44)],
]
const FAR_TIMES = [4_102_444_800_000, 2 ** 45, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n]
const PHRASE = Buffer.from('the quick brown fox jumps over the lazy dog, and ')

/** Entries that differ in key or database; the first ones are the special cases. */
export function randomEntries(seed: number, count: number): Entry[] {
  const maker = new EntryMaker(seed)
  const entries = specialEntries(maker)
  for (const { db, key } of entries) maker.claim(db, key)
  while (entries.length < count) entries.push(maker.entry())
  return entries
}

function specialEntries(maker: EntryMaker): Entry[] {
  const empty = Buffer.alloc(0)
  const entries: Entry[] = [
    { db: 0, key: empty, value: Buffer.from('of the empty key'), expiresAtMs: -1 },
    { db: 5, key: empty, value: empty, expiresAtMs: 4_102_444_800_001 },
    { db: 1, key: Buffer.from('empty'), value: empty, expiresAtMs: -1 },
    { db: 1, key: Buffer.from([0, 255, 10, 13]), value: Buffer.from([0]), expiresAtMs: -1 },
  ]
  const add = (name: string, value: Buffer) => {
    entries.push({ db: 15, key: Buffer.from(name), value, expiresAtMs: -1 })
  }
  for (const length of LENGTHS) {
    add(`noise:${length}`, maker.noise(length))
    add(`phrase:${length}`, maker.repeated(length))
  }
  for (const integer of boundaryIntegers()) add(`integer:${integer}`, Buffer.from(`${integer}`))
  for (const text of NOT_QUITE_INTEGERS) add(`text:${text}`, Buffer.from(text, 'latin1'))
  return entries
}

function boundaryIntegers(): bigint[] {
  const values = WIDTHS.flatMap((width) => [-1n, 0n, 1n].flatMap((by) => [2n ** width + by]))
  const both = [0n, ...values, ...values.map((value) => -value)]
  return both.filter((value) => value === BigInt.asIntN(64, value))
}

class EntryMaker {
  readonly #random: Random
  readonly #noise: Buffer
  readonly #claimed = new Set<string>()

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#noise = this.#random.bytes(2 * VALUE_BYTES_MAX)
  }

  /** Whether that name was free. */
  claim(db: number, key: Buffer): boolean {
    const name = `${db} ${key.toString('latin1')}`
    if (this.#claimed.has(name)) return false
    this.#claimed.add(name)
    return true
  }

  entry(): Entry {
    for (;;) {
      const db = this.#random.pick(ENTRY_DATABASES)
      const key = this.#key()
      if (!this.claim(db, key)) continue
      return { db, key, value: this.#value(), expiresAtMs: this.#expiry() }
    }
  }

  /** A piece of noise: it never repeats itself within the window of LZF. */
  noise(length: number): Buffer {
    const start = this.#random.below(this.#noise.length - length + 1)
    return this.#noise.subarray(start, start + length)
  }

  /** A phrase, a run of one byte, or noise that comes again and again. */
  repeated(length: number): Buffer {
    const unit = this.#random.pick([
      PHRASE,
      this.noise(1),
      this.noise(1 + this.#random.below(300)),
      this.noise(1 + this.#random.below(9000)),
    ])
    return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, unit)
  }

  #key(): Buffer {
    const kind = this.#random.below(10)
    if (kind < 2) return this.#integer()
    if (kind < 4) return Buffer.from(`user:${this.#random.below(1_000_000)}`)
    if (kind < 9) return this.noise(1 + this.#random.below(16))
    const length = 17 + this.#random.below(500)
    return this.#random.oneIn(2) ? this.noise(length) : this.repeated(length)
  }

  #value(): Buffer {
    const kind = this.#random.below(100)
    if (kind < 15) return this.#integer()
    if (kind < 20) return Buffer.from(this.#random.pick(NOT_QUITE_INTEGERS), 'latin1')
    const lengthMax = this.#random.oneIn(100) ? VALUE_BYTES_MAX : 4096
    const length = this.#skewed(lengthMax)
    return kind < 60 ? this.noise(length) : this.repeated(length)
  }

  /** As many from 1 to 2 as from 2 to 4, and so on. */
  #skewed(max: number): number {
    return Math.floor((max + 1) ** (this.#random.below(2 ** 20) / 2 ** 20)) - 1
  }

  #integer(): Buffer {
    const bits = (BigInt(this.#random.uint32()) << 32n) | BigInt(this.#random.uint32())
    const value = BigInt.asIntN(64, bits) >> BigInt(this.#random.below(64))
    return Buffer.from(`${value}`)
  }

  #expiry(): number | bigint {
    if (!this.#random.oneIn(3)) return -1
    if (this.#random.oneIn(20)) return this.#random.pick(FAR_TIMES)
    return EXPIRY_MS_MIN + DAY_MS * this.#random.below(40_000) + this.#random.below(DAY_MS)
  }
}
