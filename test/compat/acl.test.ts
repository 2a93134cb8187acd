/**
 * Users and their rules, compared with redis-server: what random rules make of a user, what that
 * user may do, the texts of all refusals, and files.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { loadUsers, saveUsers } from '../../dist/acl/acl-file.js'
import { AclLog } from '../../dist/acl/acl-log.js'
import { CommandCatalog } from '../../dist/acl/command-set.js'
import { type AclHost, aclRows } from '../../dist/acl/commands.js'
import { Users } from '../../dist/acl/users.js'
import type { CommandTable } from '../../dist/commands/command.js'
import type { Protocol } from '../../dist/commands/reply-shapes.js'
import type { NativeEngine } from '../../dist/native/engine.js'
import { FAMILIES } from '../support/command-arbitraries.js'
import { openEngine } from '../support/open-engine.js'
import { announceSeed } from '../support/random.js'
import { type Node, parseRaw, RawClient } from '../support/raw-client.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'
import { readTable } from '../support/redis-table.js'
import { runSubcommand } from '../support/run-row.js'

const LONG = process.env.SF_LONG ? 20 : 1

/** Our ACL commands over the table of redis-server. */
class OurAcl {
  readonly users: Users
  readonly #native: NativeEngine
  readonly #host: AclHost

  constructor(native: NativeEngine, table: CommandTable, path: string | null = null) {
    const catalog = new CommandCatalog(table)
    this.users = new Users({ catalog, hasAllChannels: false })
    this.#native = native
    this.#host = {
      users: this.users,
      log: new AclLog(),
      catalog,
      path,
      userOf: () => this.users.default,
      changed: () => {},
      removed: () => {},
    }
  }

  get log(): AclLog {
    return this.#host.log
  }

  send(protocol: Protocol, ...args: readonly string[]): string {
    return runSubcommand(
      this.#native,
      aclRows(() => this.#host),
      protocol,
      args,
    )
  }
}

/** Single commands stand in a description in any order. */
function sortRules(text: string): string {
  return text.replace(/[+-]@all(?: [+-][^\s()]+)*/g, (rules) => {
    const words = rules.split(' ')
    const categories = words.filter((word) => word[1] === '@')
    return [...categories, ...words.filter((word) => word[1] !== '@').sort()].join(' ')
  })
}

function shown({ sign, text, items }: Node): string {
  return `${sign}${JSON.stringify(sortRules(text))}[${items.map(shown).join(' ')}]`
}

const KEYS = ['a', 'b', 'key:1', 'key:2', '', 'a*']
const PATTERNS = ['*', 'a', 'a*', 'key:*', '?', '[ab]', 'key:1', '', 'b c', 'x\0', 'd\t']
const COMMANDS = [
  ...['get', 'set', 'del', 'config', 'config|get', 'config|set', 'client|id', 'select', 'xinfo'],
  ...['GET', 'Config|GET', 'hset', 'zadd', 'publish', 'subscribe', 'command', 'command|docs'],
  ...['acl|whoami', 'acl', 'nosuch', 'config|nosuch', 'memory|usage', 'auth', 'sort', ''],
]
const FIRST_ARGUMENTS = [
  ...['select|0', 'select|1', 'SELECT|A', 'get|a', 'get|', 'config|get|x', 'nosuch|x', 'debug|x'],
]
const CATEGORIES = [
  ...['all', 'read', 'write', 'string', 'hash', 'dangerous', 'admin', 'slow', 'fast', 'pubsub'],
  ...['connection', 'keyspace', 'scripting', 'transaction', 'READ', 'nosuch', '', 'stream', 'list'],
]
const WORDS = [
  ...['on', 'off', 'nopass', 'resetpass', 'allkeys', 'resetkeys', 'allchannels', 'resetchannels'],
  ...['allcommands', 'nocommands', 'clearselectors', 'reset', 'sanitize-payload', 'ON', 'x', ''],
  ...['skip-sanitize-payload', 'AllKeys', '~', '%', '%R', '&', '+', '-', '(', ')', '()', '(reset)'],
]
const HASHES = ['a'.repeat(64), 'b'.repeat(64), 'A'.repeat(64), 'a', 'g'.repeat(64)]

