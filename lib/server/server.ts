/**
 * A server that any Redis client can talk to, over an engine of this process.
 *
 * @module
 */

import { chmod, unlink } from 'node:fs/promises'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { loadUsers } from '../acl/acl-file.js'
import type { CommandTable } from '../commands/command.js'
import type { CommandSpec } from '../commands/spec.js'
import { makeLookup } from '../commands/table.js'
import { INTERNALS, type Snapfork } from '../engine/snapfork.js'
import { ReplyError, SnapforkError } from '../errors.js'
import { ALL_COMMANDS } from './commands/table.js'
import { Connection } from './connection.js'
import { ServerCore, type ShutdownOptions } from './server-core.js'
import {
  type ResolvedServerOptions,
  resolveServerOptions,
  type ServerOptions,
} from './server-options.js'

/** Ends the process; rejects with what the client is told if it does not end. */
export type ShutdownListener = (options: ShutdownOptions) => Promise<never>

/** What only a file of directives can say. */
export interface ConfFacts {
  readonly path: string | null
  /** New names of commands, in upper case; an empty one takes a command away. */
  readonly renames: ReadonlyMap<string, string>
  /** Lines of users: name and rules. */
  readonly users: readonly (readonly string[])[]
}

const NO_CONF: ConfFacts = { path: null, renames: new Map(), users: [] }

function renamed(
  table: CommandTable,
  renames: ReadonlyMap<string, string>,
): ReadonlyMap<string, CommandSpec> {
  if (renames.size === 0) return table
  return new Map(
    [...table].flatMap(([name, row]) => {
      const newName = renames.get(name) ?? name
      return newName === '' ? [] : [[newName, row] as const]
    }),
  )
}

/** Between two looks at clients that are idle, and at what was done meanwhile. */
const TICK_MS = 1000

/** By engine. Changes of keys, and what the lanes may run, are told to one server. */
const SERVERS = new WeakMap<Snapfork, SnapforkServer>()

export class SnapforkServer {
  readonly #db: Snapfork
  readonly #core: ServerCore
  readonly #listeners: Server[] = []
  readonly #connections = new Set<Connection>()
  #nextId = 1
  #timer: NodeJS.Timeout | null = null
  #closing: Promise<void> | null = null
  readonly #onUpkeep: (listener: (() => void) | null) => void
  #onShutdown: ShutdownListener | null = null

