/**
 * Which arguments of a call are keys, and what is done with each.
 *
 * Who may do what, what a client is told of, and COMMAND GETKEYS go by this.
 *
 * @module
 */

import { upperCase } from './args.js'
import { type KeySpec, keySpecsOf } from './key-specs.js'

export interface KeyReference {
  /** Of the argument, the command's name being 0. */
  readonly index: number
  /** As of a {@link KeySpec}; none where the command is malformed. */
  readonly flags: readonly string[]
}

/** An argument as latin1 text, a character a byte. */
export type ReadArgument = (index: number) => string

const UNKNOWN_ACCESS: readonly string[] = []
const OVERWRITES: readonly string[] = ['OW', 'update']
const READS: readonly string[] = ['RO', 'access']
const CHANGES: readonly string[] = ['RW', 'access', 'update']

/** As C compares words: without regard to case, up to the first NUL. */
function wordAt(read: ReadArgument, index: number): string {
  const text = read(index)
  const end = text.indexOf('\0')
  return upperCase(end < 0 ? text : text.slice(0, end))
}

/**
 * The keys of a call in Redis's order, or null if the arguments do not say which they are.
 *
 * @param name In upper case, `CONTAINER|SUBCOMMAND` for a subcommand.
 * @param argc Number of arguments, the name included; not below the command's arity.
 */
export function keysOf(name: string, argc: number, read: ReadArgument): KeyReference[] | null {
  const own = OWN_RULES[name]
  if (own !== undefined) return own(argc, read)
  const specs = keySpecsOf(name)
  const keys: KeyReference[] = []
  let isSound = true
  for (const spec of specs) {
    if (spec.flags.includes('not_key')) continue
    isSound = addKeys(spec, argc, read, keys) && isSound
  }
  if (isSound && keys.length > 0) return keys
  const counted = specs.findIndex(({ find }) => find.type === 'keynum')
  return counted < 0 ? null : loosely(name, specs, counted, argc, read)
}

/** False if the arguments do not fit. */
function addKeys(spec: KeySpec, argc: number, read: ReadArgument, keys: KeyReference[]): boolean {
  const { begin, find, flags } = spec
  if (begin.type === 'unknown' || find.type === 'unknown') return false
  const first =
    begin.type === 'index' ? begin.index : behindWord(begin.keyword, begin.startFrom, argc, read)
  // A word that is not there announces nothing.
  if (first === null) return true
  if (first >= argc) return begin.type === 'keyword'
  if (find.type === 'keynum') {
    const count = strictCount(read(first))
    if (count < 1 || count > argc - first - 1) return false
    for (let index = first + 1; index <= first + count; ++index) keys.push({ index, flags })
    return true
  }
  let last = find.last < 0 ? argc + find.last : first + find.last
  if (find.limit > 1) last = first + Math.floor((argc - first) / find.limit) - 1
  if (last >= argc) return false
  for (let index = first; index <= last; index += find.step) keys.push({ index, flags })
  return true
}

function behindWord(
  keyword: string,
  startFrom: number,
  argc: number,
  read: ReadArgument,
): number | null {
  for (let index = startFrom; index < argc; ++index) {
    if (wordAt(read, index) === keyword) return index + 1
  }
  return null
}

const INT64_MAX = 2n ** 63n - 1n

/** A number of keys that is nothing but digits, in 32 bits; 0 if it is more than that. */
function strictCount(text: string): number {
  if (!/^(0|[1-9]\d*)$/.test(text) || BigInt(text) > INT64_MAX) return 0
  return Number(BigInt.asIntN(32, BigInt(text)))
}

/** As C's atoi reads it: digits up to what is none, in 32 bits. */
function looseCount(text: string): number {
  const [digits] = /^[\s]*[+-]?\d+/.exec(text) ?? ['0']
  const value = BigInt(digits.trim())
  const limited = value > INT64_MAX ? INT64_MAX : value < -INT64_MAX - 1n ? -INT64_MAX - 1n : value
  return Number(BigInt.asIntN(32, limited))
}

/** Scripts may have no keys at all. */
const MAY_HAVE_NONE = /^(EVAL|FCALL)/

/** The keys behind a number that is written in another way; then what is stored into. */
function loosely(
  name: string,
  specs: readonly KeySpec[],
  counted: number,
  argc: number,
  read: ReadArgument,
): KeyReference[] | null {
  const { begin } = specs[counted] as KeySpec
  const at = begin.type === 'index' ? begin.index : 0
  const count = looseCount(read(at))
  if (count < 1 || count > argc - at - 1) return MAY_HAVE_NONE.test(name) ? [] : null
  const keys = Array.from({ length: count }, (_, offset) => at + 1 + offset)
  if (counted > 0) keys.push(1)
  return keys.map((index) => ({ index, flags: UNKNOWN_ACCESS }))
}

type OwnRule = (argc: number, read: ReadArgument) => KeyReference[] | null

const OWN_RULES: Readonly<Record<string, OwnRule>> = {
  SET: (argc, read) => {
    for (let index = 3; index < argc; ++index) {
      if (wordAt(read, index) === 'GET') return [{ index: 1, flags: CHANGES }]
    }
    return [{ index: 1, flags: OVERWRITES }]
  },
  BITFIELD: (argc, read) => [{ index: 1, flags: onlyGets(argc, read) ? READS : CHANGES }],
  SORT: (argc, read) => {
    const keys: KeyReference[] = [{ index: 1, flags: READS }]
    const store = sortTarget(argc, read)
    if (store !== null) keys.push({ index: store, flags: OVERWRITES })
    return keys
  },
  SORT_RO: () => [{ index: 1, flags: READS }],
  MIGRATE: (argc, read) => {
    const flags = ['RW', 'access', 'delete']
    const words = migratedKeys(argc, read)
    if (words === null) return [{ index: 3, flags }]
    // Either one key in its place, or several behind KEYS.
    if (read(3) !== '') return null
    return Array.from({ length: argc - words }, (_, at) => ({ index: words + at, flags }))
  },
}

/** Whether BITFIELD changes nothing. */
function onlyGets(argc: number, read: ReadArgument): boolean {
  for (let index = 2; index < argc; ++index) {
    const word = wordAt(read, index)
    const left = argc - index - 1
    if (word === 'GET' && left >= 2) index += 2
    else if (word === 'OVERFLOW' && left >= 1) index += 1
    else return false
  }
  return true
}

const SORT_WORDS: Readonly<Record<string, number>> = { LIMIT: 2, GET: 1, BY: 1 }

/** Where SORT's last STORE has its key. */
function sortTarget(argc: number, read: ReadArgument): number | null {
  let store: number | null = null
  for (let index = 2; index < argc; ++index) {
    const word = wordAt(read, index)
    if (word === 'STORE' && index + 1 < argc) store = ++index
    else index += SORT_WORDS[word] ?? 0
  }
  return store
}

const MIGRATE_WORDS: Readonly<Record<string, number>> = { AUTH: 1, AUTH2: 2 }

/** What is behind MIGRATE's KEYS, if anything is. */
function migratedKeys(argc: number, read: ReadArgument): number | null {
  for (let index = 6; index < argc; ++index) {
    const word = wordAt(read, index)
    if (word === 'KEYS') return index + 1 < argc ? index + 1 : null
    index += MIGRATE_WORDS[word] ?? 0
  }
  return null
}
