/**
 * Random list commands.
 *
 * @module
 */

import fc from 'fast-check'
import {
  COUNTS,
  command,
  element,
  inAnyCase,
  key,
  NUMBERS_OF_KEYS,
  OFFSETS,
  options,
  RANGE_ENDS,
  several,
  word,
} from './common.js'

/** Few, so that they come again. */
const few = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 5 }).map((n) => `e${n}`) },
  { weight: 1, arbitrary: element },
  { weight: 1, arbitrary: fc.constantFrom(3000, 9000).map((n) => 'l'.repeat(n)) },
)

export function listCommands(): fc.Arbitrary<string[]>[] {
  const end = fc.oneof(
    { weight: 10, arbitrary: word('LEFT', 'RIGHT', 'left', 'Right') },
    { weight: 1, arbitrary: word('', 'UP') },
  )
  const positions = options(
    fc.tuple(inAnyCase('RANK'), word('1', '2', '-1', '-2', '0', 'x', '-9223372036854775808')),
    fc.tuple(inAnyCase('COUNT'), word('0', '1', '2', '100', '-1', 'x')),
    fc.tuple(inAnyCase('MAXLEN'), word('0', '1', '5', '100', '-1', 'x')),
    word('FOO', 'COUNT'),
  )
  const count = fc.tuple(inAnyCase('COUNT'), word('1', '2', '10', '0', '-1', 'x'))
  return [
    command('LPUSH', key, several(few, 6)),
    command('RPUSH', key, several(few, 6)),
    command('RPUSH', key, several(few, 6)),
    command('LPUSHX', key, several(few, 2)),
    command('RPUSHX', key, several(few, 2)),
    command('LPOP', key),
    command('RPOP', key),
    command('LPOP', key, word(...COUNTS)),
    command('RPOP', key, word(...COUNTS)),
    command('LLEN', key),
    command('LINDEX', key, word(...OFFSETS)),
    command('LRANGE', key, word(...RANGE_ENDS), word(...RANGE_ENDS)),
    command('LSET', key, word(...OFFSETS), few),
    command('LINSERT', key, inAnyCase('BEFORE'), few, few),
    command('LINSERT', key, word('AFTER', 'AFTER', 'after', 'FOO'), few, few),
    command('LREM', key, word('0', '1', '-1', '2', '-2', '100', 'x'), few),
    command('LTRIM', key, word('0', '0', '1', '2', '-5'), word('-1', '-1', '-2', '10', '1')),
    command('LTRIM', key, word(...RANGE_ENDS), word(...RANGE_ENDS)),
    command('LPOS', key, few),
    command('LPOS', key, few, positions),
    command('LMOVE', key, key, end, end),
    command('RPOPLPUSH', key, key),
    command('LMPOP', word(...NUMBERS_OF_KEYS), several(key), end, options(count, word('FOO'))),
  ]
}
