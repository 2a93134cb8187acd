/**
 * A real redis-server to compare with: found, or installed once, else the test is skipped loudly.
 *
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RespClient, SimpleString } from './resp-client.js'

/** Loading a file included. */
const START_MS_MAX = 60_000
const INSTALL_MS_MAX = 180_000

export class RedisServer {
  readonly version: string
  readonly #process: ChildProcess
  readonly #directory: string
  readonly #clients: RespClient[] = []

  constructor(version: string, child: ChildProcess, directory: string) {
    this.version = version
    this.#process = child
    this.#directory = directory
  }

  get socketPath(): string {
    return join(this.#directory, 'redis.sock')
  }

  /** What SAVE writes, unless the settings say otherwise. */
  get snapshotPath(): string {
    return join(this.#directory, 'dump.rdb')
  }

  async connect(): Promise<RespClient> {
    const client = await RespClient.connect({ path: this.socketPath })
    this.#clients.push(client)
    return client
  }

  /** Ends the server; what it held is gone. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close()
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve))
      this.#process.kill('SIGKILL')
      await ended
    }
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/**
 * Starts a server on a socket of its own, or returns null if there is none on this machine.
 *
 * @param settings Such as `'--dir', dir`, which makes it load the `dump.rdb` of a folder.
 */
export async function startRedis(...settings: string[]): Promise<RedisServer | null> {
  const program = findRedis() ?? (installRedis() ? findRedis() : null)
  if (program === null) {
    console.error('*** no redis-server: nothing is compared with Redis. Set REDIS_SERVER=path. ***')
    return null
  }
  const directory = mkdtempSync(join(tmpdir(), 'sf-redis-'))
  const child = spawn(program.path, serverArguments(directory, settings), { stdio: 'ignore' })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const server = new RedisServer(program.version, child, directory)
  await waitUntilReady(server, child)
  return server
}

/** Runs redis-check-rdb on a file, which is redis-server by another name. */
export function checkRdb(path: string): { isSound: boolean; output: string } {
  const program = findRedis()
  if (program === null) throw new Error('no redis-server')
  const options = { argv0: 'redis-check-rdb', encoding: 'utf8' } as const
  const { status, stdout } = spawnSync(program.path, [path], options)
  return { isSound: status === 0 && stdout.includes('RDB looks OK!'), output: stdout }
}

function serverArguments(directory: string, settings: readonly string[]): string[] {
  const socket = join(directory, 'redis.sock')
  return [
    ...['--port', '0', '--unixsocket', socket, '--dir', directory, '--loglevel', 'warning'],
    ...['--save', '', '--appendonly', 'no', '--enable-debug-command', 'yes'],
    ...settings,
  ]
}

async function waitUntilReady(server: RedisServer, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS_MAX
  for (;;) {
    try {
      const client = await RespClient.connect({ path: server.socketPath })
      const reply = await client.send('PING')
      client.close()
      // It answers -LOADING while it loads a file.
      if (reply instanceof SimpleString) return
    } catch (error) {
      if (child.exitCode !== null || Date.now() > deadline) {
        await server.stop()
        throw new Error('redis-server did not start', { cause: error })
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function findRedis(): { path: string; version: string } | null {
  const path = process.env.REDIS_SERVER ?? 'redis-server'
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  if (status !== 0) return null
  return { path, version: /v=([0-9.]+)/.exec(stdout)?.[1] ?? 'unknown' }
}

let didTryToInstall = false

/** Once, and only where it needs no password: as root, in CI or in a container. */
function installRedis(): boolean {
  if (didTryToInstall || process.getuid?.() !== 0) return false
  didTryToInstall = true
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env, stdio: 'ignore', timeout: INSTALL_MS_MAX } as const
  return spawnSync('apt-get', ['install', '-y', 'redis-server'], options).status === 0
}
