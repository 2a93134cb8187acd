/**
 * redis.conf and CONFIG, compared with redis-server: defaults, values and errors of CONFIG SET,
 * files and command lines, and what CONFIG REWRITE makes of a file.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { OK } from '../../dist/commands/reply.js'
import { type ConfigHost, configRows } from '../../dist/config/commands.js'
import { ConfError, parseCommandLine } from '../../dist/config/conf-text.js'
import { Config, type SpecialLines } from '../../dist/config/config.js'
import { DIRECTIVES } from '../../dist/config/directives.js'
import { engineOptions } from '../../dist/config/engine-options.js'
import { rewriteConf, rewriteConfFile } from '../../dist/config/rewrite.js'
import { ReplyError } from '../../dist/errors.js'
import { resolveOptions } from '../../dist/options.js'
import { openEngine } from '../support/open-engine.js'
import { announceSeed } from '../support/random.js'
import { RawClient } from '../support/raw-client.js'
import { startRedis } from '../support/redis-server.js'
import { ErrorReply, RespClient, type RespReply } from '../support/resp-client.js'
import { runSubcommand } from '../support/run-row.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SERVER = process.env.REDIS_SERVER ?? 'redis-server'

/** What would end the connection, the server or the comparison if it were changed at random. */
const LEFT_ALONE =
  /^(requirepass|bind|port|tls-|dir$|maxclients|appendonly|oom-|activedefrag|maxmemory|client-)/
const LEFT_ALONE_TOO =
  /^(jemalloc|proc-title|master|cluster-announce-host|unixsocket|timeout|port|repl|active-defrag)/

const NO_SPECIAL: SpecialLines = { user: () => {}, renameCommand: () => {} }

const redis = await startRedis('--enable-protected-configs', 'yes')
const skip = redis === null && 'no redis-server on this machine'

function pairsOf(flat: readonly string[]): [string, string][] {
  const names = flat.filter((_, at) => at % 2 === 0)
  return names.map((name, at) => [name, flat[2 * at + 1] as string])
}

const sorted = (flat: RespReply) => pairsOf(flat as string[]).sort()

function ourSet(config: Config, pairs: readonly string[]): string {
  try {
    config.set(pairs, () => {})
    return 'OK'
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
    return error.bytes.toString('latin1')
  }
}

const textOf = (reply: RespReply) => (reply as { text: string }).text

const VALUES = [
  ...['', '0', '1', '-1', '5', '64', '100', '1000', '70000', '-5', '2147483648', '1.5', 'x', '+1'],
  ...['99999999999999999999', '9223372036854775807', '9223372036854775808', '-2147483649', ' 1'],
  ...['1k', '1KB', '1mb', '2Gb', '1b', 'k', '1 k', '1tb', '18446744073709551616', '0x10', '007'],
  ...['yes', 'no', 'YES', 'No', 'always', 'EVERYSEC', 'debug', 'notice', 'local', 'clients', 'ip'],
  ...['KEA', 'Kx$', 'g$lshzxetd', 'An', 'Emn', 'q', 'xx', 'n', 'd', '100 1', '100 1 200 2', '5 0'],
  ...['50 99.9', '101', '100 1 ', '  100   1', 'save now', 'save nosave', 'now default', 'FORCE'],
  ...['a.rdb', 'a/b', 'some text', '\xff"', 'allchannels', 'disabled', 'relative', 'optional'],
]

