/**
 * Damaged files: whatever the bytes, `open` rejects with a coded error or loads what is sound.
 *
 * Method: one small file that has a bit of everything is cut at every byte, and a bit of every byte
 * is flipped; SF_LONG=1 flips all bits. After each refusal the file has the bytes and the time it
 * had before, and once it is repaired the directory opens.
 */

import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CorruptFileError, type OpenOptions, open } from '../../dist/index.js'
import { announceSeed, Random } from '../support/random.js'
import {
  aux,
  entry,
  expireMs,
  int8,
  int32,
  lzf,
  lzfLiterals,
  raw,
  rdbFile,
  resizeDatabase,
  selectDatabase,
} from '../support/rdb-bytes.js'

const TEXT = 'a text that is long enough to be compressed, if that saved anything'
const VERSION = 10
const CHANGED_FILES = process.env.SF_LONG ? 20_000 : 400
/** Not now, so that a write would show. */
const MODIFIED_AT = new Date('2024-02-03T04:05:06Z')

const PARTS = [
  aux('redis-ver', raw('7.0.15')),
  aux('ctime', int32(1_700_000_000)),
  selectDatabase(0),
  resizeDatabase(5, 1),
  entry('plain', raw('value')),
  entry(int8(5), int32(70_000)),
  Buffer.concat([expireMs(4_102_444_800_000n), entry('expires', raw(''))]),
  entry('compressed', lzf(lzfLiterals(TEXT), TEXT.length)),
  selectDatabase(3),
  entry('', raw('v'.repeat(64))),
]
const SOUND = rdbFile(VERSION, PARTS)
const KEYS = 5

class DamagedFile {
  readonly dir: string
  readonly path: string

  constructor(t: Test) {
    this.dir = t.testdir()
    this.path = join(this.dir, 'dump.rdb')
  }

  write(bytes: Uint8Array): void {
    writeFileSync(this.path, bytes)
    utimesSync(this.path, MODIFIED_AT, MODIFIED_AT)
  }

  /** Number of keys, or the error, which must be that of a file. */
  async open(options: OpenOptions = {}): Promise<number | CorruptFileError> {
    try {
      const engine = await open({ dir: this.dir, hugePages: false, ...options })
      const keys = engine.dbsize() + engine.database(3).dbsize()
      await engine.close()
      return keys
    } catch (error) {
      if (error instanceof CorruptFileError) return error
      throw error
    }
  }

  /** What is wrong with how `bytes` were refused, or null. */
  async refusal(bytes: Uint8Array, options?: OpenOptions): Promise<string | null> {
    this.write(bytes)
    const error = await this.open(options)
    if (typeof error === 'number') return 'it was loaded'
    if (error.path !== this.path) return `the path is ${error.path}`
    if (!(error.offset >= 0 && error.offset <= bytes.length)) return `byte ${error.offset}`
    if (error.reason === '' || !error.message.includes(error.reason)) return 'there is no reason'
    return this.#change(bytes)
  }

  #change(bytes: Uint8Array): string | null {
    if (!readFileSync(this.path).equals(bytes)) return 'the file has other bytes'
    if (statSync(this.path).mtimeMs !== MODIFIED_AT.getTime()) return 'the file was written'
    const others = readdirSync(this.dir).filter((name) => !/^(dump\.rdb|.*\.lock)$/.test(name))
    return others.length === 0 ? null : `there is ${others}`
  }
}

function flipped(at: number, mask: number): Buffer {
  const bytes = Buffer.from(SOUND)
  bytes[at] = (bytes[at] as number) ^ mask
  return bytes
}

