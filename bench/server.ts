/**
 * Runs redis-benchmark against a server of ours and against redis-server, in turn; prints a table
 * and appends JSON lines to bench/results/.
 *
 * With `serve` and a path as its arguments it is the server.
 *
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createServer, open } from '../dist/index.js'
import { cleanEnvironment } from './clean-environment.js'
import { redisVersion } from './drivers/redis.js'
import { machineFacts } from './machine.js'
import { appendResults } from './results-file.js'
import { spreadOf } from './stats.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = fileURLToPath(import.meta.url)
const ROUNDS = 5
const PIPELINES = [1, 16, 64] as const
/** Requests of a test, by the length of the pipeline: each takes some seconds. */
const REQUESTS: Readonly<Record<number, number>> = { 1: 100_000, 16: 800_000, 64: 1_600_000 }
/** The same of those that reply with hundreds of elements. */
const LONG_REQUESTS: Readonly<Record<number, number>> = { 1: 20_000, 16: 40_000, 64: 40_000 }
/** Before the first test, so that it finds compiled code and open files as the last one does. */
const WARM_UP_REQUESTS = 200_000
const SHORT_TESTS =
  'ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,mset'
const LONG_TESTS = 'lrange_100,lrange_300,lrange_500,lrange_600'
const KEYS = 1_000_000
const CLIENTS = 50
const VALUE_BYTES = 64

type Engine = 'snapfork' | 'redis'

interface Run {
  readonly type: 'run'
  readonly engine: Engine
  readonly pipeline: number
  readonly round: number
  /** Requests a second, by the name of the test. */
  readonly rates: Readonly<Record<string, number>>
}

/** All rounds. */
export async function runServer(): Promise<void> {
  const data = join(ROOT, 'bench/data')
  mkdirSync(data, { recursive: true })
  const redis = redisVersion()
  if (redis === null) throw new Error('There is no redis-server and no redis-benchmark here.')
  const facts = machineFacts(data, redis)
  console.error(`${facts.cpu}, ${facts.cores} cores, Linux ${facts.kernel}, Node ${facts.node}`)
  const runs: Run[] = []
  for (let round = 1; round <= ROUNDS; ++round) {
    const engines: Engine[] = round % 2 === 1 ? ['snapfork', 'redis'] : ['redis', 'snapfork']
    for (const pipeline of PIPELINES) {
      for (const engine of engines) {
        console.error(`round ${round}: ${engine}, pipelines of ${pipeline}`)
        const rates = await measure(engine, pipeline, data)
        runs.push({ type: 'run', engine, pipeline, round, rates })
      }
    }
  }
  const ratios = PIPELINES.flatMap((pipeline) => ratiosOf(runs, pipeline))
  console.log(tableOf(ratios))
  const head = { type: 'machine', trial: 'server', rounds: ROUNDS, keys: KEYS, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-server.jsonl`, [head, ...runs, ...ratios])
  console.error(`written to ${path}`)
}

interface Ratio {
  readonly type: 'metric'
  readonly pipeline: number
  readonly test: string
  readonly snapfork: number
  readonly redis: number
  readonly ratio: number
}

function ratiosOf(runs: readonly Run[], pipeline: number): Ratio[] {
  const tests = Object.keys(runs.find((run) => run.pipeline === pipeline)?.rates ?? {})
  return tests.map((test) => {
    const of = (engine: Engine) => {
      const own = runs.filter((run) => run.engine === engine && run.pipeline === pipeline)
      return spreadOf(own.map(({ rates }) => rates[test] ?? 0))?.median ?? 0
    }
    const [snapfork, redis] = [of('snapfork'), of('redis')]
    return { type: 'metric', pipeline, test, snapfork, redis, ratio: snapfork / redis }
  })
}

function tableOf(ratios: readonly Ratio[]): string {
  const lines = ratios.map(({ pipeline, test, snapfork, redis, ratio }) => {
    const rates = [snapfork, redis].map((rate) => Math.round(rate).toLocaleString('en-US'))
    return `| ${pipeline} | ${test} | ${rates.join(' | ')} | ${ratio.toFixed(2)} |`
  })
  return ['| -P | test | snapfork | redis | ratio |', '|---|---|---|---|---|', ...lines].join('\n')
}

async function measure(engine: Engine, pipeline: number, data: string): Promise<Run['rates']> {
  const dir = mkdtempSync(join(data, 'server-'))
  const server = start(engine, dir)
  try {
    await untilReady(server.port)
    benchmark(server.port, 16, WARM_UP_REQUESTS, 'ping_mbulk')
    return {
      ...benchmark(server.port, pipeline, REQUESTS[pipeline] as number, SHORT_TESTS),
      ...benchmark(server.port, pipeline, LONG_REQUESTS[pipeline] as number, LONG_TESTS),
    }
  } finally {
    server.process.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
}

let nextPort = 21_000

function start(engine: Engine, dir: string): { process: ChildProcess; port: number } {
  nextPort += 1
  const port = nextPort
  const [program, args] =
    engine === 'redis'
      ? ['redis-server', ['--port', String(port), '--save', '', '--dir', dir]]
      : [process.execPath, [PROGRAM, 'serve', String(port), dir]]
  const child = spawn(program as string, args as string[], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return { process: child, port }
}

async function untilReady(port: number): Promise<void> {
  for (let turns = 0; turns < 500; ++turns) {
    const { stdout } = spawnSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8' })
    if (stdout.trim() === 'PONG') return
    await sleep(20)
  }
  throw new Error(`nobody answers at port ${port}`)
}

/** The rates by the test's name, without what stands in brackets behind it. */
function benchmark(port: number, pipeline: number, requests: number, tests: string): Run['rates'] {
  const { stdout, status } = spawnSync(
    'redis-benchmark',
    [
      ...['-p', String(port), '-P', String(pipeline), '-n', String(requests), '-t', tests],
      ...['-c', String(CLIENTS), '-d', String(VALUE_BYTES), '-r', String(KEYS), '--csv'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  if (status !== 0) throw new Error(`redis-benchmark ended with ${status}`)
  const rates: Record<string, number> = {}
  for (const line of stdout.trim().split('\n').slice(1)) {
    const [test = '', rate] = line.split(',').map((cell) => cell.replaceAll('"', ''))
    if (!/needed to benchmark/.test(test)) rates[test.replace(/ \(.*/, '')] = Number(rate)
  }
  return rates
}

const [, program, verb, port, dir] = process.argv
if (program === PROGRAM && verb === 'serve' && dir !== undefined) {
  const db = await open({ dir })
  await createServer(db, { port: Number(port), bind: '127.0.0.1' }).listen()
}
