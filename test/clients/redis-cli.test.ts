/**
 * Runs redis-cli against a server in each of its modes, with what it says of redis-server beside
 * it where that is the same every time.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { cliProblem, terminalProblem } from '../support/faults.js'
import { serve } from '../support/our-server.js'
import { startRedis } from '../support/redis-server.js'
import { RespClient } from '../support/resp-client.js'

const PIPED = 1_000_000
const PIPED_AT_ONCE = 10_000
const HANG_MS = 60_000

const noTerminal = terminalProblem()

interface Outcome {
  /** null if it hung. */
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs it to its end. The server is in this process: nothing may wait synchronously. */
async function cli(
  args: readonly string[],
  input: string | Iterable<string> = '',
): Promise<Outcome> {
  const child = spawn('redis-cli', [...args], { timeout: HANG_MS, killSignal: 'SIGKILL' })
  const [out, err] = [textOf(child.stdout), textOf(child.stderr)]
  // It may end without having read it all.
  child.stdin.on('error', () => {})
  Readable.from(typeof input === 'string' ? [input] : input).pipe(child.stdin)
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, out: out(), err: err() }
}

function textOf(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('latin1').on('data', (piece: string) => {
    text += piece
  })
  return () => text
}

/** redis-cli at a terminal, which it gives until the end of the test. */
class Terminal {
  readonly #child: ChildProcess
  readonly #text: () => string
  #at = 0

  constructor(t: Test, args: readonly string[], home: string) {
    const line = ['redis-cli', ...args].join(' ')
    const command = `stty cols 80 rows 24 && exec ${line}`
    const env = { ...process.env, TERM: 'xterm', HOME: home }
    this.#child = spawn('script', ['-qfec', command, '/dev/null'], { env })
    this.#text = textOf(this.#child.stdout as Readable)
    t.teardown(async () => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
      const ended = once(this.#child, 'exit')
      this.#child.kill()
      await ended
    })
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys)
  }

  /** Waits until it shows that, behind what was seen before. */
  async sees(pattern: RegExp): Promise<RegExpExecArray> {
    for (let waited = 0; waited < HANG_MS; waited += 20) {
      const found = pattern.exec(this.#text().slice(this.#at))
      if (found !== null) {
        this.#at += found.index + found[0].length
        return found
      }
      await sleep(20)
    }
    throw new Error(`${pattern} is not in ${JSON.stringify(this.#text().slice(this.#at))}`)
  }
}

const SCRIPT = "return {KEYS[1], ARGV[1], redis.call('GET', KEYS[1])}"
const LINES = [
  ...['set line "two words"', 'get line', "append line '!'", 'lpush l 1 2 3', 'lrange l 0 -1'],
  ...['get "open', 'nope', 'multi', 'incr n', 'get n', 'exec', 'get none', 'select 3', 'dbsize'],
  ...['hello 3', 'hset h f v g w', 'hgetall h', 'config get maxmemory', 'eval "return 7.9" 0'],
  '2 ping',
]
  .map((line) => `${line}\n`)
  .join('')

type Case = readonly [args: readonly string[], out: string | RegExp, more?: Partial<Given>]
interface Given {
  readonly status: number
  readonly err: string | RegExp
  readonly input: string
}

