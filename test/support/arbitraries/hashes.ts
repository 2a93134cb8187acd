/**
 * Random hash commands.
 *
 * @module
 */

import fc from 'fast-check'
import {
  BAD_FLOATS,
  COUNTS,
  CURSORS,
  command,
  element,
  FLOATS,
  INTEGERS,
  inAnyCase,
  key,
  options,
  scanOptions,
  several,
  word,
} from './common.js'

export function hashCommands(): fc.Arbitrary<string[]>[] {
  const field = element
  const pairs = several(fc.tuple(field, element), 6)
  return [
    command('HSET', key, pairs),
    command('HSET', key, pairs),
    command('HSET', key, pairs),
    command('HMSET', key, pairs),
    command('HSETNX', key, field, element),
    command('HGET', key, field),
    command('HMGET', key, several(field)),
    command('HGETALL', key),
    command('HKEYS', key),
    command('HVALS', key),
    command('HLEN', key),
    command('HEXISTS', key, field),
    command('HDEL', key, several(field, 6)),
    command('HDEL', key, several(field, 6)),
    command('HSTRLEN', key, field),
    command('HINCRBY', key, field, word(...INTEGERS)),
    command('HINCRBYFLOAT', key, field, word(...FLOATS, ...BAD_FLOATS)),
    command('HRANDFIELD', key),
    command('HRANDFIELD', key, word(...COUNTS)),
    command('HRANDFIELD', key, word(...COUNTS), inAnyCase('WITHVALUES')),
    command('HRANDFIELD', key, word(...COUNTS), word('FOO', '')),
    command('HSCAN', key, word(...CURSORS), options(...scanOptions)),
  ]
}