const sign = fc.constantFrom('+', '-')
const selectorRule = fc.oneof(
  fc.tuple(sign, fc.constantFrom(...COMMANDS)).map((words) => words.join('')),
  fc.tuple(sign, fc.constantFrom(...CATEGORIES)).map(([one, name]) => `${one}@${name}`),
  fc.constantFrom(...FIRST_ARGUMENTS).map((name) => `+${name}`),
  fc
    .tuple(
      fc.constantFrom('~', '~', '%R~', '%W~', '%RW~', '%WR~', '%RR~', '%X~', '%~', '%r~'),
      fc.constantFrom(...PATTERNS),
    )
    .map((words) => words.join('')),
  fc.constantFrom(...PATTERNS).map((pattern) => `&${pattern}`),
)
/** Rules that go wrong are rare: one of them spoils the others. */
const soundRule = fc.oneof(
  fc.tuple(sign, fc.constantFrom(...COMMANDS.slice(0, 17))).map((words) => words.join('')),
  fc
    .tuple(sign, fc.constantFrom(...CATEGORIES.slice(0, 15)))
    .map(([one, name]) => `${one}@${name}`),
  fc.constantFrom('+select|0', '+select|1', '+SELECT|A', '+get|a', '+debug|x'),
  fc
    .tuple(fc.constantFrom('~', '%R~', '%W~', '%RW~'), fc.constantFrom(...PATTERNS.slice(1, 7)))
    .map((words) => words.join('')),
  fc.constantFrom(...PATTERNS.slice(1, 7)).map((pattern) => `&${pattern}`),
)
const selector = fc
  .tuple(
    fc.array(
      fc.oneof({ weight: 9, arbitrary: soundRule }, { weight: 1, arbitrary: selectorRule }),
      {
        maxLength: 4,
      },
    ),
    fc.constantFrom(['(', ')'], ['( ', '  )'], ['(', ')'], ['((', ')'], ['(', '))']),
    fc.boolean(),
  )
  .map(([rules, [open, close], isSplit]) => {
    const text = `${open}${rules.join(' ')}${close}`
    return isSplit ? text.split(' ') : [text]
  })
const rule = fc.oneof(
  { weight: 12, arbitrary: soundRule.map((one) => [one]) },
  { weight: 2, arbitrary: selectorRule.map((one) => [one]) },
  { weight: 3, arbitrary: fc.constantFrom(...WORDS.slice(0, 16)).map((one) => [one]) },
  { weight: 1, arbitrary: fc.constantFrom(...WORDS).map((one) => [one]) },
  { weight: 3, arbitrary: selector },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('>', '>', '<'), fc.constantFrom('x', 'y', '', 'p w', '\xff'))
      .map((words) => [words.join('')]),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('#', '#', '!'), fc.constantFrom(...HASHES))
      .map((words) => [words.join('')]),
  },
)
const userRules = fc.array(rule, { maxLength: 6 }).map((all) => all.flat())

const SERVER_CALLS = [
  ...['config get x', 'config set a b', 'config', 'config nosuch', 'client id', 'select 0', 'ping'],
  ...['select 1', 'select a', 'select', 'nosuch', 'publish a x', 'publish key:1 x', 'auth x'],
  ...['subscribe a key:1', 'psubscribe a*', 'psubscribe key:* ?', 'spublish b x', 'ssubscribe a b'],
  ...[
    'unsubscribe a',
    'pubsub channels',
    'command',
    'command docs',
    'acl whoami',
    'memory usage a',
  ],
  ...['eval s 1 a', 'eval s 1z b', 'debug x', 'hello', 'quit', 'reset', 'xinfo stream a', 'acl'],
  ...['sort a by x store b', 'migrate h 1 a 0 1', 'blpop a b 0', 'watch a', 'GET a', 'get A'],
]
const keyed = fc
  .tuple(
    fc.constantFrom(
      'get',
      'set',
      'del',
      'exists',
      'copy',
      'getset',
      'hset',
      'mget',
      'sort',
      'lpush',
    ),
    fc.array(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 3 }),
  )
  .map(([name, keys]) => [name, ...keys])
const call = fc.oneof(
  { weight: 3, arbitrary: keyed },
  { weight: 2, arbitrary: fc.constantFrom(...SERVER_CALLS).map((line) => line.split(' ')) },
  { weight: 1, arbitrary: fc.oneof(...[...FAMILIES.values()].flatMap((commands) => commands())) },
)

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

async function start(t: Test, server: RedisServer, path: string | null = null) {
  const client = await server.connect()
  const table = await readTable(client)
  await client.send('ACL', 'DELUSER', 'u', 'v', 's')
  const ours = new OurAcl(openEngine(t).native, table, path)
  const theirs = {
    2: await RawClient.connect({ path: server.socketPath }, 2),
    3: await RawClient.connect({ path: server.socketPath }, 3),
  }
  t.teardown(() => theirs[2].close())
  t.teardown(() => theirs[3].close())
  const both = async (protocol: Protocol, ...args: string[]): Promise<[string, string]> => {
    return [ours.send(protocol, ...args), await theirs[protocol].send(...args)]
  }
  const same = async (protocol: Protocol, ...args: string[]): Promise<string> => {
    const [a, b] = await both(protocol, ...args)
    if (a !== b && shown(parseRaw(a)) !== shown(parseRaw(b))) {
      throw new Error(`${JSON.stringify(args)}\n  snapfork ${a}\n  redis    ${b}`)
    }
    return a
  }
  return { ours, theirs, both, same }
}

