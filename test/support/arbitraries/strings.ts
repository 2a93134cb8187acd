/**
 * Random string commands.
 *
 * @module
 */

import fc from 'fast-check'
import {
  BAD_FLOATS,
  command,
  expiryOptions,
  FLOATS,
  INTEGERS,
  key,
  options,
  RANGE_ENDS,
  SETRANGE_ENDS,
  several,
  type Times,
  value,
  word,
} from './common.js'

export function stringCommands(clock: Times): fc.Arbitrary<string[]>[] {
  const setWords = word('NX', 'XX', 'GET', 'KEEPTTL', 'PERSIST', 'EX', 'nx\0', 'FOO', '')
  const number = word(...INTEGERS)
  const pairs = several(fc.tuple(key, value))
  return [
    command('GET', key),
    command('SET', key, value),
    command('SET', key, value, options(...expiryOptions(clock), setWords, setWords)),
    command('SETEX', key, clock.seconds, value),
    command('PSETEX', key, clock.ms, value),
    command('SETNX', key, value),
    command('GETSET', key, value),
    command('GETDEL', key),
    command('GETEX', key, options(...expiryOptions(clock), word('PERSIST', 'persist', 'NX', 'EX'))),
    command('MGET', several(key)),
    command('MSET', pairs),
    command('MSETNX', pairs),
    command('APPEND', key, value),
    command('STRLEN', key),
    command('LCS', key, key, options(word('LEN', 'IDX', 'len', ''), word('WITHMATCHLEN', 'IDX'))),
    command('LCS', key, key, options(word('IDX')), options(fc.tuple(word('MINMATCHLEN'), number))),
    command('GETRANGE', key, word(...RANGE_ENDS), word(...RANGE_ENDS)),
    command('SUBSTR', key, word(...RANGE_ENDS), word(...RANGE_ENDS)),
    command('SETRANGE', key, word(...SETRANGE_ENDS), value),
    command('INCR', key),
    command('DECR', key),
    command('INCRBY', key, number),
    command('DECRBY', key, number),
    command('INCRBYFLOAT', key, word(...FLOATS, ...FLOATS, ...BAD_FLOATS)),
  ]
}