t.test('A damaged file', async (t) => {
  const seed = announceSeed(t)
  const offsets = [...SOUND.keys()]

  await t.test(
    'is refused when it is cut at any byte, and loads once it is repaired',
    async (t) => {
      const file = new DamagedFile(t)
      for (const length of offsets) {
        const problem = await file.refusal(SOUND.subarray(0, length))
        if (problem !== null) t.fail(`cut to ${length} bytes: ${problem}`)
      }
      file.write(SOUND)
      t.equal(await file.open(), KEYS)
    },
  )

  await t.test('is refused when it is cut, with the checksum off', async (t) => {
    const file = new DamagedFile(t)
    for (const length of offsets) {
      const problem = await file.refusal(SOUND.subarray(0, length), { rdbchecksum: false })
      if (problem !== null) t.fail(`cut to ${length} bytes: ${problem}`)
    }
    file.write(SOUND)
    t.equal(await file.open({ rdbchecksum: false }), KEYS)
  })

  await t.test('says that a file without a byte is too short', async (t) => {
    const file = new DamagedFile(t)
    t.equal(await file.refusal(Buffer.alloc(0)), null)
    t.match(await file.open(), {
      code: 'ERR_SNAPFORK_CORRUPT_FILE',
      offset: 0,
      reason: /too early/,
    })
  })

  await t.test('is refused when one bit of any byte is flipped', async (t) => {
    const file = new DamagedFile(t)
    const random = new Random(seed)
    for (const at of offsets) {
      const bits = process.env.SF_LONG ? [...Array(8).keys()] : [random.below(8)]
      for (const bit of bits) {
        const problem = await file.refusal(flipped(at, 1 << bit))
        if (problem !== null) t.fail(`byte ${at} with bit ${bit} flipped: ${problem}`)
      }
    }
    file.write(SOUND)
    t.equal(await file.open(), KEYS)
  })

  await t.test('is loaded or refused when bytes change and the checksum is off', async (t) => {
    const file = new DamagedFile(t)
    const random = new Random(seed)
    let refused = 0
    for (let round = 0; round < CHANGED_FILES; ++round) {
      const bytes = Buffer.from(SOUND)
      for (let count = 1 + random.below(3); count > 0; --count) {
        bytes[random.below(bytes.length)] = random.below(256)
      }
      file.write(bytes)
      if (typeof (await file.open({ rdbchecksum: false })) !== 'number') refused += 1
    }
    t.comment(`${refused} of ${CHANGED_FILES} were refused`)
    t.ok(refused > 0 && refused < CHANGED_FILES)
  })

  await t.test('is refused for its checksum, and accepted with the checksum off', async (t) => {
    const file = new DamagedFile(t)
    const wrong = rdbFile(VERSION, PARTS, 1n)
    t.equal(await file.refusal(wrong), null)
    t.match(await file.open(), { offset: wrong.length - 8, reason: /checksum/ })
    t.equal(await file.open({ rdbchecksum: false }), KEYS)
  })

  await t.test('is none if its checksum is zero: it was written without', async (t) => {
    const file = new DamagedFile(t)
    file.write(rdbFile(VERSION, PARTS, 0n))
    t.equal(await file.open(), KEYS)
  })

  await t.test('is none if there are bytes behind its end', async (t) => {
    const file = new DamagedFile(t)
    file.write(Buffer.concat([SOUND, Buffer.from('and more')]))
    t.equal(await file.open(), KEYS)
  })
})

/** A value of the module `mymodule1`: an unsigned 7 and the end. */
function moduleEntry(key: string): Buffer {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const numbers = [...'mymodule1'].map((letter) => BigInt(letters.indexOf(letter)))
  const id = numbers.reduce((sum, number) => sum * 64n + number, 0n)
  const bytes = Buffer.alloc(9)
  bytes[0] = 0x81
  bytes.writeBigUInt64BE((id << 10n) | 3n, 1)
  return Buffer.concat([Buffer.from([7]), raw(key), bytes, Buffer.from([2, 7, 0])])
}

t.test('The value of a module is refused by the name of the module', async (t) => {
  const file = new DamagedFile(t)
  t.equal(await file.refusal(rdbFile(VERSION, [selectDatabase(0), moduleEntry('k')])), null)
  const error = await file.open()
  t.match(error, { code: 'ERR_SNAPFORK_UNSUPPORTED_FILE', name: 'CorruptFileError' })
  t.match(error, { message: /the module 'mymodule1' is there, and modules are not supported/ })
})
