/**
 * Runs redis-benchmark's SETs against a server of ours and against redis-server, in turn, both with
 * a log on the same disk; then stops a disk for five seconds under a reader and a writer of each.
 * Prints two tables and appends JSON lines to bench/results/. The second part needs root, loop
 * devices, mkfs.ext4(8) and fsfreeze(8), and is left out with a word where they are missing.
 *
 * With `serve`, a directory, a path, a policy and a port as its arguments it is the server.
 *
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createServer, open } from '../dist/index.js'
import { cleanEnvironment } from './clean-environment.js'
import { atExit } from './cleanup.js'
import { withDisk } from './disk.js'
import { redisVersion } from './drivers/redis.js'
import { RedisConnection } from './drivers/redis-connection.js'
import { machineFacts } from './machine.js'
import { freePort } from './ports.js'
import { appendResults } from './results-file.js'
import { spreadOf } from './stats.js'
import { STALL_SECONDS } from './trials/stall.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = fileURLToPath(import.meta.url)
const ENGINES = ['snapfork', 'redis'] as const
const POLICIES = ['always', 'everysec'] as const
const WAYS = ['unix', 'tcp'] as const
const ROUNDS = 5
const CLIENTS = 50
const VALUE_BYTES = 64
const KEYS = 1_000_000
/** By the length of the pipeline: each takes some seconds. */
const REQUESTS: Readonly<Record<number, number>> = { 1: 300_000, 16: 1_000_000 }
const PIPELINES = Object.keys(REQUESTS).map(Number)
const DISK_BYTES = 256 * 2 ** 20
const CASES: readonly Case[] = POLICIES.flatMap((policy) =>
  WAYS.flatMap((way) => PIPELINES.map((pipeline) => ({ policy, way, pipeline }))),
)
/** Before and behind the stall. */
const CALM_MS = 1000
const PAUSE_MS = 1

type Engine = (typeof ENGINES)[number]
type Policy = (typeof POLICIES)[number]
type Way = (typeof WAYS)[number]

/** What is measured of both. */
interface Case {
  readonly policy: Policy
  readonly way: Way
  readonly pipeline: number
}

interface Run extends Case {
  readonly type: 'run'
  readonly engine: Engine
  readonly round: number
  readonly setsPerSecond: number
}

interface Stall {
  readonly type: 'stall'
  readonly engine: Engine
  readonly policy: Policy
  readonly longestReadMs: number
  readonly longestWriteMs: number
}

/** All rounds. */
export async function runServerLog(): Promise<void> {
  const data = join(ROOT, 'bench/data')
  mkdirSync(data, { recursive: true })
  const redis = redisVersion()
  if (redis === null) throw new Error('There is no redis-server and no redis-benchmark here.')
  const dir = mkdtempSync(join(data, 'server-log-'))
  atExit(() => rmSync(dir, { recursive: true, force: true }))
  const facts = machineFacts(dir, redis)
  console.error(`${facts.cpu}, ${facts.cores} cores, Linux ${facts.kernel}, Node ${facts.node}`)
  const runs = await measureAll(dir)
  const ratios = CASES.map((one) => ratioOf(runs, one))
  console.log(tableOf(ratios))
  const stalls = await stallAll(dir)
  console.log(stallsTableOf(stalls))
  const head = { type: 'machine', trial: 'server-log', rounds: ROUNDS, clients: CLIENTS, ...facts }
  const lines = [head, ...runs, ...ratios, ...stalls]
  const path = appendResults(`${facts.date.slice(0, 10)}-server-log.jsonl`, lines)
  console.error(`written to ${path}`)
}

async function measureAll(dir: string): Promise<Run[]> {
  const runs: Run[] = []
  for (let round = 1; round <= ROUNDS; ++round) {
    const engines = round % 2 === 1 ? ENGINES : [...ENGINES].reverse()
    for (const one of CASES) {
      for (const engine of engines) {
        const setsPerSecond = await withServer(engine, one.policy, dir, async (socket, port) =>
          benchmark(one.way === 'tcp' ? ['-p', String(port)] : ['-s', socket], one.pipeline),
        )
        console.error(
          `round ${round}: ${engine}, ${Object.values(one).join(', ')}: ${setsPerSecond}`,
        )
        runs.push({ type: 'run', engine, ...one, round, setsPerSecond })
      }
    }
  }
  return runs
}

interface Ratio extends Case {
  readonly type: 'metric'
  readonly snapfork: number
  readonly redis: number
  readonly ratio: number
}

function ratioOf(runs: readonly Run[], { policy, way, pipeline }: Case): Ratio {
  const of = (engine: Engine) => {
    const own = runs.filter(
      (run) =>
        run.engine === engine &&
        run.policy === policy &&
        run.way === way &&
        run.pipeline === pipeline,
    )
    return spreadOf(own.map((run) => run.setsPerSecond))?.median ?? 0
  }
  const [snapfork, redis] = [of('snapfork'), of('redis')]
  return { type: 'metric', policy, way, pipeline, snapfork, redis, ratio: snapfork / redis }
}

function tableOf(ratios: readonly Ratio[]): string {
  const lines = ratios.map(({ policy, way, pipeline, snapfork, redis, ratio }) => {
    const rates = [snapfork, redis].map((rate) => Math.round(rate).toLocaleString('en-US'))
    return `| ${policy} | ${way} | ${pipeline} | ${rates.join(' | ')} | ${ratio.toFixed(2)} |`
  })
  const head = [
    '| appendfsync | socket | -P | snapfork, SETs/s | redis | ratio |',
    '|---|---|---|---|---|---|',
  ]
  return [...head, ...lines].join('\n')
}