t.test('Users and their rules', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)

  await t.test('are the same after random rules, and allow the same calls', async (t) => {
    const { both, same } = await start(t, redis)
    let calls = 0
    let changes = 0
    const property = fc.asyncProperty(
      fc.array(userRules, { minLength: 1, maxLength: 4 }),
      fc.array(call, { minLength: 5, maxLength: 20 }),
      async (changesOfUser, tried) => {
        await both(2, 'ACL', 'DELUSER', 'u')
        for (const rules of changesOfUser) {
          const reply = await same(2, 'ACL', 'SETUSER', 'u', ...rules)
          if (reply.startsWith('+')) changes += 1
        }
        await same(2, 'ACL', 'LIST')
        for (const protocol of [2, 3] as const) await same(protocol, 'ACL', 'GETUSER', 'u')
        for (const words of tried) {
          await same(2, 'ACL', 'SETUSER', 'u')
          await same(2, 'ACL', 'DRYRUN', 'u', ...words)
          calls += 1
        }
      },
    )
    await fc.assert(property, { seed, numRuns: 300 * LONG, endOnFailure: false })
    t.comment(`${changes} changes and ${calls} calls compared`)
    t.ok(changes > 200)
  })

  await t.test('have the same replies in hand-picked cases', async (t) => {
    const { same } = await start(t, redis)
    for (const line of HAND_PICKED) {
      for (const protocol of [2, 3] as const) {
        await t.resolves(same(protocol, ...line.split(' ').map((word) => word.replace('_', ' '))))
      }
    }
  })

  await t.test('log what was denied', async (t) => {
    const { ours, theirs } = await start(t, redis)
    const admin = await redis.connect()
    await admin.send('ACL', 'SETUSER', 'v', 'on', '>pw', '+get', '+auth', '+publish', '~a')
    await admin.send('ACL', 'LOG', 'RESET')
    const client = await redis.connect()
    await client.send('AUTH', 'v', 'pw')
    const events = [
      ['GET', 'b'],
      ['GET', 'c'],
      ['GET', 'b'],
      ['INCR', 'a'],
      ['CONFIG', 'GET', 'x'],
      ['PUBLISH', 'channel', 'x'],
      ['AUTH', 'v', 'wrong'],
      ['AUTH', 'nobody', 'wrong'],
      ['INCR', 'a'],
    ]
    for (const words of events) await client.send(...words)
    const log = (reason: 'key' | 'command' | 'channel' | 'auth', object: string, who = 'v') =>
      ours.log.add(
        { reason, context: 'toplevel', object, username: who, clientInfo: 'info' },
        Date.now(),
      )
    log('key', 'b')
    log('key', 'c')
    log('key', 'b')
    log('command', 'incr')
    log('command', 'config|get')
    log('channel', 'channel')
    log('auth', 'AUTH')
    log('auth', 'AUTH', 'nobody')
    log('command', 'incr')
    for (const protocol of [2, 3] as const) {
      for (const words of [[], ['3'], ['0'], ['-1']]) {
        const args = ['ACL', 'LOG', ...words]
        const mask = (raw: string) =>
          raw
            .replace(/(client-info\r\n)\$\d+\r\n[^\r]*/g, '$1')
            .replace(/(age-seconds\r\n)(\$\d+\r\n|,)[\d.e-]*/g, '$1')
        const theirReply = mask(await theirs[protocol].send(...args))
        t.equal(mask(ours.send(protocol, ...args)), theirReply)
      }
    }
    await admin.send('ACL', 'DELUSER', 'v')
  })

  await t.test('are logged once in a minute, and no more than so many', async (t) => {
    const log = new AclLog(2)
    const event = { reason: 'key', context: 'toplevel', username: 'u', clientInfo: '' } as const
    log.add({ ...event, object: 'a' }, 0)
    log.add({ ...event, object: 'a' }, 60_000)
    log.add({ ...event, object: 'b' }, 60_000)
    log.add({ ...event, object: 'a' }, 120_001)
    t.strictSame(
      log.entries(10).map(({ object, count }) => [object, count]),
      [
        ['a', 1],
        ['b', 1],
      ],
    )
    log.setLengthMax(1)
    t.equal(log.entries(10).length, 1)
  })

  await t.test('log in with their passwords alone', async (t) => {
    const { ours } = await start(t, redis)
    ours.users.set('u', ['on', '>one', '>two'])
    t.equal(ours.users.authenticate('u', 'one')?.name, 'u')
    t.equal(ours.users.authenticate('u', 'two')?.name, 'u')
    t.equal(ours.users.authenticate('u', 'three'), null)
    t.equal(ours.users.authenticate('nobody', 'one'), null)
    ours.users.set('u', ['off'])
    t.equal(ours.users.authenticate('u', 'one'), null)
    t.equal(ours.users.authenticate('default', 'anything')?.name, 'default')
    ours.users.setDefaultPassword('secret')
    t.equal(ours.users.authenticate('default', 'anything'), null)
    t.equal(ours.users.authenticate('default', 'secret')?.name, 'default')
    ours.users.setDefaultPassword('')
    t.equal(ours.users.authenticate('default', 'anything')?.name, 'default')
    t.ok(ours.users.default.isUnrestricted)
    ours.users.set('default', ['-get'])
    t.notOk(ours.users.default.isUnrestricted)
  })
})

