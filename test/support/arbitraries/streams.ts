/**
 * Random stream commands. Ids are explicit and mostly ascend; few streams, groups and consumers.
 *
 * @module
 */

import fc from 'fast-check'
import { command, element, inAnyCase, options, several, word } from './common.js'

const stream = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('s:1', 's:2') },
  { weight: 1, arbitrary: fc.constantFrom('a', 's:none') },
)
const group = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('g1', 'g2') },
  { weight: 1, arbitrary: fc.constant('none') },
)
const consumer = fc.constantFrom('alice', 'bob', 'c\0\xff')
const id = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.nat(30), fc.nat(3)).map(([ms, seq]) => `${ms}-${seq}`) },
  { weight: 3, arbitrary: fc.nat(30).map(String) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '0-0',
      '0',
      '-',
      'x',
      '1-x',
      '',
      '18446744073709551615-18446744073709551615',
      '18446744073709551616',
    ),
  },
)
const newId = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.nat(40), fc.nat(3)).map(([ms, seq]) => `${ms}-${seq}`) },
  { weight: 3, arbitrary: fc.nat(40).map((ms) => `${ms}-*`) },
  { weight: 1, arbitrary: id },
)
const bound = fc.oneof(
  { weight: 4, arbitrary: id },
  { weight: 2, arbitrary: id.map((text) => `(${text}`) },
  { weight: 4, arbitrary: fc.constantFrom('-', '+') },
)
const count = word('1', '2', '5', '100', '0', '-1', 'x')

const fields = several(fc.tuple(fc.constantFrom('f', 'g', 'temp'), element), 3)
const same = element.map((text) => ['f', text])
const trimming = fc.oneof(
  fc.tuple(inAnyCase('MAXLEN'), word('0', '1', '3', '5', '100', '-1', 'x')),
  fc.tuple(inAnyCase('MAXLEN'), word('=', '~'), word('0', '1', '3', '5', '100')),
  fc.tuple(inAnyCase('MINID'), id),
  fc.tuple(inAnyCase('MINID'), word('=', '~'), id),
  fc.tuple(
    inAnyCase('MAXLEN'),
    word('~'),
    word('0', '3'),
    inAnyCase('LIMIT'),
    word('0', '2', '10', '-1'),
  ),
)
const countOption = fc.tuple(inAnyCase('COUNT'), count)
const claim = options(
  fc.tuple(inAnyCase('IDLE'), word('0', '5', 'x')),
  fc.tuple(inAnyCase('TIME'), word('0', '1000', 'x')),
  fc.tuple(inAnyCase('RETRYCOUNT'), word('0', '3', 'x')),
  fc.tuple(inAnyCase('LASTID'), id),
  word('FORCE', 'JUSTID', 'force', 'FOO'),
)
const idle = word('0', '0', '0', '100000000', '-1', 'x')
const groupWords = fc.tuple(inAnyCase('GROUP'), group, consumer)
const readId = fc.oneof({ weight: 3, arbitrary: fc.constant('>') }, { weight: 2, arbitrary: id })

function entryCommands(): fc.Arbitrary<string[]>[] {
  return [
    command('XADD', stream, newId, fields),
    command('XADD', stream, newId, same),
    command('XADD', stream, newId, same),
    command('XADD', stream, newId, same),
    command('XADD', stream, word('NOMKSTREAM', 'nomkstream'), newId, fields),
    command('XADD', stream, trimming, newId, fields),
    command('XTRIM', stream, trimming),
    command('XDEL', stream, several(id)),
    command('XDEL', stream, several(id)),
    command('XLEN', stream),
    command('XRANGE', stream, bound, bound, options(countOption, word('FOO'))),
    command('XREVRANGE', stream, bound, bound, options(countOption)),
    command('XREAD', options(countOption), inAnyCase('STREAMS'), stream, id),
    command(
      'XREAD',
      options(countOption),
      inAnyCase('STREAMS'),
      stream,
      stream,
      id,
      word('$', '0', '5'),
    ),
    command('XSETID', stream, id),
    command(
      'XSETID',
      stream,
      id,
      options(
        fc.tuple(inAnyCase('ENTRIESADDED'), word('0', '5', '100', '-1')),
        fc.tuple(inAnyCase('MAXDELETEDID'), id),
      ),
    ),
  ]
}

function groupCommands(): fc.Arbitrary<string[]>[] {
  return [
    command(
      'XGROUP',
      inAnyCase('CREATE'),
      stream,
      group,
      fc.oneof(word('$', '0', '0'), id),
      options(word('MKSTREAM'), fc.tuple(inAnyCase('ENTRIESREAD'), word('0', '3', '-1', '-2'))),
    ),
    command('XGROUP', inAnyCase('CREATE'), stream, group, word('0', '$'), word('MKSTREAM')),
    command(
      'XGROUP',
      inAnyCase('SETID'),
      stream,
      group,
      fc.oneof(word('$', '0'), id),
      options(fc.tuple(inAnyCase('ENTRIESREAD'), word('0', '3', '-1'))),
    ),
    command('XGROUP', inAnyCase('DESTROY'), stream, group),
    command('XGROUP', inAnyCase('CREATECONSUMER'), stream, group, consumer),
    command('XGROUP', inAnyCase('DELCONSUMER'), stream, group, consumer),
    command(
      'XREADGROUP',
      groupWords,
      options(countOption, word('NOACK')),
      inAnyCase('STREAMS'),
      stream,
      readId,
    ),
    command(
      'XREADGROUP',
      groupWords,
      options(countOption),
      inAnyCase('STREAMS'),
      stream,
      word('>'),
    ),
    command('XREADGROUP', groupWords, inAnyCase('STREAMS'), stream, stream, readId, readId),
    command('XACK', stream, group, several(id)),
  ]
}

function pendingCommands(): fc.Arbitrary<string[]>[] {
  return [
    command('XPENDING', stream, group),
    command('XPENDING', stream, group, bound, bound, count, options(consumer)),
    command(
      'XPENDING',
      stream,
      group,
      inAnyCase('IDLE'),
      word('0', '100000000'),
      bound,
      bound,
      count,
    ),
    command('XCLAIM', stream, group, consumer, idle, several(id), claim),
    command(
      'XAUTOCLAIM',
      stream,
      group,
      consumer,
      idle,
      bound,
      options(countOption, word('JUSTID')),
    ),
    command('XINFO', inAnyCase('GROUPS'), stream),
    command('XINFO', inAnyCase('STREAM'), stream),
    command('XINFO', inAnyCase('STREAM'), stream, inAnyCase('FULL'), options(countOption)),
    command('XINFO', inAnyCase('CONSUMERS'), stream, group),
  ]
}

export function streamCommands(): fc.Arbitrary<string[]>[] {
  return [...entryCommands(), ...groupCommands(), ...pendingCommands()]
}
