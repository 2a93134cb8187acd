/**
 * Random set commands.
 *
 * @module
 */

import fc from 'fast-check'
import {
  COUNTS,
  CURSORS,
  command,
  element,
  inAnyCase,
  key,
  NUMBERS_OF_KEYS,
  options,
  scanOptions,
  several,
  word,
} from './common.js'

export function setCommands(): fc.Arbitrary<string[]>[] {
  const keys = several(key)
  const limit = fc.tuple(inAnyCase('LIMIT'), word('0', '1', '2', '10', '-1', 'x'))
  return [
    command('SADD', key, several(element, 8)),
    command('SADD', key, several(element, 8)),
    command('SADD', key, several(fc.nat({ max: 40 }).map(String), 8)),
    command('SREM', key, several(element, 8)),
    command('SREM', key, several(fc.nat({ max: 40 }).map(String), 8)),
    command('SCARD', key),
    command('SISMEMBER', key, element),
    command('SMISMEMBER', key, several(element)),
    command('SMEMBERS', key),
    command('SPOP', key),
    command('SPOP', key, word(...COUNTS)),
    command('SRANDMEMBER', key),
    command('SRANDMEMBER', key, word(...COUNTS)),
    command('SMOVE', key, key, element),
    command('SINTER', keys),
    command('SINTERSTORE', key, keys),
    command('SINTERCARD', word(...NUMBERS_OF_KEYS), keys, options(limit, word('FOO', 'LIMIT'))),
    command('SUNION', keys),
    command('SUNIONSTORE', key, keys),
    command('SDIFF', keys),
    command('SDIFFSTORE', key, keys),
    command('SSCAN', key, word(...CURSORS), options(...scanOptions)),
  ]
}