t.test('Files of users', { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sf-acl-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'users.acl')
  writeFileSync(path, '')
  const server = await startRedis('--aclfile', path)
  if (server === null) return
  t.teardown(() => server.stop())
  const { ours, same } = await start(t, server, path)
  const admin = 'user default on nopass ~* &* +@all\n'

  await t.test('are loaded with the same users and errors', async (t) => {
    for (const text of FILES) {
      writeFileSync(path, admin + text, 'latin1')
      await t.resolves(same(2, 'ACL', 'LOAD'), text)
      await t.resolves(same(2, 'ACL', 'LIST'), text)
    }
    rmSync(path)
    await t.resolves(same(2, 'ACL', 'LOAD'))
  })

  await t.test('are saved as Redis saves them', async (t) => {
    await same(2, 'ACL', 'SETUSER', 's', 'on', '>x', '~a*', '%R~b', '+get', '(+set &c ~d)')
    await same(2, 'ACL', 'SAVE')
    const theirs = readFileSync(path, 'latin1')
    saveUsers(ours.users, path)
    t.equal(readFileSync(path, 'latin1'), theirs)
    t.strictSame(
      loadUsers(ours.users, path)
        .map(({ name }) => name)
        .includes('s'),
      true,
    )
    await t.resolves(same(2, 'ACL', 'LOAD'))
    await t.resolves(same(2, 'ACL', 'LIST'))
    t.throws(() => saveUsers(ours.users, join(directory, 'none', 'users.acl')), { code: 'ENOENT' })
  })
})

const HAND_PICKED = [
  'ACL CAT',
  'ACL CAT nosuch',
  'ACL CAT a b',
  'ACL DELUSER default',
  'ACL DELUSER nosuch default',
  'ACL DELUSER nosuch',
  'ACL DRYRUN nosuch get a',
  'ACL DRYRUN default nosuch',
  'ACL DRYRUN default get',
  'ACL DRYRUN default config',
  'ACL DRYRUN default config nosuch',
  'ACL GENPASS 0',
  'ACL GENPASS 4097',
  'ACL GENPASS x',
  'ACL GENPASS 1 2',
  'ACL GETUSER nosuch',
  'ACL GETUSER default',
  'ACL LIST',
  'ACL LOAD',
  'ACL SAVE',
  'ACL LOG x',
  'ACL LOG 1 2',
  'ACL SETUSER bad_name on',
  'ACL USERS',
  'ACL WHOAMI',
]

const FILES = [
  'user a on +get\n\n  user b off ~x \r\n',
  'user a on +nosuch\nuser b x\n',
  '# comment\nuser a on\n',
  'usr a\n',
  'user\n',
  'user a on\nuser a off\n',
  'user a (+get ~b) +@read\n',
  'user a (+get\n',
  'user a on >p#w\n',
  'user a on >x y\n',
  '',
  'user a on +get|x +@all -@dangerous\n',
  'USER a on\n',
  'user a',
  'user a\ton\n',
  'user "a b" on\n',
  'user a on (+get)(+set)\n',
  'user a\nbad\n user b nosuch +nosuch\n',
  'user a on >pw +get ~k* (%R~x +set)\n',
  'user a on <x -@all !x >y\n',
  'user a on\n\nuser b off x +x\n',
  'user a ~a ~* ~b',
  'user a (nosuch)\nuser b (+get',
  'user a  on   +get\n',
  "user a '+get'",
  'user a sanitize-payload reset +get',
]
