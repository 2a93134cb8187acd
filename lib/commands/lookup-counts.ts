/**
 * Which keys count as found and as missed: those that a command looks for to read them.
 *
 * The engine counts whenever a primitive reads a key, in memory that JavaScript sees as well. A
 * handler may read a key several times, or one that it changes; what counts of that is settled
 * behind it, which costs no call of the engine. Hot commands, which the engine runs by itself, read
 * a key once.
 *
 * Invariants
 *  (K1) A primitive that finds another type than it reads has not counted the key: the error that
 *       it makes counts here.
 *
 * @module
 */

import { ReplyError } from '../errors.js'

/** Shared with the engine: keys found, keys missed. */
export interface LookupCounts {
  0: number
  1: number
}

interface Counting {
  readonly native: { readonly lookups: LookupCounts }
}

/**
 * What counts of what a handler has looked for: nothing; its one key, which is the first that it
 * reads; each; and `inner`, whatever the commands have counted that it runs.
 */
export type LookupRule = 'none' | 'first' | 'each' | 'inner'

/** Where it does not follow from a command's flags and keys. */
const RULES: ReadonlyMap<string, LookupRule> = new Map<string, LookupRule>([
  ...(['watch', 'debug|object'] as const).map((name) => [name, 'none'] as const),
  // Writes that read the key they change, or one besides it.
  ...(
    [
      ...['set', 'getset', 'getdel', 'getex', 'bitfield', 'copy', 'zrangestore'],
      ...['geosearchstore', 'georadius', 'georadiusbymember', 'xack', 'xclaim', 'xautoclaim'],
    ] as const
  ).map((name) => [name, 'first'] as const),
  ...(
    [
      ...['bitop', 'pfmerge', 'sinterstore', 'sunionstore', 'sdiffstore', 'zunionstore'],
      ...['zinterstore', 'zdiffstore', 'xreadgroup', 'sort', 'sort_ro'],
    ] as const
  ).map((name) => [name, 'each'] as const),
])

interface Row {
  readonly fullName: string
  readonly flags: readonly string[]
  readonly keys: { readonly first: number; readonly last: number } | null
  readonly family: string
}

export function lookupRuleOf({ fullName, flags, keys, family }: Row): LookupRule {
  const rule = RULES.get(fullName)
  if (rule !== undefined) return rule
  if (flags.includes('write')) return 'none'
  if (!flags.includes('readonly') || family === 'scripting') return 'inner'
  return keys !== null && keys.first === keys.last ? 'first' : 'each'
}

/** Calls a handler; what it has counted becomes what its command counts. */
export function settled<T>(rule: LookupRule, { native }: Counting, act: () => T): T {
  if (rule === 'inner') return act()
  const { lookups } = native
  const hits = lookups[0]
  const misses = lookups[1]
  try {
    return act()
  } catch (error) {
    // (K1)
    if (isWrongType(error)) lookups[0] += 1
    throw error
  } finally {
    if (rule !== 'each') settle(rule, lookups, hits, misses)
  }
}

function settle(rule: 'none' | 'first', lookups: LookupCounts, hits: number, misses: number): void {
  const isFound = lookups[0] > hits
  const isMissed = !isFound && lookups[1] > misses
  lookups[0] = hits + (rule === 'first' && isFound ? 1 : 0)
  lookups[1] = misses + (rule === 'first' && isMissed ? 1 : 0)
}

/** Counts a key that a handler has asked about by a primitive that does not count. */
export function countLookup({ native }: Counting, isFound: boolean): void {
  native.lookups[isFound ? 0 : 1] += 1
}

/** Reads one key, however often: it counts once. */
export function countedOnce<T>({ native: { lookups } }: Counting, act: () => T): T {
  const hits = lookups[0]
  const misses = lookups[1]
  try {
    return act()
  } finally {
    settle('first', lookups, hits, misses)
  }
}

/** Reads what does not count, nor does an error that it makes. */
export function uncounted<T>({ native: { lookups } }: Counting, act: () => T): T {
  const hits = lookups[0]
  const misses = lookups[1]
  let taken = 0
  try {
    return act()
  } catch (error) {
    // (K1)
    if (isWrongType(error)) taken = 1
    throw error
  } finally {
    settle('none', lookups, hits - taken, misses)
  }
}

function isWrongType(error: unknown): boolean {
  return error instanceof ReplyError && error.prefix === 'WRONGTYPE'
}
