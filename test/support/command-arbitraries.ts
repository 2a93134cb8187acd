/**
 * Random commands for the comparison with Redis, as fast-check arbitraries.
 *
 * Few keys, so that commands meet; all text is latin1, a character a byte. The words `@s` and `@ms`
 * stand for a relative time, which `resolveTimes` fills in.
 *
 * @module
 */

import fc from 'fast-check'
import { bitmapCommands } from './arbitraries/bitmaps.js'
import {
  command,
  DATABASE_WORDS,
  element,
  key,
  several,
  type TimeMode,
  times,
  value,
  word,
} from './arbitraries/common.js'
import { geoCommands } from './arbitraries/geo.js'
import { hashCommands } from './arbitraries/hashes.js'
import { hyperLogLogCommands } from './arbitraries/hyperloglog.js'
import { keyCommands } from './arbitraries/keys.js'
import { listCommands } from './arbitraries/lists.js'
import { setCommands } from './arbitraries/sets.js'
import { sortCommands } from './arbitraries/sort.js'
import { sortedSetCommands } from './arbitraries/sorted-sets.js'
import { streamCommands } from './arbitraries/streams.js'
import { stringCommands } from './arbitraries/strings.js'

/** A command in a database. */
export interface Step {
  db: number
  args: string[]
}

export const DATABASES = 4

/** Families of commands that are compared in sequences of their own. */
export const FAMILIES: ReadonlyMap<string, () => fc.Arbitrary<string[]>[]> = new Map([
  ['bitmap', bitmapCommands],
  ['hyperloglog', hyperLogLogCommands],
  ['list', listCommands],
  ['hash', hashCommands],
  ['set', setCommands],
  ['sorted-set', sortedSetCommands],
  ['geo', geoCommands],
  ['stream', streamCommands],
  ['sort', sortCommands],
])

/** Bits set inside of a HyperLogLog damage it, and then every engine has its own answer. */
const SPOILING: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['bitmap', new Set(['hyperloglog'])],
  ['hyperloglog', new Set(['bitmap'])],
])

function rareCommands(): fc.Arbitrary<string[]> {
  const flush = fc.array(word('SYNC', 'ASYNC', 'async', 'FOO'), { maxLength: 2 })
  return fc.oneof(
    command('SWAPDB', word(...DATABASE_WORDS), word(...DATABASE_WORDS)),
    command('DBSIZE'),
    command('DBSIZE'),
    command('FLUSHDB', flush),
    command('FLUSHALL', flush),
    command('OBJECT', word('', 'FOO', 'fo\r\no', 'o'.repeat(200)), several(key)),
    fc
      .tuple(word('', 'FOO', 'get\0', 'f\0g', 'F\r\nO', 'f'.repeat(130)), several(value))
      .map((w) => w.flat()),
  )
}

/** Drops or adds a word now and then. */
function withWrongArity(commands: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> {
  const shorter = commands.map((words) => (words.length > 1 ? words.slice(0, -1) : words))
  const longer = commands.map((words) => [...words, 'x'])
  return fc.oneof(
    { weight: 40, arbitrary: commands },
    { weight: 1, arbitrary: shorter },
    { weight: 1, arbitrary: longer },
  )
}

export function steps(mode: TimeMode, maxLength: number): fc.Arbitrary<Step[]> {
  const clock = times(mode)
  const common = fc.oneof(...stringCommands(clock), ...keyCommands(clock))
  const any = fc.oneof({ weight: 40, arbitrary: common }, { weight: 1, arbitrary: rareCommands() })
  const db = fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat({ max: DATABASES - 1 }) },
  )
  const step = fc.record({ db, args: withWrongArity(any) })
  return fc.array(step, { minLength: 1, maxLength, size: 'max' })
}

/** Mostly commands of one family, on few keys that now and then are something else. */
export function familySteps(family: string, maxLength: number): fc.Arbitrary<Step[]> {
  const own = FAMILIES.get(family)?.() ?? []
  const others = [
    command('DEL', several(key, 3)),
    command('SET', key, element),
    command('COPY', key, key, word('REPLACE')),
    command('RENAME', key, key),
    command('EXPIREAT', key, word('4102444800', '1')),
    command('PERSIST', key),
    command('TYPE', key),
    command('MOVE', key, word('1', '2')),
    ...[...FAMILIES]
      .filter(([name]) => name !== family && !SPOILING.get(family)?.has(name))
      .flatMap(([, commands]) => commands()),
  ]
  const any = fc.oneof(
    { weight: 25, arbitrary: fc.oneof(...own) },
    { weight: 1, arbitrary: fc.oneof(...others) },
  )
  const db = fc.oneof(
    { weight: 20, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat({ max: 2 }) },
  )
  const step = fc.record({ db, args: withWrongArity(any) })
  return fc.array(step, { minLength: 1, maxLength, size: 'max' })
}

/** Begins with nothing, and does the same in two servers: of what one draws, all or nothing. */
export function fromEmpty(sequence: readonly Step[]): Step[] {
  return [{ db: 0, args: ['FLUSHALL'] }, ...resolveTimes(sequence)].map(drawAll)
}

function drawAll({ db, args }: Step): Step {
  const [name = '', key] = args
  if (/^spop$/i.test(name) && key !== undefined) return { db, args: ['SPOP', key, '1000'] }
  // They remove the expired keys that they come to.
  return /^(randomkey|scan)$/i.test(name) ? { db, args: ['DBSIZE'] } : { db, args }
}

/**
 * Fills in relative times, no two the same and all at least 1,000 seconds apart: a comparison of
 * two of them does not depend on when the commands ran.
 */
export function resolveTimes(sequence: readonly Step[]): Step[] {
  let count = 0
  const resolve = (text: string) => {
    if (text !== '@s' && text !== '@ms') return text
    const seconds = 100_000 + 1000 * ((++count * 37) % 4001)
    return text === '@s' ? `${seconds}` : `${seconds}000`
  }
  return sequence.map(({ db, args }) => ({ db, args: args.map(resolve) }))
}

/** For messages. */
export function wordsOf({ args }: Step): string {
  return args.map((text) => JSON.stringify(text)).join(' ')
}
