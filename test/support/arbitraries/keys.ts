/**
 * Random commands about keys of any type.
 *
 * @module
 */

import fc from 'fast-check'
import {
  CURSORS,
  command,
  DATABASE_WORDS,
  inAnyCase,
  key,
  options,
  pattern,
  scanOptions,
  several,
  type Times,
  word,
} from './common.js'

export function keyCommands(clock: Times): fc.Arbitrary<string[]>[] {
  const conditions = options(word('NX', 'XX', 'GT', 'LT', 'gt', 'FOO', 'a\r\nb\0c', ''))
  const db = fc.tuple(inAnyCase('DB'), word(...DATABASE_WORDS))
  const scanWords = options(
    ...scanOptions,
    // Not 'none': that lists the expired keys that Redis happens not to have removed yet.
    fc.tuple(inAnyCase('TYPE'), word('string', 'STRING', 'list', 'foo')),
  )
  return [
    command('DEL', several(key, 3)),
    command('UNLINK', several(key, 3)),
    command('EXISTS', several(key)),
    command('TOUCH', several(key)),
    command('TYPE', key),
    command('EXPIRE', key, clock.seconds, conditions),
    command('PEXPIRE', key, clock.ms, conditions),
    command('EXPIREAT', key, clock.unixSeconds, conditions),
    command('PEXPIREAT', key, clock.unixMs, conditions),
    command('TTL', key),
    command('PTTL', key),
    command('EXPIRETIME', key),
    command('PEXPIRETIME', key),
    command('PERSIST', key),
    command('RENAME', key, key),
    command('RENAMENX', key, key),
    command('COPY', key, key, options(db, word('REPLACE', 'replace', 'DB', 'FOO'))),
    command('MOVE', key, word(...DATABASE_WORDS)),
    command('SCAN', word(...CURSORS), scanWords),
    command('KEYS', pattern),
    command('RANDOMKEY'),
    command('OBJECT', inAnyCase('ENCODING'), key),
    command('OBJECT', inAnyCase('FREQ'), key),
  ]
}