t.test('CONFIG', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)
  const client = await redis.connect()

  await t.test('knows the directives of redis-server, with their defaults', async (t) => {
    const started = new Set(['dir', 'unixsocket', 'port', 'save', 'loglevel'])
    for (const name of ['enable-debug-command', 'enable-protected-configs']) started.add(name)
    const other = (pairs: [string, string][]) => pairs.filter(([name]) => !started.has(name))
    const theirs = sorted(await client.send('CONFIG', 'GET', '*'))
    t.strictSame(other(sorted(new Config().get(['*']))), other(theirs))
    t.equal(new Config().get(['*']).length, 2 * theirs.length)
  })

  await t.test('finds names and patterns as redis-server does', async (t) => {
    const config = new Config()
    const queries = [
      ['hz'],
      ['HZ', 'hz'],
      ['hash-max-z*', 'HASH-max-listpack-entries'],
      ['maxmemory', 'max*-p*', 'hz'],
      ['*replica-p*', 'slave-priority'],
      ['nosuch', 'h?', '[h]z'],
      [''],
    ]
    for (const names of queries) {
      const theirs = sorted(await client.send('CONFIG', 'GET', ...names))
      t.strictSame(sorted(config.get(names)), theirs, names.join(' '))
    }
  })

  await t.test('takes and refuses the same values', async (t) => {
    const config = new Config()
    config.load('enable-protected-configs yes\nenable-debug-command yes', NO_SPECIAL)
    config.load('save ""\nloglevel warning', NO_SPECIAL)
    config.load(`dir ${join(redis.socketPath, '..')}`, NO_SPECIAL)
    const names = DIRECTIVES.filter(({ name }) => {
      return !LEFT_ALONE.test(name) && !LEFT_ALONE_TOO.test(name)
    }).flatMap(({ name, alias }) => (alias === null ? [name] : [name, alias]))
    for (const name of names) {
      for (const value of VALUES) {
        const theirs = await client.send('CONFIG', 'SET', name, value)
        const ours = ourSet(config, [name, value])
        if (ours !== textOf(theirs)) t.equal(ours, textOf(theirs), `${name} ${value}`)
      }
      const theirs = await client.send('CONFIG', 'GET', name)
      t.strictSame(config.get([name]), theirs, name)
    }
  })

  await t.test('takes and refuses the same values of directives with rules', async (t) => {
    const config = new Config()
    config.load('enable-protected-configs yes', NO_SPECIAL)
    for (const name of ['dir', 'port', 'tcp-keepalive', 'timeout']) {
      const [, value = ''] = (await client.send('CONFIG', 'GET', name)) as string[]
      config.load(`${name} ${value}`, NO_SPECIAL)
    }
    for (const line of HAND_PICKED) {
      const [name = '', ...words] = line.split(' ')
      const value = words.join(' ')
      const theirs = await client.send('CONFIG', 'SET', name, value)
      t.equal(ourSet(config, [name, value]), textOf(theirs), line)
      t.strictSame(config.get([name]), await client.send('CONFIG', 'GET', name), line)
    }
  })

  await t.test('changes several values or none', async (t) => {
    const pair = fc.tuple(
      fc
        .constantFrom('hz', 'slowlog-max-len', 'lua-time-limit', 'busy-reply-threshold', 'HZ')
        .chain((name) => fc.constant(name)),
      fc.constantFrom('1', '20', '300', 'x', '-7'),
    )
    const rare = fc.constantFrom(['DATABASES', '3'], ['nosuch', '1'], ['rdbcompression', 'maybe'])
    const pairs = fc.array(
      fc.oneof(
        { weight: 6, arbitrary: pair },
        { weight: 1, arbitrary: rare as fc.Arbitrary<[string, string]> },
      ),
      { minLength: 1, maxLength: 3 },
    )
    const config = new Config()
    const names = ['hz', 'slowlog-max-len', 'busy-reply-threshold', 'rdbcompression']
    for (const name of names) {
      const [, value = ''] = (await client.send('CONFIG', 'GET', name)) as string[]
      config.set([name, value], () => {})
    }
    const property = fc.asyncProperty(pairs, fc.boolean(), async (pairs, isOdd) => {
      const words = [...pairs.flat(), ...(isOdd && pairs.length > 1 ? ['hz'] : [])]
      const theirs = textOf(await client.send('CONFIG', 'SET', ...words))
      t.equal(ourSet(config, words), theirs, words.join(' '))
      t.strictSame(sorted(config.get(names)), sorted(await client.send('CONFIG', 'GET', ...names)))
    })
    await fc.assert(property, { seed, numRuns: 200 * LONG })
  })

  await t.test('answers as redis-server does in both protocols', async (t) => {
    const { native } = openEngine(t)
    const config = new Config()
    config.load('hz 77', NO_SPECIAL)
    await client.send('CONFIG', 'SET', 'hz', '77')
    let resets = 0
    const applied: string[] = []
    const host: ConfigHost = {
      config,
      path: null,
      userLines: () => null,
      change: (pairs) => {
        config.set(pairs, ({ directive, value }) => applied.push(`${directive.name} ${value}`))
        return OK
      },
      resetStatistics: () => {
        resets += 1
      },
    }
    const rows = configRows(() => host)
    const lines = ['GET hz', 'GET nosuch', 'SET hz x', 'SET hz 5', 'SET hz 5 x', 'REWRITE']
    for (const protocol of [2, 3] as const) {
      const theirs = await RawClient.connect({ path: redis.socketPath }, protocol)
      t.teardown(() => theirs.close())
      for (const line of [...lines, 'RESETSTAT']) {
        const args = ['CONFIG', ...line.split(' ')]
        t.equal(runSubcommand(native, rows, protocol, args), await theirs.send(...args), line)
      }
    }
    t.strictSame(applied, ['hz 5', 'hz 5'])
    t.equal(resets, 2)
    const directory = makeDirectory(t)
    const { path } = writeConf(directory, 'hz 77\n')
    const withFile = configRows(() => ({ ...host, path }))
    t.equal(runSubcommand(native, withFile, 2, ['CONFIG', 'REWRITE']), '+OK\r\n')
    t.match(readFileSync(path, 'latin1'), /^hz 5\n/)
    rmSync(path)
    const refused = runSubcommand(native, withFile, 2, ['CONFIG', 'REWRITE'])
    t.equal(refused, '-ERR Rewriting config file: No such file or directory\r\n')
  })

  await t.test('puts back what was in force when a value is refused', async (t) => {
    const config = new Config()
    const applied: string[] = []
    const refused = ourSet(config, ['hz', '20', 'rdbcompression', 'maybe'])
    t.match(refused, /related to argument 'rdbcompression'/)
    t.throws(() =>
      config.set(['hz', '20', 'slowlog-max-len', '5', 'rdbcompression', 'x'], (change) => {
        applied.push(`${change.directive.name} ${change.value}`)
      }),
    )
    t.strictSame(applied, ['hz 20', 'slowlog-max-len 5', 'slowlog-max-len 128', 'hz 10'])
    t.equal(config.value('hz'), '10')
  })
})