  /** @internal */
  constructor(db: Snapfork, options: ResolvedServerOptions, conf: ConfFacts = NO_CONF) {
    if (SERVERS.has(db)) {
      throw new SnapforkError('ERR_SNAPFORK_SERVER_EXISTS', 'The engine has a server already.')
    }
    this.#db = db
    const table = renamed(ALL_COMMANDS, conf.renames)
    const internals = db[INTERNALS]()
    this.#onUpkeep = internals.onUpkeep
    this.#core = new ServerCore({
      ...internals,
      options,
      confPath: conf.path,
      find: makeLookup(table),
      table,
      usesLanes: conf.renames.size === 0,
      port: () => this.port ?? 0,
      shutdown: (how) => this.#shutdown(how),
    })
    for (const [name = '', ...rules] of conf.users) this.#core.access.users.set(name, rules)
    SERVERS.set(db, this)
  }

  #shutdown(how: ShutdownOptions): Promise<never> {
    if (this.#onShutdown !== null) return this.#onShutdown(how)
    return Promise.reject(new ReplyError('ERR this server cannot be shut down by a client'))
  }

  get #options(): ResolvedServerOptions {
    return this.#core.options
  }

  /**
   * Begins to listen at all addresses of the options.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_IO` with `cause` if it cannot at one; then it
   *   listens at none. An address of IPv6 may be missing where the host has none, unless it was
   *   asked for.
   */
  async listen(): Promise<void> {
    const { port, tls, tlsPort, bind, isBound, unixsocket, aclfile } = this.#options
    if (aclfile !== null) loadUsers(this.#core.access.users, aclfile)
    try {
      const listeners = {
        plain: () => this.#makeListener(null),
        tls: () => this.#makeTlsListener(),
      }
      const isPlain = tls === null || tlsPort !== null
      if (port !== null) {
        await this.#listenAt(bind, port, isBound, isPlain ? listeners.plain : listeners.tls)
      }
      if (tlsPort !== null) await this.#listenAt(bind, tlsPort, isBound, listeners.tls)
      if (unixsocket !== null) await this.#listenAtPath(unixsocket)
    } catch (cause) {
      await this.close()
      throw new SnapforkError('ERR_SNAPFORK_IO', 'The server cannot listen.', { cause })
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref()
    this.#onUpkeep(() => this.#core.tick())
  }

  async #listenAt(
    hosts: readonly string[],
    port: number,
    isBound: boolean,
    make: () => Server,
  ): Promise<void> {
    let chosen = port
    for (const host of hosts) {
      const listener = make()
      try {
        await listen(listener, { host, port: chosen, backlog: this.#options.tcpBacklog })
      } catch (error) {
        if (isBound || !isMissingAddress(error)) throw error
        continue
      }
      this.#listeners.push(listener)
      // All addresses share the port that was free at the first.
      chosen = (listener.address() as AddressInfo).port
    }
  }

  async #listenAtPath(path: string): Promise<void> {
    await unlink(path).catch(() => {})
    const listener = this.#makeListener(path)
    await listen(listener, { path, backlog: this.#options.tcpBacklog })
    this.#listeners.push(listener)
    const mode = this.#options.unixsocketperm
    if (mode !== null) await chmod(path, mode)
  }

  #makeListener(unixPath: string | null): Server {
    // A connection reads in its own way.
    const options = { pauseOnConnect: true }
    return createTcpServer(options, (socket) => this.#accept(socket, unixPath))
  }

  #makeTlsListener(): Server {
    const listener = createTlsServer(this.#options.tls ?? {}, (socket) => {
      this.#accept(socket, null)
    })
    // Who does not speak TLS, or has no certificate that counts, is dropped.
    listener.on('tlsClientError', () => {})
    return listener
  }

  /** Of a client that has come by a Unix socket, `unixPath` is where. */
  #accept(socket: Socket, unixPath: string | null): void {
    const core = this.#core
    core.connectionsReceived += 1
    const refusal = this.#refusalOf(socket, unixPath !== null)
    if (refusal !== null) {
      core.connectionsRejected += 1
      socket.on('error', () => {})
      socket.resume()
      socket.end(refusal)
      return
    }
    const { tcpKeepalive } = this.#options
    if (unixPath === null && tcpKeepalive > 0) socket.setKeepAlive(true, tcpKeepalive * 1000)
    const id = this.#nextId
    this.#nextId += 1
    const connection = new Connection({
      core,
      socket,
      id,
      unixPath,
      onClose: (closed) => {
        this.#connections.delete(closed)
        core.clients.delete(closed.client.id)
      },
    })
    this.#connections.add(connection)
    core.welcome(connection.client)
    connection.configure()
  }

  #refusalOf(socket: Socket, isUnix: boolean): string | null {
    const { maxclients, protectedMode, isBound } = this.#options
    if (this.#connections.size >= maxclients) return '-ERR max number of clients reached\r\n'
    if (isUnix || !protectedMode || isBound || !this.#core.access.isOpen) return null
    return isLoopback(socket.remoteAddress ?? '') ? null : PROTECTED
  }

  #tick(): void {
    const { traffic, stats, now } = this.#core
    traffic.sample(now(), stats.calls)
    this.#dropIdle()
  }

  #dropIdle(): void {
    const { timeout } = this.#options
    if (timeout === 0) return
    for (const { client } of this.#connections) {
      const isAtWork = client.waiting !== null || client.isSubscriber || client.isMonitor
      if (!isAtWork && client.output.idleMs > timeout * 1000) client.output.close(false)
    }
  }

  /** Listens for SHUTDOWN: whoever owns the process decides what that means. */
  onShutdown(listener: ShutdownListener): void {
    this.#onShutdown = listener
  }

  /** Whether there are save points: then a server saves before it ends. */
  get hasSavePoints(): boolean {
    return this.#core.config.value('save') !== ''
  }

  /** Port it listens at, or null without one. */
  get port(): number | null {
    for (const listener of this.#listeners) {
      const address = listener.address()
      if (typeof address === 'object' && address !== null) return address.port
    }
    return null
  }

  /** Ends all connections, and listens no more. The engine stays open. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#onUpkeep(null)
    this.#core.pauses.stop()
    this.#core.migrations.close()
    const closed = this.#listeners.map(
      (listener) => new Promise<void>((resolve) => listener.close(() => resolve())),
    )
    for (const connection of this.#connections) connection.close(true)
    // A peer that does not end is not waited for.
    setImmediate(() => {
      for (const connection of this.#connections) connection.close(false)
    })
    await Promise.all([...closed, ...[...this.#connections].map((one) => one.whenClosed)])
    SERVERS.delete(this.#db)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Makes a server for an engine. It listens when {@link SnapforkServer.listen} is called.
 *
 * The engine may be used directly as well: commands of both take turns. It has one server at a
 * time, which may listen at several addresses.
 *
 * @throws {TypeError | RangeError} `ERR_SNAPFORK_INVALID_ARG` for an option.
 * @throws {SnapforkError} `ERR_SNAPFORK_SERVER_EXISTS` until the one before it is closed.
 *
 * @example
 * const server = createServer(db, { port: 6379 })
 * await server.listen()
 */
export function createServer(db: Snapfork, options?: ServerOptions): SnapforkServer {
  return new SnapforkServer(db, resolveServerOptions(options))
}

/** What a client from elsewhere is told by a server without a password. */
const PROTECTED =
  '-DENIED Redis is running in protected mode because protected mode is enabled and no password ' +
  'is set for the default user. In this mode connections are only accepted from the loopback ' +
  'interface. If you want to connect from external computers to Redis you may adopt one of the ' +
  "following solutions: 1) Just disable protected mode sending the command 'CONFIG SET " +
  "protected-mode no' from the loopback interface by connecting to Redis from the same host the " +
  'server is running, however MAKE SURE Redis is not publicly accessible from internet if you do ' +
  'so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable ' +
  'the protected mode by editing the Redis configuration file, and setting the protected mode ' +
  "option to 'no', and then restarting the server. 3) If you started the server manually just " +
  "for testing, restart it with the '--protected-mode no' option. 4) Setup a an authentication " +
  'password for the default user. NOTE: You only need to do one of the above things in order for ' +
  'the server to start accepting connections from the outside.\r\n'

function listen(
  server: Server,
  options: { host?: string; port?: number; path?: string; backlog: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function isMissingAddress(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return ['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'ENOTFOUND'].includes(code)
}

function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./.test(address) || address === '::1'
}
