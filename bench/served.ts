/**
 * Servers of both engines for the benchmarks, each a process of its own.
 *
 * With `serve`, a directory, a path, a port and a policy as its arguments it is the one of ours.
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
import { redisVersion } from './drivers/redis.js'
import { type MachineFacts, machineFacts } from './machine.js'
import { freePort } from './ports.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PROGRAM = fileURLToPath(import.meta.url)

export const ENGINES = ['snapfork', 'redis'] as const
export type Engine = (typeof ENGINES)[number]
/** Of the log, which is never rewritten; `none`: there is none. */
export type Policy = 'always' | 'everysec' | 'none'

/** A directory that goes with the process, and the facts, which are told. Throws without Redis. */
export function startTrial(name: string): { dir: string; facts: MachineFacts } {
  const data = join(ROOT, 'bench/data')
  mkdirSync(data, { recursive: true })
  const redis = redisVersion()
  if (redis === null) throw new Error('There is no redis-server and no redis-benchmark here.')
  const dir = mkdtempSync(join(data, `${name}-`))
  atExit(() => rmSync(dir, { recursive: true, force: true }))
  const facts = machineFacts(dir, redis)
  console.error(`${facts.cpu}, ${facts.cores} cores, Linux ${facts.kernel}, Node ${facts.node}`)
  return { dir, facts }
}

/** A server that runs. */
export interface Served {
  readonly engine: Engine
  readonly pid: number
  /** A Unix socket. */
  readonly socket: string
  readonly port: number
}

/** Runs `act` beside a server with a directory of its own there, and saves nothing by itself. */
export async function withServer<T>(
  engine: Engine,
  policy: Policy,
  parent: string,
  act: (server: Served) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(parent, `${engine}-`))
  // Elsewhere, so that it can be reached while the disk stands still.
  const socket = join(mkdtempSync('/tmp/sf-bench-'), 's')
  const port = await freePort()
  const server = start(engine, policy, dir, socket, port)
  const kill = atExit(() => void server.kill('SIGKILL'))
  try {
    await untilReady(socket)
    return await act({ engine, pid: server.pid as number, socket, port })
  } finally {
    const ended = once(server, 'exit')
    kill()
    await ended
    rmSync(dir, { recursive: true, force: true })
    rmSync(join(socket, '..'), { recursive: true, force: true })
  }
}

function start(
  engine: Engine,
  policy: Policy,
  dir: string,
  socket: string,
  port: number,
): ChildProcess {
  const log =
    policy === 'none'
      ? ['--appendonly', 'no']
      : ['--appendonly', 'yes', '--appendfsync', policy, '--auto-aof-rewrite-percentage', '0']
  const [program, args] =
    engine === 'redis'
      ? [
          'redis-server',
          [...['--port', String(port), '--unixsocket', socket, '--dir', dir, '--save', ''], ...log],
        ]
      : [process.execPath, [PROGRAM, 'serve', dir, socket, String(port), policy]]
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

const [, program, verb, dir, unixsocket, port, policy] = process.argv
if (program === PROGRAM && verb === 'serve' && dir !== undefined && unixsocket !== undefined) {
  const log =
    policy === 'always' || policy === 'everysec'
      ? { appendonly: true, appendfsync: policy, autoAofRewritePercentage: 0 }
      : {}
  const db = await open({ dir, ...log } as Parameters<typeof open>[0])
  await createServer(db, { port: Number(port), unixsocket, bind: '127.0.0.1' }).listen()
}