/** In this order; the same of both engines. */
const CASES: readonly Case[] = [
  [['set', 'a', '1'], 'OK\n'],
  [['incr', 'a'], '2\n'],
  [['get', 'none'], '\n'],
  [['--no-raw', 'get', 'none'], '(nil)\n'],
  [['--no-raw', 'get', 'a'], '"2"\n'],
  [['--no-raw', 'incr', 'a'], '(integer) 3\n'],
  [['lpush', 'a', '1'], /^WRONGTYPE Operation against a key holding the wrong kind of value\n\n$/],
  [['-e', 'lpush', 'a', '1'], '', { status: 1, err: /^WRONGTYPE / }],
  [['-e', 'nope', 'x'], '', { status: 1, err: /^ERR unknown command 'nope'.*'x'/ }],
  [['-n', '99', 'get', 'a'], '3\n', { err: /^SELECT 99 failed: ERR DB index is out of range\n/ }],
  [['-n', '3', 'set', 'b', 'of 3'], 'OK\n'],
  [['-n', '3', 'get', 'b'], 'of 3\n'],
  [['-3', 'hset', 'h', 'f', 'v', 'g', 'w'], '2\n'],
  [['-3', '--no-raw', 'hgetall', 'h'], '1# "f" => "v"\n2# "g" => "w"\n'],
  [['--no-raw', 'hgetall', 'h'], '1) "f"\n2) "v"\n3) "g"\n4) "w"\n'],
  [['-3', '--no-raw', 'zadd', 'z', '1.5', 'm'], '(integer) 1\n'],
  [['-3', '--no-raw', 'zscore', 'z', 'm'], '(double) 1.5\n'],
  [['-3', '--no-raw', 'eval', 'redis.setresp(3) return true', '0'], '(true)\n'],
  [['--json', 'hgetall', 'h'], '{"f":"v","g":"w"}\n'],
  [['-2', '--json', 'hgetall', 'h'], '["f","v","g","w"]\n'],
  [['--json', 'zrange', 'z', '0', '-1', 'withscores'], '[["m",1.5]]\n'],
  [['--json', 'get', 'none'], 'null\n'],
  [['--quoted-input', 'set', '"b\\xff"', '"\\x01\\xff"'], 'OK\n'],
  [['--quoted-json', '--quoted-input', 'get', '"b\\xff"'], '"\\\\x01\\\\xff"\n'],
  [['--csv', 'hgetall', 'h'], '"f","v","g","w"\n'],
  [['-x', 'set', 'x'], 'OK\n', { input: 'first\nsecond\0' }],
  [['get', 'x'], 'first\nsecond\0\n'],
  [['-X', 'tag', 'set', 'y', 'tag', 'EX', '100'], 'OK\n', { input: 'tagged' }],
  [['-d', '|', 'mget', 'a', 'y'], '3|tagged\n'],
  [['-r', '3', '-i', '0.01', 'incr', 'n'], '1\n2\n3\n'],
  [[], /^OK\ntwo words\n10\n3\n3\n2\n1\nInvalid argument/, { input: LINES }],
  [['-r', '2', 'ping'], 'PONG\nPONG\n'],
  [['--scan', '--pattern', 'h*'], 'h\n'],
  [['--scan', '--quoted-pattern', '"b\\xff"'], 'b\xff\n'],
  [['--hotkeys'], /to find hot keys/, { status: 1, err: /ERR An LFU maxmemory policy is not sel/ }],
  [['--user', 'nobody', '-a', 'wrong', 'get', 'a'], '3\n', { err: /AUTH failed: WRONGPASS/ }],
  [['cluster', 'nodes', 'x'], /^ERR /],
  [
    ['--pipe'],
    /Last reply received.*\nerrors: 0, replies: 2\n$/,
    { input: 'SET p 1\r\nincr p\r\n' },
  ],
  [
    ['--pipe'],
    /errors: 1, replies: 2\n$/,
    { input: 'set p x\r\nincr p\r\n', err: /not an integer/, status: 1 },
  ],
]

/** What counts the clients of a server. */
const withoutIds = (text: string) => text.replace(/^id \d+$/m, 'id')

