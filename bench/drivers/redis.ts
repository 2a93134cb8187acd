/**
 * redis-server, in a process of its own, on a Unix socket. This process makes the load.
 *
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pace } from '../pace.js'
import { residentBytes } from '../processes.js'
import { fillOf, keyName, makeValues, PAIR_KEYS, type Update } from '../workload.js'
import type {
  Driver,
  DurableFigures,
  LoadFigures,
  LogPolicy,
  SaveFigures,
  WriteFigures,
} from './driver.js'
import { encodeCommands, RedisConnection } from './redis-connection.js'

const PROGRAM = process.env.REDIS_SERVER ?? 'redis-server'
const POLL_MS = 5
const WRITERS = 50
const READERS = 10
const START_MS_MAX = 300_000
const SETTLE_MS = 500
/** In the current directory: the path of a Unix socket may have 107 bytes at most. */
const SOCKET = 'redis.sock'
const PERCENTILES = '50 99 99.9 100'
const NANOS_PER_MICRO = 1000

/** null if there is no redis-server here. */
export function redisVersion(): string | null {
  const { status, stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' })
  return status === 0 ? (/v=([0-9.]+)/.exec(stdout)?.[1] ?? 'unknown') : null
}

export class RedisDriver implements Driver {
  readonly #values: readonly string[]
  readonly #announce: (pid: number) => void
  #process: ChildProcess | null = null
  #connection: RedisConnection | null = null
  /** Of saves: asked while rows of writes are under way. */
  #saver: RedisConnection | null = null
  /** Of single operations: the server syncs once for all that it finds in one turn. */
  #writers: RedisConnection[] = []
  #readers: RedisConnection[] = []

  /** `announce` gets the server's pid, for whoever cleans up if this process dies. */
  constructor(valueBytes: number, announce: (pid: number) => void) {
    this.#values = makeValues(valueBytes)
    this.#announce = announce
  }

  get pid(): number {
    const pid = this.#process?.pid
    if (pid === undefined) throw new Error('redis-server does not run')
    return pid
  }

  async open(dir: string, policy: LogPolicy = 'none'): Promise<LoadFigures> {
    process.chdir(dir)
    const startedAt = performance.now()
    // A group of its own: its saving children are ended with it, and Ctrl-C does not reach it.
    const server = spawn(PROGRAM, settings(dir, policy), {
      cwd: dir,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = server
    let failure: Error | null = null
    server.once('error', (error) => {
      failure = error
    })
    if (server.pid !== undefined) this.#announce(server.pid)
    let log = ''
    server.stdout?.on('data', (chunk) => {
      log += chunk
    })
    server.stderr?.resume()
    while (!(await this.#isServing())) {
      if (failure !== null || server.exitCode !== null) {
        throw new Error('redis-server did not start', { cause: failure })
      }
      if (performance.now() - startedAt > START_MS_MAX)
        throw new Error('redis-server loads forever')
      await sleep(POLL_MS)
    }
    const seconds = (performance.now() - startedAt) / 1000
    await this.#connected.command('CONFIG', 'SET', 'latency-tracking-info-percentiles', PERCENTILES)
    const keys = Number(await this.#connected.command('DBSIZE'))
    // The server serves before what it logged has come through the pipe.
    while (!/ready to accept connections/i.test(log)) {
      if (performance.now() - startedAt > START_MS_MAX) throw new Error('redis-server logs nothing')
      await sleep(POLL_MS)
    }
    this.#saver = await RedisConnection.connect(SOCKET, this.#values)
    this.#writers = await this.#connect(WRITERS)
    this.#readers = await this.#connect(READERS)
    return { keys, seconds, reportedSeconds: loadSeconds(log) }
  }

  storeBytes(): number {
    return residentBytes(this.pid)
  }

  async settle(): Promise<void> {
    await this.#connected.command('CONFIG', 'RESETSTAT')
    await sleep(SETTLE_MS)
  }

  async fill(keys: number): Promise<void> {
    let index = 0
    const encode = (count: number) => this.#connected.encodeSets(count, (to) => fillOf(index++, to))
    await this.#connected.pipeline({ count: keys }, encode, () => true)
  }

  run(commands: Iterable<readonly string[]>): Promise<void> {
    return this.#connected.commands(commands)
  }

  write(pace: Pace, next: (to: Update) => void, isOver: () => boolean): Promise<WriteFigures> {
    return this.#writeRow(pace, 'SET', (count) => this.#connected.encodeSets(count, next), isOver)
  }

  writeCommands(
    pace: Pace,
    name: string,
    next: () => readonly string[],
    isOver: () => boolean,
  ): Promise<WriteFigures> {
    const encode = (count: number) =>
      encodeCommands(Array.from({ length: count }, () => [name, ...next()]))
    return this.#writeRow(pace, name, encode, isOver)
  }

  async writeDurably(seconds: number, writers: number): Promise<DurableFigures> {
    const connections = await this.#connect(writers)
    const startedAt = performance.now()
    let writes = 0
    const writer = async (connection: RedisConnection, index: number) => {
      for (; performance.now() - startedAt < seconds * 1000; ++writes) {
        const value = this.#values[writes % this.#values.length] as string
        await connection.command('SET', keyName(index), value)
      }
    }
    await Promise.all(connections.map(writer))
    const taken = (performance.now() - startedAt) / 1000
    for (const connection of connections) connection.close()
    return { writes, seconds: taken }
  }

  async setOne(index: number): Promise<boolean> {
    const value = this.#values[index % this.#values.length] as string
    const writer = this.#writers[index % WRITERS] as RedisConnection
    await writer.command('SET', keyName(index % PAIR_KEYS), value)
    return true
  }

  async getOne(index: number): Promise<void> {
    const reader = this.#readers[index % READERS] as RedisConnection
    await reader.command('GET', keyName(index % PAIR_KEYS))
  }

  untilDurable(): undefined {}

  async size(): Promise<number> {
    return Number(await this.#connected.command('DBSIZE'))
  }

  async rewriteLog(): Promise<void> {
    await this.#connected.command('BGREWRITEAOF')
    for (;;) {
      const info = await this.#connected.command('INFO', 'persistence')
      if (/aof_rewrite_(in_progress|scheduled):1/.test(info)) await sleep(POLL_MS)
      else if (/aof_last_bgrewrite_status:ok/.test(info)) return
      else throw new Error('BGREWRITEAOF failed')
    }
  }

  async startSave(): Promise<void> {
    // Here, not in write(): it would wipe out the time of the fork as well.
    await this.#saving.command('CONFIG', 'RESETSTAT')
    await this.#saving.command('BGSAVE')
  }

  async finishSave(): Promise<SaveFigures> {
    for (;;) {
      const info = await this.#saving.command('INFO', 'everything')
      if (/rdb_bgsave_in_progress:0/.test(info)) {
        if (!/rdb_last_bgsave_status:ok/.test(info)) throw new Error('BGSAVE failed')
        return {
          forkMicros: numberOf(info, /latest_fork_usec:(\d+)/),
          duplicatedBytes: numberOf(info, /rdb_last_cow_size:(\d+)/),
          extraBytes: null,
          movedEntries: null,
        }
      }
      await sleep(POLL_MS)
    }
  }

  async close(): Promise<void> {
    for (const one of [...this.#writers.splice(0), ...this.#readers.splice(0)]) one.close()
    this.#connection?.close()
    this.#connection = null
    this.#saver?.close()
    this.#saver = null
    const server = this.#process
    this.#process = null
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    process.kill(-server.pid, 'SIGKILL')
    await ended
  }

  async #writeRow(
    pace: Pace,
    name: string,
    encode: (count: number) => Buffer,
    isOver: () => boolean,
  ): Promise<WriteFigures> {
    const startedAt = performance.now()
    let inside = 0
    const writes = await this.#connected.pipeline(pace, encode, (done) => {
      if (isOver()) return pace.endsWithChild !== true
      inside = done
      return true
    })
    const seconds = (performance.now() - startedAt) / 1000
    const stats = await this.#connected.command('INFO', 'latencystats')
    const row = `latency_percentiles_usec_${name.toLowerCase()}`
    const percentile = (rank: string) =>
      numberOf(stats, new RegExp(`${row}:.*\\b${rank}=([0-9.]+)`)) * NANOS_PER_MICRO
    return {
      writes,
      inside,
      seconds,
      medianNanos: percentile('p50'),
      percentile99Nanos: percentile('p99'),
      percentile999Nanos: percentile('p99.9'),
      longestNanos: percentile('p100'),
    }
  }

  #connect(count: number): Promise<RedisConnection[]> {
    return Promise.all(
      Array.from({ length: count }, () => RedisConnection.connect(SOCKET, this.#values)),
    )
  }

  get #connected(): RedisConnection {
    if (this.#connection === null) throw new Error('there is no connection to redis-server')
    return this.#connection
  }

  get #saving(): RedisConnection {
    if (this.#saver === null) throw new Error('there is no connection to redis-server')
    return this.#saver
  }

  /** Whether the server takes commands; one that loads says so. */
  async #isServing(): Promise<boolean> {
    try {
      this.#connection ??= await RedisConnection.connect(SOCKET, this.#values)
      return (await this.#connection.command('PING')) === 'PONG'
    } catch {
      return false
    }
  }
}

/** As in snapfork: no rewrite and no save of its own accord, compression and checksum on. */
function settings(dir: string, policy: LogPolicy): string[] {
  const log =
    policy === 'none'
      ? ['--appendonly', 'no']
      : ['--appendonly', 'yes', '--appendfsync', policy, '--auto-aof-rewrite-percentage', '0']
  return [
    ...log,
    ...['--port', '0', '--unixsocket', SOCKET, '--dir', dir, '--dbfilename', 'dump.rdb'],
    ...['--save', '', '--rdbcompression', 'yes', '--rdbchecksum', 'yes'],
    ...['--loglevel', 'notice', '--daemonize', 'no'],
  ]
}

/** From the log; 0 if nothing was loaded. */
function loadSeconds(log: string): number {
  return Number(/DB loaded from (?:disk|append only file): ([0-9.]+) seconds/.exec(log)?.[1] ?? 0)
}

function numberOf(text: string, pattern: RegExp): number {
  const [, number] = pattern.exec(text) ?? []
  if (number === undefined) throw new Error(`redis-server does not tell ${pattern.source}`)
  return Number(number)
}
