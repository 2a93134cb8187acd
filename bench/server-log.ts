/**
 * Runs redis-benchmark's SETs against a server of ours and against redis-server, in turn, both with
 * a log on the same disk; then stops a disk for five seconds under a reader and a writer of each.
 * Prints two tables and appends JSON lines to bench/results/. The second part needs root, loop
 * devices, mkfs.ext4(8) and fsfreeze(8), and is left out with a word where they are missing.
 *
 * @module
 */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDisk } from './disk.js'
import { RedisConnection } from './drivers/redis-connection.js'
import { appendResults } from './results-file.js'
import { ENGINES, type Engine, startTrial, withServer } from './served.js'
import { medianOf } from './stats.js'
import { STALL_SECONDS } from './trials/stall.js'

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
  const { dir, facts } = startTrial('server-log')
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
        const setsPerSecond = await withServer(engine, one.policy, dir, async ({ socket, port }) =>
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
    return medianOf(own.map((run) => run.setsPerSecond))
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
        const waits = await withServer(engine, policy, mount, ({ socket }) => stall(socket, mount))
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