const HAND_PICKED = [
  'maxmemory 100mb',
  'maxmemory -1',
  'maxmemory 99999999999g',
  'maxmemory 0',
  'maxmemory-clients 101%',
  'maxmemory-clients 100%',
  'maxmemory-clients 0%',
  'maxmemory-clients -5%',
  'maxmemory-clients %',
  'maxmemory-clients 1gb',
  'maxmemory-clients 0',
  'maxmemory-policy ALLKEYS-LRU',
  'maxmemory-policy lru',
  'maxmemory-policy noeviction',
  'client-output-buffer-limit slave 1 2 3 pubsub 4 5 6',
  'client-output-buffer-limit replica 1k 2kb 3',
  'client-output-buffer-limit master 1 2 3',
  'client-output-buffer-limit normal 1 2',
  'client-output-buffer-limit normal x 1 2',
  'client-output-buffer-limit normal 1 2 x',
  'client-output-buffer-limit normal 0 0 -1',
  'client-output-buffer-limit ',
  'dir /nonexistent',
  'dir ',
  'tcp-keepalive -1',
  'timeout -1',
  'timeout 2147483648',
  'databases 3',
  'port 70000',
  'port x',
]

const FILES = [
  'maxmemory 1mb\n# c\n\nhz 20\n',
  'maxmemory x\n',
  'nosuch 1\n',
  'maxmemory\n',
  'maxmemory 1 2\n',
  'hz "20\n',
  '  hz   "20"  \r\n',
  'HZ 20\n',
  'save 100 1\nsave 200 2\n',
  'save ""\nsave 5 5\n',
  'save 100 1\nsave ""\n',
  'save 100 1 200 2',
  'save 1',
  'save',
  'save "10 1"',
  'save "10 1" 20 2',
  'bind\n',
  'client-output-buffer-limit\n',
  'oom-score-adj-values\n',
  'shutdown-on-sigterm ""\n',
  'hz 20 # c\n',
  'include @/more.conf\nmaxmemory 3',
  'hz 1\ninclude @/mo[r]e.conf\n',
  'include @/none*.conf\nhz 3',
  'include @/bad.conf\n',
  'include @/bad.conf x\n',
  'client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit slave 1mb 2mb 3\n',
  'bind 127.0.0.1 ::1\n',
  'notify-keyspace-events "Kx"\n',
  'notify-keyspace-events "KEnm"\n',
  'masteruser "a b\\x41"\n',
  'unixsocketperm 999\n',
  'oom-score-adj-values 1 2\n',
  'hash-max-ziplist-entries 5\n',
  "dbfilename 'a b'\n",
  'dbfilename a/b\n',
  'port 1 2\n',
  'databases 0\n',
  'vm-enabled no\n',
  'slave-lazy-flush yes\n',
  'latency-tracking-info-percentiles 1 2 3\n',
  'latency-tracking-info-percentiles ""\n',
  'shutdown-on-sigterm save now\n',
  'supervised x\n',
  'appendfsync x',
]