/** Runs `act` beside a server with a log in a directory of its own there. */
async function withServer<T>(
  engine: Engine,
  policy: Policy,
  parent: string,
  act: (socket: string, port: number) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(parent, `${engine}-`))
  // Elsewhere, so that it can be reached while the disk stands still.
  const socket = join(mkdtempSync('/tmp/sf-bench-'), 's')
  const port = await freePort()
  const server = start(engine, policy, dir, socket, port)
  const kill = atExit(() => void server.kill('SIGKILL'))
  try {
    await untilReady(socket)
    return await act(socket, port)
  } finally {
    const ended = once(server, 'exit')
    kill()
    await ended
    rmSync(dir, { recursive: true, force: true })
    rmSync(join(socket, '..'), { recursive: true, force: true })
  }
}

/** The log is not rewritten, by either. */
function start(
  engine: Engine,
  policy: Policy,
  dir: string,
  socket: string,
  port: number,
): ChildProcess {
  const [program, args] =
    engine === 'redis'
      ? [
          'redis-server',
          [
            ...['--port', String(port), '--unixsocket', socket, '--dir', dir, '--save', ''],
            ...['--appendonly', 'yes', '--appendfsync', policy],
            ...['--auto-aof-rewrite-percentage', '0'],
          ],
        ]
      : [process.execPath, [PROGRAM, 'serve', dir, socket, policy, String(port)]]
  return spawn(program as string, args as string[], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

async function untilReady(socket: string): Promise<void> {
  for (let turns = 0; turns < 500; ++turns) {
    const { stdout } = spawnSync('redis-cli', ['-s', socket, 'ping'], { encoding: 'utf8' })
    if (stdout.trim() === 'PONG') return
    await sleep(20)
  }
  throw new Error(`nobody answers at ${socket}`)
}

function benchmark(to: readonly string[], pipeline: number): number {
  const { stdout, status } = spawnSync(
    'redis-benchmark',
    [
      ...[...to, '-t', 'set', '-P', String(pipeline), '-n', String(REQUESTS[pipeline])],
      ...['-c', String(CLIENTS), '-d', String(VALUE_BYTES), '-r', String(KEYS), '--csv'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const rate = Number(/^"SET","([0-9.]+)"/m.exec(stdout)?.[1])
  if (status !== 0 || !(rate > 0)) throw new Error(`redis-benchmark ended with ${status}`)
  return rate
}

/** A disk that is frozen, with each engine and policy. */
async function stallAll(dir: string): Promise<Stall[]> {
  if (process.getuid?.() !== 0) {
    console.error('not root: no disk is stopped')
    return []
  }
  const stalls: Stall[] = []
  await withDisk(dir, DISK_BYTES, async ({ dir: mount }) => {
    for (const policy of POLICIES) {
      for (const engine of ENGINES) {
        console.error(`${engine}, ${policy}, on a disk that stands still`)
        const waits = await withServer(engine, policy, mount, (socket) => stall(socket, mount))
        stalls.push({ type: 'stall', engine, policy, ...waits })
      }
    }
  })
  return stalls
}

/** One client reads and one writes, each as soon as it is answered. */
async function stall(
  socket: string,
  mount: string,
): Promise<Pick<Stall, 'longestReadMs' | 'longestWriteMs'>> {
  const reader = await RedisConnection.connect(socket, [])
  const writer = await RedisConnection.connect(socket, [])
  let isOver = false
  const longest = async (client: RedisConnection, ...words: readonly string[]) => {
    let longestMs = 0
    while (!isOver) {
      const startedAt = performance.now()
      await client.command(...words)
      longestMs = Math.max(longestMs, performance.now() - startedAt)
      await sleep(PAUSE_MS)
    }
    return longestMs
  }
  await writer.command('SET', 'key', 'value')
  const reads = longest(reader, 'GET', 'key')
  const writes = longest(writer, 'SET', 'key', 'x'.repeat(VALUE_BYTES))
  await sleep(CALM_MS)
  const script = `fsfreeze -f "$1" && sleep ${STALL_SECONDS}; fsfreeze -u "$1"`
  const [status] = await once(spawn('sh', ['-c', script, 'sh', mount]), 'exit')
  if (status !== 0) throw new Error('the disk could not be frozen')
  await sleep(CALM_MS)
  isOver = true
  const [longestReadMs, longestWriteMs] = await Promise.all([reads, writes])
  reader.close()
  writer.close()
  return { longestReadMs, longestWriteMs }
}

function stallsTableOf(stalls: readonly Stall[]): string {
  const lines = stalls.map(
    ({ engine, policy, longestReadMs, longestWriteMs }) =>
      `| ${engine}, ${policy} | ${longestReadMs.toFixed(1)} ms | ${longestWriteMs.toFixed(1)} ms |`,
  )
  const head = `| disk standing still for ${STALL_SECONDS} s | longest read | longest write |`
  return [head, '|---|---|---|', ...lines].join('\n')
}

const [, program, verb, dir, unixsocket, policy, port] = process.argv
if (program === PROGRAM && verb === 'serve' && dir !== undefined && unixsocket !== undefined) {
  const db = await open({
    ...{ dir, appendonly: true, appendfsync: policy as Policy, autoAofRewritePercentage: 0 },
  })
  await createServer(db, { port: Number(port), unixsocket }).listen()
}
