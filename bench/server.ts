/**
 * Runs redis-benchmark against a server of ours and against redis-server, in turn test by test, so
 * that a host that changes its pace does so for both; prints a table and appends JSON lines to
 * bench/results/.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { cpuSeconds } from './processes.js'
import { appendResults } from './results-file.js'
import { type Engine, type Served, startTrial, withServer } from './served.js'
import { medianOf } from './stats.js'

const ROUNDS = 5
const PIPELINES = [1, 16, 64] as const
/** Requests of a test, by the length of the pipeline: each takes some seconds. */
const REQUESTS: Readonly<Record<number, number>> = { 1: 80_000, 16: 500_000, 64: 1_000_000 }
/** The same of those that reply with hundreds of elements. */
const LONG_REQUESTS: Readonly<Record<number, number>> = { 1: 20_000, 16: 30_000, 64: 20_000 }
/** Before the first test, so that it finds compiled code and open files as the last one does. */
const WARM_UP_REQUESTS = 200_000
const SHORT_TESTS = [
  ...['ping_inline', 'ping_mbulk', 'set', 'get', 'incr', 'lpush', 'rpush', 'lpop', 'rpop', 'sadd'],
  ...['hset', 'spop', 'zadd', 'zpopmin', 'mset'],
]
const LONG_TESTS = ['lrange_100', 'lrange_300', 'lrange_500', 'lrange_600']
const KEYS = 1_000_000
const CLIENTS = 50
const VALUE_BYTES = 64

interface Run {
  readonly type: 'run'
  readonly engine: Engine
  readonly pipeline: number
  readonly round: number
  /** As redis-benchmark calls it, without what stands in brackets behind it. */
  readonly test: string
  /** Requests a second. */
  readonly rate: number
  /** CPU time of the server for a request, microseconds; null where others come with them. */
  readonly cpuMicros: number | null
}

/** All rounds. */
export async function runServer(): Promise<void> {
  const { dir, facts } = startTrial('server')
  const runs: Run[] = []
  for (let round = 1; round <= ROUNDS; ++round) {
    for (const pipeline of PIPELINES) {
      console.error(`round ${round}: pipelines of ${pipeline}`)
      runs.push(...(await measure(pipeline, round, dir)))
    }
  }
  const metrics = PIPELINES.flatMap((pipeline) => metricsOf(runs, pipeline))
  console.log(tableOf(metrics))
  const head = { type: 'machine', trial: 'server', rounds: ROUNDS, keys: KEYS, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-server.jsonl`, [head, ...runs, ...metrics])
  console.error(`written to ${path}`)
}

/** Medians of the rounds; the ratio is that of the ratios within each. */
interface Metric {
  readonly type: 'metric'
  readonly pipeline: number
  readonly test: string
  readonly snapfork: number
  readonly redis: number
  readonly ratio: number
  readonly cpuMicros: Readonly<Record<Engine, number>> | null
}

function metricsOf(runs: readonly Run[], pipeline: number): Metric[] {
  const ofPipeline = runs.filter((run) => run.pipeline === pipeline)
  const tests = [...new Set(ofPipeline.map(({ test }) => test))]
  return tests.map((test) => {
    const of = (engine: Engine) =>
      ofPipeline.filter((run) => run.test === test && run.engine === engine)
    const [ours, theirs] = [of('snapfork'), of('redis')]
    const cpu = (own: readonly Run[]) => medianOf(own.map(({ cpuMicros }) => cpuMicros ?? 0))
    return {
      type: 'metric',
      pipeline,
      test,
      snapfork: medianOf(ours.map(({ rate }) => rate)),
      redis: medianOf(theirs.map(({ rate }) => rate)),
      ratio: medianOf(ours.map(({ rate }, at) => rate / (theirs[at]?.rate ?? Number.NaN))),
      cpuMicros: ours[0]?.cpuMicros == null ? null : { snapfork: cpu(ours), redis: cpu(theirs) },
    }
  })
}

function tableOf(metrics: readonly Metric[]): string {
  const lines = metrics.map(({ pipeline, test, snapfork, redis, ratio, cpuMicros }) => {
    const rates = [snapfork, redis].map((rate) => Math.round(rate).toLocaleString('en-US'))
    const cpu = cpuMicros && [cpuMicros.snapfork, cpuMicros.redis].map((one) => one.toFixed(2))
    const cells = [pipeline, test, ...rates, ratio.toFixed(2), cpu?.join(' / ') ?? '']
    return `| ${cells.join(' | ')} |`
  })
  const head = '| -P | test | snapfork | redis | ratio | CPU time a request, microseconds |'
  return [head, '|---|---|---|---|---|---|', ...lines].join('\n')
}

/** One round: two fresh servers, and every test at one and then at the other. */
async function measure(pipeline: number, round: number, dir: string): Promise<Run[]> {
  return withServer('snapfork', 'none', dir, (ours) =>
    withServer('redis', 'none', dir, async (theirs) => {
      const servers = round % 2 === 1 ? [ours, theirs] : [theirs, ours]
      for (const { port } of servers) benchmark(port, 16, WARM_UP_REQUESTS, 'ping_mbulk')
      const shortOnes = SHORT_TESTS.flatMap((test) =>
        servers.flatMap((server) => runTest(server, pipeline, REQUESTS, test)),
      )
      const longOnes = LONG_TESTS.flatMap((test) =>
        servers.flatMap((server) => runTest(server, pipeline, LONG_REQUESTS, test)),
      )
      return [
        ...shortOnes.map((run) => ({ ...run, round })),
        // Lists are filled for these first, which counts in the time but not in the requests.
        ...longOnes.map((run) => ({ ...run, round, cpuMicros: null })),
      ]
    }),
  )
}

function runTest(
  { engine, pid, port }: Served,
  pipeline: number,
  numbers: Readonly<Record<number, number>>,
  name: string,
): Omit<Run, 'round'>[] {
  const requests = numbers[pipeline] as number
  const before = cpuSeconds(pid)
  const rates = benchmark(port, pipeline, requests, name)
  const cpuMicros = ((cpuSeconds(pid) - before) * 1e6) / requests
  return Object.entries(rates).map(([test, rate]) => {
    return { type: 'run', engine, pipeline, test, rate, cpuMicros }
  })
}

/** The rates by the test's name, without what stands in brackets behind it. */
function benchmark(
  port: number,
  pipeline: number,
  requests: number,
  tests: string,
): Readonly<Record<string, number>> {
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
