/**
 * How long one client waits for its replies while another one behaves badly, at a server of ours
 * and at redis-server in turn. Prints a table and appends JSON lines to bench/results/.
 *
 * @module
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeCommands, RedisConnection } from './drivers/redis-connection.js'
import { appendResults } from './results-file.js'
import { ENGINES, type Engine, startTrial, withServer } from './served.js'
import { medianOf, percentileOf } from './stats.js'

const ROUNDS = 3
const MEASURED_MS = 4000
/** Of calm, before the other one begins. */
const CALM_MS = 300
const LARGE_BYTES = 1 << 20
const LARGE_READS = 200
const SLOW_BYTES = 64 << 10
const SLOW_MS = 50

/** What another client does; ends it. */
type Neighbour = (socket: Socket) => () => void

const askForMuch = (socket: Socket) => {
  socket.pause()
  socket.write(encodeCommands(Array.from({ length: LARGE_READS }, () => ['GET', 'large'])))
}

const NEIGHBOURS: Readonly<Record<string, Neighbour>> = {
  nobody: () => () => {},
  [`asks for ${LARGE_READS} MiB and reads 1.3 MB a second`]: (socket) => {
    askForMuch(socket)
    const timer = setInterval(() => void socket.read(SLOW_BYTES), SLOW_MS)
    return () => clearInterval(timer)
  },
  [`asks for ${LARGE_READS} MiB and never reads`]: (socket) => {
    askForMuch(socket)
    return () => {}
  },
  'sends half a command': (socket) => {
    const command = encodeCommands([['SET', 'half', 'x'.repeat(2 * LARGE_BYTES)]])
    socket.write(command.subarray(0, LARGE_BYTES))
    return () => {}
  },
}

interface Figures {
  readonly medianMs: number
  readonly p99Ms: number
  readonly longestMs: number
}

interface Run extends Figures {
  readonly type: 'run'
  readonly engine: Engine
  readonly neighbour: string
  readonly round: number
}

/** All rounds. */
export async function runNeighbours(): Promise<void> {
  const { dir, facts } = startTrial('neighbours')
  const runs: Run[] = []
  for (let round = 1; round <= ROUNDS; ++round) {
    for (const [neighbour, act] of Object.entries(NEIGHBOURS)) {
      for (const engine of round % 2 === 1 ? ENGINES : [...ENGINES].reverse()) {
        const figures = await withServer(engine, 'none', dir, ({ socket }) => measure(socket, act))
        console.error(`round ${round}: ${engine}, ${neighbour}: ${JSON.stringify(figures)}`)
        runs.push({ type: 'run', engine, neighbour, round, ...figures })
      }
    }
  }
  const rows = Object.keys(NEIGHBOURS).map((neighbour) => rowOf(runs, neighbour))
  console.log(tableOf(rows))
  const head = { type: 'machine', trial: 'neighbours', rounds: ROUNDS, ...facts }
  const path = appendResults(`${facts.date.slice(0, 10)}-neighbours.jsonl`, [
    head,
    ...runs,
    ...rows,
  ])
  console.error(`written to ${path}`)
}

async function measure(path: string, act: Neighbour): Promise<Figures> {
  const client = await RedisConnection.connect(path, [])
  await client.command('SET', 'large', 'x'.repeat(LARGE_BYTES))
  const other = connect(path)
  other.on('error', () => {})
  await once(other, 'connect')
  const waits: number[] = []
  const end = performance.now() + MEASURED_MS
  let stop: (() => void) | null = null
  for (let turn = 0; performance.now() < end; ++turn) {
    if (stop === null && performance.now() > end - MEASURED_MS + CALM_MS) stop = act(other)
    const startedAt = performance.now()
    if (turn % 2 === 0) await client.command('SET', 'key', String(turn))
    else await client.command('GET', 'key')
    waits.push(performance.now() - startedAt)
    // So that this process comes to what it reads for the other one.
    if (turn % 100 === 0) await sleep(0)
  }
  stop?.()
  other.destroy()
  client.close()
  const sorted = Float64Array.from(waits).sort()
  return {
    medianMs: percentileOf(sorted, 0.5),
    p99Ms: percentileOf(sorted, 0.99),
    longestMs: percentileOf(sorted, 1),
  }
}

interface Row {
  readonly type: 'row'
  readonly neighbour: string
  readonly engines: Readonly<Record<Engine, Figures>>
}

function rowOf(runs: readonly Run[], neighbour: string): Row {
  const of = (engine: Engine): Figures => {
    const own = runs.filter((run) => run.engine === engine && run.neighbour === neighbour)
    const median = (name: keyof Figures) => medianOf(own.map((run) => run[name]))
    return { medianMs: median('medianMs'), p99Ms: median('p99Ms'), longestMs: median('longestMs') }
  }
  return { type: 'row', neighbour, engines: { snapfork: of('snapfork'), redis: of('redis') } }
}

function tableOf(rows: readonly Row[]): string {
  const cells = ({ medianMs, p99Ms, longestMs }: Figures) =>
    [medianMs, p99Ms, longestMs].map((ms) => ms.toFixed(3)).join(' / ')
  return [
    '| another client | snapfork, ms: median / p99 / longest | redis-server |',
    '|---|---|---|',
    ...rows.map(({ neighbour, engines: { snapfork, redis } }) => {
      return `| ${neighbour} | ${cells(snapfork)} | ${cells(redis)} |`
    }),
  ].join('\n')
}
