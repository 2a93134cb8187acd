/**
 * Random sorted set commands.
 *
 * No minus zero: Redis keeps it in a large set and not in a compact one, here it is a zero in both.
 * Ranges by name say something only where all scores are the same: they have keys of their own.
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
  inAnyCase,
  key,
  NUMBERS_OF_KEYS,
  options,
  RANGE_ENDS,
  scanOptions,
  several,
  word,
} from './common.js'

const score = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -20, max: 20 }).map(String) },
  { weight: 3, arbitrary: fc.integer({ min: -999, max: 999 }).map((n) => String(n / 8)) },
  { weight: 2, arbitrary: fc.constantFrom('0.1', '3.3', 'inf', '-inf', '1e300', '-2e-7') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '4611686018427387904',
      '9007199254740993',
      '1e17',
      '123456789012345678',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_FLOATS.filter((text) => text !== '0x')) },
)
const bound = fc.oneof(
  { weight: 4, arbitrary: score },
  { weight: 2, arbitrary: score.map((text) => `(${text}`) },
  { weight: 2, arbitrary: fc.constantFrom('-inf', '+inf') },
)
const lexKey = fc.constantFrom('lex:1', 'lex:2')
const lexBound = fc.oneof(
  { weight: 3, arbitrary: element.map((text) => `[${text}`) },
  { weight: 3, arbitrary: element.map((text) => `(${text}`) },
  { weight: 3, arbitrary: fc.constantFrom('-', '+') },
  { weight: 1, arbitrary: fc.constantFrom('', 'x', '++') },
)
const limit = fc.tuple(
  inAnyCase('LIMIT'),
  word('0', '1', '2', '-1', 'x'),
  word('-1', '0', '1', '3', '100', 'x'),
)

const zaddOptions = options(word('NX', 'XX', 'GT', 'LT', 'CH', 'INCR', 'gt'))
const withScores = word('WITHSCORES', 'withscores')
const combineOptions = options(
  fc.tuple(inAnyCase('WEIGHTS'), score),
  fc.tuple(inAnyCase('WEIGHTS'), score, score),
  fc.tuple(inAnyCase('AGGREGATE'), word('SUM', 'MIN', 'MAX', 'max', 'FOO')),
  withScores,
  word('FOO', 'WEIGHTS'),
)
const count = fc.tuple(inAnyCase('COUNT'), word('1', '2', '10', '0', '-1', 'x'))
const cardLimit = fc.tuple(inAnyCase('LIMIT'), word('0', '1', '2', '10', '-1', 'x'))
const pairs = several(fc.tuple(score, element), 6)
const inputs = fc.tuple(word(...NUMBERS_OF_KEYS), several(key)).map((words) => words.flat())

function memberCommands(): fc.Arbitrary<string[]>[] {
  return [
    command('ZADD', key, pairs),
    command('ZADD', key, pairs),
    command('ZADD', key, zaddOptions, pairs),
    command('ZADD', key, zaddOptions, fc.tuple(score, element)),
    command(
      'ZADD',
      lexKey,
      several(
        element.map((text) => ['0', text]),
        6,
      ),
    ),
    command(
      'ZADD',
      lexKey,
      several(
        element.map((text) => ['0', text]),
        6,
      ),
    ),
    command('ZINCRBY', key, score, element),
    command('ZREM', key, several(element, 6)),
    command('ZREM', lexKey, several(element, 6)),
    command('ZCARD', key),
    command('ZSCORE', key, element),
    command('ZMSCORE', key, several(element)),
    command('ZRANK', key, element),
    command('ZREVRANK', key, element),
    command('ZPOPMIN', key),
    command('ZPOPMAX', key),
    command('ZPOPMIN', key, word(...COUNTS)),
    command('ZPOPMAX', key, word(...COUNTS)),
    command(
      'ZMPOP',
      word(...NUMBERS_OF_KEYS),
      several(key),
      word('MIN', 'MAX', 'min', 'FOO'),
      options(count, word('FOO')),
    ),
    command('ZRANDMEMBER', key),
    command('ZRANDMEMBER', key, word(...COUNTS)),
    command('ZRANDMEMBER', key, word(...COUNTS), word('WITHSCORES', 'FOO')),
    command('ZSCAN', key, word(...CURSORS), options(...scanOptions)),
  ]
}

function rangeCommands(): fc.Arbitrary<string[]>[] {
  return [
    command(
      'ZRANGE',
      key,
      word(...RANGE_ENDS),
      word(...RANGE_ENDS),
      options(withScores, word('REV'), limit),
    ),
    command(
      'ZRANGE',
      key,
      bound,
      bound,
      inAnyCase('BYSCORE'),
      options(withScores, word('REV'), limit),
    ),
    command(
      'ZRANGE',
      lexKey,
      lexBound,
      lexBound,
      inAnyCase('BYLEX'),
      options(withScores, word('REV'), limit),
    ),
    command('ZREVRANGE', key, word(...RANGE_ENDS), word(...RANGE_ENDS), options(withScores)),
    command('ZRANGEBYSCORE', key, bound, bound, options(withScores, limit, word('REV', 'FOO'))),
    command('ZREVRANGEBYSCORE', key, bound, bound, options(withScores, limit)),
    command('ZRANGEBYLEX', lexKey, lexBound, lexBound, options(limit, withScores)),
    command('ZREVRANGEBYLEX', lexKey, lexBound, lexBound, options(limit)),
    command(
      'ZRANGESTORE',
      key,
      key,
      word(...RANGE_ENDS),
      word(...RANGE_ENDS),
      options(word('REV'), withScores),
    ),
    command(
      'ZRANGESTORE',
      key,
      key,
      bound,
      bound,
      inAnyCase('BYSCORE'),
      options(word('REV'), limit),
    ),
    command('ZCOUNT', key, bound, bound),
    command('ZLEXCOUNT', lexKey, lexBound, lexBound),
    command('ZREMRANGEBYRANK', key, word(...RANGE_ENDS), word(...RANGE_ENDS)),
    command('ZREMRANGEBYSCORE', key, bound, bound),
    command('ZREMRANGEBYLEX', lexKey, lexBound, lexBound),
  ]
}

function algebraCommands(): fc.Arbitrary<string[]>[] {
  return [
    command('ZUNION', inputs, combineOptions),
    command('ZINTER', inputs, combineOptions),
    command('ZDIFF', inputs, combineOptions),
    command('ZUNIONSTORE', key, inputs, combineOptions),
    command('ZINTERSTORE', key, inputs, combineOptions),
    command('ZDIFFSTORE', key, inputs, combineOptions),
    command('ZINTERCARD', inputs, options(cardLimit, word('FOO'))),
    command('SADD', key, several(element, 3)),
  ]
}

export function sortedSetCommands(): fc.Arbitrary<string[]>[] {
  return [...memberCommands(), ...rangeCommands(), ...algebraCommands()]
}