t.test('redis-cli', { skip: cliProblem() }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'sf-cli-'))
  t.teardown(() => rmSync(home, { recursive: true }))
  const redis = await startRedis()
  if (redis !== null) t.teardown(() => redis.stop())
  const { path, db } = await serve(t)
  const ours = ['-s', path]

  await t.test('replies as by redis-server, with the same exit codes', async (t) => {
    for (const [args, out, { status = 0, err = '', input = '' } = {}] of CASES) {
      const name = args.join(' ') || 'lines of standard input'
      const outcome = await cli([...ours, ...args], input)
      t.equal(outcome.status, status, `${name}: exit code`)
      if (typeof out === 'string') t.equal(outcome.out, out, `${name}: output`)
      else t.match(outcome.out, out, `${name}: output`)
      if (typeof err === 'string') t.equal(outcome.err, err, `${name}: errors`)
      else t.match(outcome.err, err, `${name}: errors`)
      if (redis === null || args[0] === 'cluster') continue
      const theirs = await cli(['-s', redis.socketPath, ...args], input)
      const { out: text, ...rest } = theirs
      t.strictSame(
        { ...outcome, out: withoutIds(outcome.out) },
        { ...rest, out: withoutIds(text) },
        `${name}: as of redis-server`,
      )
    }
  })

  await t.test('tells of an error of the protocol before the end', async (t) => {
    for (const socket of [path, ...(redis === null ? [] : [redis.socketPath])]) {
      const client = connect(socket)
      client.end('*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET1\r\n$1\r\na\r\n')
      const text = textOf(client)
      await once(client, 'close')
      t.equal(text(), "+PONG\r\n-ERR Protocol error: expected '$', got ' '\r\n")
    }
    const { status, err } = await cli([...ours, '--pipe'], '*1\r\n\r\n')
    t.match(err, /^ERR Protocol error: expected '\$', got ' '\n/)
    t.equal(status, 1)
  })

  await t.test('finds big keys and hot ones', async (t) => {
    const { path, db } = await serve(t, {}, { maxmemoryPolicy: 'allkeys-lfu' })
    const theirs = await startRedis('--maxmemory-policy', 'allkeys-lfu')
    if (theirs !== null) t.teardown(() => theirs.stop())
    const sockets = [path, ...(theirs === null ? [] : [theirs.socketPath])]
    const said: string[] = []
    for (const socket of sockets) {
      const client = await RespClient.connect({ path: socket })
      t.teardown(() => client.close())
      for (let index = 0; index < 2000; ++index) void client.send('SET', `s:${index}`, 'v')
      await client.send('SET', 's:big', 'x'.repeat(50_000))
      for (let index = 0; index < 500; ++index) {
        void client.send('RPUSH', 'list', index)
        void client.send('SADD', 'set', index)
        void client.send('HSET', 'hash', index, index)
        void client.send('ZADD', 'zset', index, index)
        void client.send('XADD', 'stream', `1-${index + 1}`, 'f', 'v')
      }
      await client.pipeline(Array.from({ length: 3000 }, () => ['GET', 's:1000']))
      const big = await cli(['-s', socket, '--bigkeys'])
      t.equal(big.status, 0)
      t.match(big.out, /Biggest string found '"s:big"' has 50000 bytes/)
      // What is found on the way goes by the order of SCAN.
      said.push(big.out.slice(big.out.indexOf('-------- summary')))
      const matching = await cli(['-s', socket, '--bigkeys', '--pattern', 'z*', '-i', '0.01'])
      t.match(matching.out, /Sampled 1 keys in the keyspace!/)
      const hot = await cli(['-s', socket, '--hotkeys'])
      t.equal(hot.status, 0)
      t.match(hot.out, /Sampled 2006 keys in the keyspace!\nhot key found.*"s:1000"\n/)
      const memory = await cli(['-s', socket, '--memkeys', '--memkeys-samples', '0'])
      t.equal(memory.status, 0)
      t.match(memory.out, /Sampled 2006 keys in the keyspace!/)
      const [, bytes] = /Biggest string found '"s:big"' has (\d+) bytes/.exec(memory.out) ?? []
      t.equal(Number(bytes), await client.send('MEMORY', 'USAGE', 's:big', 'SAMPLES', 0))
    }
    t.equal(new Set(said).size, 1, 'the summaries are the same')
    const all = await cli(['-s', path, '--scan'])
    t.equal(new Set(all.out.trim().split('\n')).size, db.dbsize())
  })

  await t.test('measures latencies', async (t) => {
    const plain = await cli([...ours, '--latency', '-i', '0.2'])
    t.match(plain.out, /^\d+ \d+ \d+\.\d\d \d+\n$/)
    const csv = await cli([...ours, '--latency', '--csv', '-i', '0.2'])
    t.match(csv.out, /^\d+,\d+,\d+\.\d\d,\d+\n$/)
    t.match([plain.status, csv.status], [0, 0])
    const intrinsic = await cli(['-s', join(home, 'nobody'), '--intrinsic-latency', '1'])
    t.equal(intrinsic.status, 0)
    t.match(intrinsic.out, /total runs \(avg latency: /)
  })

  await t.test('sends a million commands through --pipe', async (t) => {
    const { path, db } = await serve(t)
    const sent = (function* () {
      for (let at = 0; at < PIPED; at += PIPED_AT_ONCE) {
        const commands = Array.from({ length: PIPED_AT_ONCE }, (_, index) => {
          const value = `${at + index}`
          return `*3\r\n$3\r\nSET\r\n$${value.length}\r\n${value}\r\n$1\r\nv\r\n`
        })
        yield commands.join('')
      }
    })()
    const { status, out } = await cli(['-s', path, '--pipe'], sent)
    t.match(out, /Last reply received from server\.\nerrors: 0, replies: 1000000\n$/)
    t.equal(status, 0)
    t.equal(db.dbsize(), PIPED)
    t.equal(db.get(`${PIPED - 1}`), 'v')
  })

  await t.test('runs the script of a file', async (t) => {
    const file = join(home, 'script.lua')
    db.set('key', 'value')
    writeFileSync(file, SCRIPT)
    t.strictSame(await cli([...ours, '--no-raw', '--eval', file, 'key', ',', 'one']), {
      ...{ status: 0, err: '', out: '1) "key"\n2) "one"\n3) "value"\n' },
    })
    writeFileSync(file, 'return')
    t.equal((await cli([...ours, '--no-raw', '--eval', file])).out, '(nil)\n')
    writeFileSync(file, 'return }')
    const broken = await cli([...ours, '-e', '--eval', file])
    t.match(broken, { status: 1, err: /Error compiling script/ })
    const debugged = await cli([...ours, '--ldb', '--eval', file])
    t.match(debugged.out + debugged.err, /Error compiling script/)
  })

  await t.test('is told that there is no replication', async (t) => {
    const file = join(home, 'copy.rdb')
    for (const mode of [['--rdb', file], ['--functions-rdb', file], ['--replica']]) {
      const { status, out, err } = await cli([...ours, ...mode])
      t.equal(status, 1)
      t.match(
        out + err,
        mode[0] === '--functions-rdb' ? /Failed requesting/ : /unknown command 'SYNC'/,
      )
    }
    t.notOk(existsSync(file))
    const cluster = await cli([...ours, '--cluster', 'call', '127.0.0.1:1', 'ping'])
    t.equal(cluster.status, 1)
  })

  await t.test('shows at a terminal what goes on', { skip: noTerminal }, async (t) => {
    const watch = (...mode: string[]) => new Terminal(t, [...ours, ...mode], home)
    const stat = watch('--stat', '-i', '0.1')
    await stat.sees(/keys +mem +clients blocked requests +connections/)
    for (const _ of [1, 2, 3]) await stat.sees(/\d+ +[\d.]+[BKMG] +\d+ +0 +\d+ \(\+\d+\) +\d+ /)
    const history = watch('--latency-history', '-i', '0.1')
    for (const _ of [1, 2]) await history.sees(/\(\d+ samples\) -- 0\.\d+ seconds range/)
    const spectrum = watch('--latency-dist', '-i', '0.1')
    for (const _ of [1, 2]) await spectrum.sees(/\[48;5;\d+m\?.\[0m/)
    const cache = watch('--lru-test', '1000')
    const [, gets = '0', hits = '0', misses = '-1'] = await cache.sees(
      /(\d+) Gets\/sec \| Hits: (\d+) .*Misses: (\d+)/,
    )
    t.ok(Number(hits) > 0)
    t.equal(Number(gets), Number(hits) + Number(misses))
  })

  await t.test('is used at a terminal', { skip: noTerminal }, async (t) => {
    db.flushall()
    const terminal = new Terminal(t, ours, home)
    await terminal.sees(/sock> /)
    const asks = async (line: string, pattern: RegExp) => {
      terminal.type(`${line}\r`)
      await terminal.sees(pattern)
      await terminal.sees(/sock[^>]*> /)
    }
    await asks('set a 1', /OK/)
    // Names to complete are those of COMMAND DOCS.
    await asks('strl\t a', /STRLEN a[\s\S]*\(integer\) 1/)
    await asks('help @string', /SETRANGE[\s\S]*STRLEN/)
    // So are arguments: in its help, and as hints while one types.
    await asks('help hpersist', /key FIELDS numfields field \[field \.\.\.\]/)
    terminal.type('bitcount ')
    await terminal.sees(/bitcount \S*key \[start end \[BYTE\|BIT\]\]/)
    terminal.type('\x15')
    await asks('multi', /OK/)
    await asks('incr a', /\(TX\)> [\s\S]*QUEUED/)
    await asks('exec', /1\) \(integer\) 2/)
    await asks('select 2', /OK/)
    await asks('hello 3', /3# "proto" => \(integer\) 3/)
    await asks('blpop none 0.01', /\(nil\)/)
    terminal.type('subscribe news\r')
    await terminal.sees(/1\) "subscribe"\r\n2\) "news"\r\n3\) \(integer\) 1/)
    const other = await RespClient.connect({ path })
    t.teardown(() => other.close())
    t.equal(await other.send('PUBLISH', 'news', 'told'), 1)
    await terminal.sees(/1\) "message"\r\n2\) "news"\r\n3\) "told"/)
    t.match(await other.send('CLIENT', 'INFO'), ` addr=${path}:0 laddr=${path}:0 `)
    const monitor = new Terminal(t, [...ours, 'monitor'], home)
    await monitor.sees(/OK/)
    await other.send('SET', 'seen', '"')
    await monitor.sees(/^\d+\.\d{6} \[0 unix:[^\]]*\.sock\] "SET" "seen" "\\""/m)
  })
})
