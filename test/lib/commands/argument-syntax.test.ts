/** Lines of arguments are read as what COMMAND DOCS tells, and refused if they are wrong. */

import t from 'tap'
import { ARGUMENT_LINES, argumentsOf } from '../../../dist/commands/argument-lines.js'
import { type CommandArgument, parseArguments } from '../../../dist/commands/argument-syntax.js'
import { keySpecsOf } from '../../../dist/commands/key-specs.js'

/** What is neither null nor empty. */
function shown(argument: CommandArgument): Record<string, unknown> {
  const fields = Object.entries({ ...argument, parts: argument.parts.map(shown) })
  return Object.fromEntries(
    fields.filter(([, value]) => value !== null && (!Array.isArray(value) || value.length > 0)),
  )
}

const LINES: readonly (readonly [line: string, ...expected: Record<string, unknown>[]])[] = [
  ['', ...[]],
  ['key value', { name: 'key', type: 'key', keySpec: 0 }, { name: 'value', type: 'string' }],
  [' count:double  yes/no ', { name: 'count', type: 'double' }, { name: 'yes/no', type: 'string' }],
  ['ip:port!2.8.12', { name: 'ip:port', type: 'string', deprecatedSince: '2.8.12' }],
  [
    'destination key ... key:string',
    { name: 'destination', type: 'key', keySpec: 0 },
    { name: 'key', type: 'key', keySpec: 1, flags: ['multiple'] },
    { name: 'key', type: 'string' },
  ],
  [
    'key1 key2#0 pattern#1',
    { name: 'key1', type: 'key', keySpec: 0 },
    { name: 'key2', type: 'key', keySpec: 0 },
    { name: 'pattern', type: 'pattern', keySpec: 1 },
  ],
  [
    '[NX] [EX seconds@2.6.12]',
    { name: 'nx', type: 'pure-token', token: 'NX', flags: ['optional'] },
    { name: 'seconds', type: 'integer', token: 'EX', since: '2.6.12', flags: ['optional'] },
  ],
  [
    'change=CH@3.0.2 equal="=" none=""',
    { name: 'change', type: 'pure-token', token: 'CH', since: '3.0.2' },
    { name: 'equal', type: 'pure-token', token: '=' },
    { name: 'none', type: 'pure-token', token: '' },
  ],
  [
    '[member ...] [GET pattern]...',
    { name: 'member', type: 'string', flags: ['optional', 'multiple'] },
    {
      name: 'pattern',
      type: 'pattern',
      token: 'GET',
      flags: ['optional', 'multiple', 'multiple_token'],
    },
  ],
  [
    'where(LEFT|RIGHT)@6.2.0!7.0.0',
    {
      name: 'where',
      type: 'oneof',
      since: '6.2.0',
      deprecatedSince: '7.0.0',
      parts: [
        { name: 'left', type: 'pure-token', token: 'LEFT' },
        { name: 'right', type: 'pure-token', token: 'RIGHT' },
      ],
    },
  ],
  [
    '[LIMIT offset_count(offset count)@6.2.0]',
    {
      name: 'offset_count',
      type: 'block',
      token: 'LIMIT',
      since: '6.2.0',
      flags: ['optional'],
      parts: [
        { name: 'offset', type: 'integer' },
        { name: 'count', type: 'integer' },
      ],
    },
  ],
  [
    'no-one(NO ONE) options([a]|b(c)) ...',
    {
      name: 'no-one',
      type: 'block',
      parts: [
        { name: 'no', type: 'pure-token', token: 'NO' },
        { name: 'one', type: 'pure-token', token: 'ONE' },
      ],
    },
    {
      name: 'options',
      type: 'oneof',
      flags: ['multiple'],
      parts: [
        { name: 'a', type: 'string', flags: ['optional'] },
        { name: 'b', type: 'block', parts: [{ name: 'c', type: 'string' }] },
      ],
    },
  ],
]

const MALFORMED: readonly (readonly [line: string, message: RegExp])[] = [
  ['[key', /no \] at the end/],
  ['key]', /no argument at piece 2, \]/],
  ['[]', /no argument at piece 2/],
  ['[[key]]', /no argument at piece 2/],
  ['where(', /no argument at the end/],
  ['where()', /no argument/],
  ['where(LEFT|RIGHT', /no \| or \) at the end/],
  ['where(LEFT|RIGHT MIN)', /no \| or \) at piece 6, MIN/],
  ['pair(a b|c)', /no \| or \)/],
  ['a|b', /no argument at piece 2/],
  ['(a b)', /no argument at piece 1/],
  ['WHERE(a)', /a name belongs in front of \(/],
  ['pair:integer(a b)', /a name belongs in front of \(/],
  ['pair@1.0.0(a b)', /a name belongs in front of \(/],
  ['...', /no argument/],
  ['key...', /no argument at piece 1/],
  ['[key]...', /no word in front of what is repeated/],
  ['[GET key ...]...', /repeated twice/],
  ['Key', /no argument/],
  ['key#x', /no argument/],
  ['key@', /no argument/],
  ['@1.0.0', /a version of nothing/],
  ['EX@1.0.0 seconds', /a version amidst/],
  ['EX change=CH', /two words/],
  ['none="', /a quote has no end/],
]

t.test('A line of arguments', async (t) => {
  for (const [line, ...expected] of LINES) {
    await t.test(`is read: ${line}`, async (t) => {
      t.strictSame(parseArguments(line).map(shown), expected)
    })
  }
  for (const [line, message] of MALFORMED) {
    await t.test(`is refused: ${line}`, async (t) => {
      t.throws(() => parseArguments(line), { message })
    })
  }
})

t.test('The line of every command', async (t) => {
  const flat = (all: readonly CommandArgument[]): CommandArgument[] =>
    all.flatMap((one) => [one, ...flat(one.parts)])

  await t.test('is read', async (t) => {
    for (const name of Object.keys(ARGUMENT_LINES)) t.ok(argumentsOf(name).length > 0, name)
  })

  await t.test('names specifications of keys that the command has', async (t) => {
    for (const name of Object.keys(ARGUMENT_LINES)) {
      const used = flat(argumentsOf(name)).flatMap(({ keySpec }) => keySpec ?? [])
      t.ok(Math.max(...used, -1) < keySpecsOf(name).length, name)
    }
  })

  await t.test('is empty for a command without arguments', async (t) => {
    t.strictSame(argumentsOf('DBSIZE'), [])
  })
})