/** Text of a file as it is here: `@` is the directory. */
function writeConf(directory: string, text: string): { path: string; conf: string } {
  const path = join(directory, 'redis.conf')
  const conf = text.replaceAll('@', directory)
  writeFileSync(path, conf, 'latin1')
  return { path, conf }
}

/** Starts a server with a file, or tells why it does not start. */
async function startWith(
  t: Test,
  directory: string,
  path: string,
  args: readonly string[],
): Promise<RespClient | string> {
  const socket = join(directory, `${Math.random()}.sock`)
  const all = [path, '--port', '0', '--unixsocket', socket, '--dir', directory, ...args]
  // A server that starts does not end by itself.
  const { error, stderr } = spawnSync(SERVER, [...all, '--nosuch', '1'], {
    encoding: 'latin1',
    timeout: 10_000,
  })
  if (error !== undefined) throw error
  if (!/>>> 'nosuch "1"'/.test(stderr)) return stderr
  const child = spawn(SERVER, all, { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  for (let attempt = 0; ; ++attempt) {
    try {
      const client = await RespClient.connect({ path: socket })
      t.teardown(() => client.close())
      return client
    } catch (error) {
      if (attempt > 500) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

function makeDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'sf-conf-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  mkdirSync(join(directory, 'sub'))
  writeFileSync(join(directory, 'more.conf'), 'hz 33\n')
  writeFileSync(join(directory, 'bad.conf'), 'maxmemory 5\nbad 1\n')
  return directory
}

/** Not those that a started server needs. */
const COMPARED = DIRECTIVES.map(({ name }) => name).filter((name) => {
  return !['port', 'unixsocket', 'dir'].includes(name)
})

t.test('Files are read as redis-server reads them', { skip }, async (t) => {
  const directory = makeDirectory(t)
  for (const text of FILES) {
    const { path, conf } = writeConf(directory, text)
    const theirs = await startWith(t, directory, path, [])
    const config = new Config()
    try {
      config.load(conf, NO_SPECIAL)
    } catch (error) {
      if (!(error instanceof ConfError)) throw error
      t.equal(error.message, String(theirs).trim(), JSON.stringify(text))
      continue
    }
    if (typeof theirs === 'string') {
      t.fail(`${JSON.stringify(text)} is refused: ${theirs}`)
      continue
    }
    const values = sorted(await theirs.send('CONFIG', 'GET', ...COMPARED))
    t.strictSame(sorted(config.get(COMPARED)), values, JSON.stringify(text))
  }
})

const COMMAND_LINES = [
  ['--hz', '40', '--maxmemory', '1k'],
  ['--save', '', '--hz', '7'],
  ['--save', '--hz', '7'],
  ['--save', '10 1 20 2'],
  ['--save', '10', '1', '--save', '20', '2'],
  ['--hz 20'],
  ['--masteruser', '--x'],
  ['--client-output-buffer-limit', 'normal', '1', '2', '3'],
  ['--masteruser', 'a b"\\\n'],
]

t.test('Command lines are read as redis-server reads them', { skip }, async (t) => {
  const directory = makeDirectory(t)
  for (const args of COMMAND_LINES) {
    const { path, conf } = writeConf(directory, 'hz 5\n')
    const theirs = await startWith(t, directory, path, args)
    if (typeof theirs === 'string') {
      t.fail(`${args.join(' ')} is refused: ${theirs}`)
      continue
    }
    const line = parseCommandLine([path, ...args])
    t.equal(line.path, path)
    const config = new Config()
    config.load(`${conf}\n${line.overrides}`, NO_SPECIAL)
    const values = sorted(await theirs.send('CONFIG', 'GET', ...COMPARED))
    t.strictSame(sorted(config.get(COMPARED)), values, args.join(' '))
  }
  t.strictSame(parseCommandLine(['-', '--hz', '5']), {
    path: null,
    readsStdin: true,
    overrides: 'hz "5"',
  })
})

const REWRITES: readonly (readonly [text: string, ...changes: string[][]])[] = [
  ['# my comment\nhz 20\n\nmaxmemory 1mb\n# end\n', ['hz', '30'], ['tcp-keepalive', '5']],
  [
    'hz 20\nhz 25\nsave 100 1\nsave 200 2\nclient-output-buffer-limit normal 1 2 3\n' +
      'rename-command FLUSHALL xx\nslave-priority 7\n',
    ['maxmemory', '2gb'],
    ['hz', '10'],
    ['masteruser', 'a b"\x01'],
    ['save', '1 2 3 4'],
  ],
  [
    '# Generated by CONFIG REWRITE\nhz 20\n',
    ['maxmemory', '1500'],
    ['notify-keyspace-events', 'KEA'],
  ],
  [
    'include @/more.conf\nappendonly no\n hz   "44" \n\n\n\n# x\n\n',
    ['hz', '10'],
    ['client-output-buffer-limit', 'slave 1mb 2mb 3'],
    ['latency-tracking-info-percentiles', '1 2'],
  ],
  [
    'maxmemory 1mb\nsave ""\nloglevel notice',
    ['maxmemory', '0'],
    ['proto-max-bulk-len', '1gb'],
    ['maxmemory-clients', '5%'],
    ['shutdown-on-sigterm', 'save now'],
  ],
  [
    'client-output-buffer-limit normal 1 2 3\nclient-output-buffer-limit pubsub 1 2 3\n',
    ['client-output-buffer-limit', 'normal 0 0 0'],
  ],
  ['save 5 5\nsave 6 6\nhz 3', ['save', '7 7'], ['save', '']],
]

t.test('Files are rewritten as redis-server rewrites them', { skip }, async (t) => {
  const directory = makeDirectory(t)
  for (const [text, ...changes] of REWRITES) {
    const { path, conf } = writeConf(directory, text)
    const client = await startWith(t, directory, path, [])
    if (typeof client === 'string') throw new Error(client)
    const config = new Config()
    config.load(conf, NO_SPECIAL)
    for (const name of ['port', 'unixsocket', 'dir']) {
      const [, value] = (await client.send('CONFIG', 'GET', name)) as string[]
      config.load(`${name} ${value}`, NO_SPECIAL)
    }
    for (const [name = '', value = ''] of changes) {
      const reply = await client.send('CONFIG', 'SET', name, value)
      if (reply instanceof ErrorReply) throw new Error(reply.text)
      config.set([name, value], () => {})
    }
    const reply = await client.send('CONFIG', 'REWRITE')
    if (reply instanceof ErrorReply) throw new Error(reply.text)
    const users = ['user default on nopass ~* &* +@all']
    t.strictSame(
      inOrder(rewriteConf(conf, config, users)),
      inOrder(readFileSync(path, 'latin1')),
      JSON.stringify(text),
    )
  }
})

/** What is new comes behind the mark in any order. */
function inOrder(text: string): string[] {
  const lines = text.split('\n')
  const isNew = (line: string) =>
    lines.indexOf(line) > lines.indexOf('# Generated by CONFIG REWRITE')
  return [...lines.filter((line) => !isNew(line)), ...lines.filter(isNew).sort()]
}

t.test('A file on disk is rewritten', async (t) => {
  const directory = makeDirectory(t)
  const { path, conf } = writeConf(directory, '# here\nhz 20\nuser a on\n')
  const config = new Config()
  config.load(conf, NO_SPECIAL)
  config.set(['hz', '30'], () => {})
  rewriteConfFile(path, config, null)
  t.match(readFileSync(path, 'latin1'), /^# here\nhz 30\nuser a on\n/)
  rmSync(path)
  t.throws(() => rewriteConfFile(path, config, null), { code: 'ENOENT' })
})

t.test('Directives become options of the engine', async (t) => {
  const config = new Config()
  t.strictSame(engineOptions(config), { save: '3600 1 300 100 60 10000' })
  config.load(
    'save ""\nappendonly yes\ndatabases 3\nauto-aof-rewrite-min-size 1mb\nappendfsync no\n' +
      'hash-max-ziplist-entries 7\nlist-max-listpack-size -3\nhz 3\nlazyfree-lazy-expire yes\n' +
      'cluster-enabled no',
    NO_SPECIAL,
  )
  const options = engineOptions(config)
  t.strictSame(options, {
    save: '',
    appendonly: true,
    databases: 3,
    autoAofRewriteMinSize: 1_048_576,
    appendfsync: 'no',
    hashMaxListpackEntries: 7,
    listMaxListpackSize: -3,
  })
  t.strictSame(config.ignored(), ['lazyfree-lazy-expire'])
  t.equal(resolveOptions(options).limits.hashMaxListpackEntries, 7)
  // Every directive that is an option has a value that the engine takes.
  for (const { name, otherwise, type } of DIRECTIVES.filter(({ scope }) => scope === 'option')) {
    const one = new Config()
    one.load(`${name} ${type.lines(otherwise)[0]}`, NO_SPECIAL)
    t.ok(resolveOptions(engineOptions(one)), name)
  }
})
