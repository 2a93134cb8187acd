/**
 * What the clients of a server have in common, and how one of their commands is run.
 *
 * Invariants
 *  (C2) A command of a client is run by `runCommand` alone, or in the express lane, which it
 *       replaces in everything: each has one meaning, whichever way it came.
 *
 * @module
 */

import { performance } from 'node:perf_hooks'
import type { CommandTable } from '../commands/command.js'
import type { Clock, CommandContext } from '../commands/context.js'
import { resolve } from '../commands/dispatch.js'
import type { CommandHost } from '../commands/host.js'
import { lookUp } from '../commands/look-up.js'
import { noMigrationError } from '../commands/migration.js'
import { logBroken } from '../commands/propagation.js'
import { OK, PendingReply, type Reply, withShape } from '../commands/reply.js'
import { shapeOf } from '../commands/reply-shapes.js'
import { encodeError, encodeReply } from '../commands/resp-encoder.js'
import { run } from '../commands/run.js'
import type { CommandSpec, FindCommand } from '../commands/spec.js'
import type { ConfigHost } from '../config/commands.js'
import type { Config } from '../config/config.js'
import { formatInfo, type InfoFacts } from '../engine/info.js'
import { StatisticsBase } from '../engine/statistics-base.js'
import { ReplyError } from '../errors.js'
import { BULK_LATIN1, type NativeEngine } from '../native/engine.js'
import type { ResolvedOptions, RuntimeOptions } from '../options.js'
import { isCounted } from '../scripting/counted-errors.js'
import { Scripts } from '../scripting/scripts.js'
import { Access } from './access.js'
import { type Client, ClientContext, NO_REPLY, type StoredCommand } from './client.js'
import { CommandStats } from './command-stats.js'
import { factsOf } from './facts.js'
import { loadingError, toReplyError } from './failures.js'
import { KeyEvents } from './key-events.js'
import { KeyInterest } from './key-interest.js'
import { LatencyMonitor } from './latency-monitor.js'
import { Migrations } from './migrations.js'
import { Monitors } from './monitor.js'
import { Outbox } from './outbox.js'
import { Pauses } from './pauses.js'
import { PubSub } from './pubsub.js'
import { visibleWords } from './redaction.js'
import type { ResolvedServerOptions } from './server-options.js'
import { changeSettings, configOf } from './settings.js'
import { SlowLog } from './slow-log.js'
import { TrackingTable } from './tracking.js'
import { Traffic } from './traffic.js'
import { Waiters } from './waiters.js'

export interface ServerCoreParts {
  readonly native: NativeEngine
  readonly host: CommandHost
  readonly now: Clock
  readonly databases: number
  readonly options: ResolvedServerOptions
  readonly find: FindCommand
  readonly table: CommandTable
  /** What INFO speaks of, but for the server. */
  readonly facts: () => InfoFacts
  /** Whether the engine does not hold what its files hold yet. */
  readonly isLoading: () => boolean
  /** Calls back when that begins, and when it ends. */
  readonly onLoading: (listener: () => void) => void
  /** Empties the engine and loads its files again. */
  readonly reload: (from: 'snapshot' | 'log') => Promise<void>
  /** Port it listens at, 0 without one. */
  readonly port: () => number
  /** Whether what expires goes by itself. */
  readonly setActiveExpiry: (isOn: boolean) => void
  readonly engineOptions: () => ResolvedOptions
  readonly configureEngine: (changes: RuntimeOptions) => Promise<void>
  /** The file that CONFIG REWRITE writes, or null. */
  readonly confPath: string | null
  /** Ends the server as SHUTDOWN asks for. */
  readonly shutdown: (options: ShutdownOptions) => Promise<never>
  /** Whether the express lanes know the commands by their names. */
  readonly usesLanes: boolean
}

export interface ShutdownOptions {
  /** Whether to write a snapshot first; null: if there are save rules. */
  readonly save: boolean | null
  readonly now: boolean
  /** Also if it fails. */
  readonly force: boolean
}

/** Commands that run at once within a transaction being queued. */
const NOT_QUEUED: ReadonlySet<string> = new Set([
  ...['EXEC', 'DISCARD', 'MULTI', 'WATCH', 'QUIT', 'RESET'],
])
const FLUSHES: ReadonlySet<string> = new Set(['FLUSHALL', 'FLUSHDB'])
/** What a client of RESP2 may do while it listens. */
const OF_LISTENERS: ReadonlySet<string> = new Set([
  ...['SUBSCRIBE', 'UNSUBSCRIBE', 'PSUBSCRIBE', 'PUNSUBSCRIBE', 'SSUBSCRIBE', 'SUNSUBSCRIBE'],
  ...['PING', 'QUIT', 'RESET'],
])

export class ServerCore {
  readonly native: NativeEngine
  readonly host: CommandHost
  readonly now: Clock
  readonly databases: number
  options: ResolvedServerOptions
  readonly clients = new Map<number, Client>()
  readonly pubsub: PubSub
  readonly interest: KeyInterest
  readonly waiters: Waiters
  readonly migrations: Migrations
  readonly monitors = new Monitors((client, line) => this.#push(client, line))
  readonly events: KeyEvents
  readonly tracking: TrackingTable
  /** Whose command runs. */
  #actor: Client | null = null
  /** Messages to that client, which come behind its reply. */
  readonly #behindReply: string[] = []
  readonly stats: CommandStats
  readonly slowlog = new SlowLog()
  readonly latency = new LatencyMonitor()
  readonly scripts: Scripts
  readonly access: Access
  readonly pauses: Pauses
  readonly shutdown: (options: ShutdownOptions) => Promise<never>
  readonly #usesLanes: boolean
  readonly setActiveExpiry: (isOn: boolean) => void
  readonly isLoading: () => boolean
  readonly #reload: ServerCoreParts['reload']
  readonly config: Config
  readonly configHost: ConfigHost
  readonly #configureEngine: (changes: RuntimeOptions) => Promise<void>
  readonly #find: FindCommand
  readonly #facts: () => InfoFacts
  readonly #statisticsBase = new StatisticsBase()
  #afterRun: CommandContext['afterRun'] = null
  readonly traffic = new Traffic()
  readonly outbox = new Outbox(() => this.host.durable())
  connectionsReceived = 0
  connectionsRejected = 0

  constructor(parts: ServerCoreParts) {
    const { native, now, databases, options, shutdown } = parts
    this.native = native
    this.#facts = () => ({ ...parts.facts(), server: factsOf(this, parts.port()) })
    const info: CommandHost['info'] = (sections) => {
      return formatInfo(this.#statisticsBase.since(this.#facts()), sections)
    }
    // The engine's, but for what a server knows better.
    this.host = Object.create(parts.host, { info: { value: info } })
    this.config = configOf(options, parts.engineOptions())
    this.#configureEngine = parts.configureEngine
    this.#find = parts.find
    this.setActiveExpiry = parts.setActiveExpiry
    this.isLoading = parts.isLoading
    this.#reload = parts.reload
    parts.onLoading(() => this.#apply())
    this.now = now
    this.databases = databases
    this.options = options
    this.pubsub = new PubSub((client, message) => client.output.write(message))
    this.interest = new KeyInterest(native)
    this.tracking = new TrackingTable({
      interest: this.interest,
      clients: this.clients,
      watchAll: () => this.#watchAll(),
      send: (client, message) => this.#push(client, message),
    })
    this.events = new KeyEvents((channel, message) => this.pubsub.publish(channel, message))
    this.waiters = new Waiters(this)
    this.migrations = new Migrations(this)
    this.stats = new CommandStats(native)
    this.scripts = Scripts.of(native)
    this.access = new Access({
      table: parts.table,
      clients: this.clients,
      now,
      requirepass: options.requirepass,
      aclfile: options.aclfile,
    })
    this.shutdown = shutdown
    this.#usesLanes = parts.usesLanes
    this.pauses = new Pauses(
      (client, command) => this.resume(client, command),
      () => this.configureLanes(),
    )
    this.configHost = this.#makeConfigHost(parts.confPath)
    this.#apply()
  }

  #makeConfigHost(path: string | null): ConfigHost {
    const { config, access } = this
    return {
      config,
      path,
      userLines: () => (access.path === null ? access.users.lines() : null),
      resetStatistics: () => this.#resetStatistics(),
      change: (pairs, context) => {
        const done = this.#changeSettings(pairs)
        if (context.mayPause) return new PendingReply(done.then(() => OK))
        // Within a transaction nobody can wait: what it comes to shows later.
        done.catch(() => {})
        return OK
      },
    }
  }

  /** Puts the options in force. */
  #apply(): void {
    const { busyReplyThreshold, acllogMaxLen } = this.options
    this.scripts.runner.settings.slowMs = busyReplyThreshold
    this.access.log.setLengthMax(acllogMaxLen)
    this.interest.setAway(this.isLoading())
    this.#configureEvents()
    this.configureLanes()
  }

  #watchAll(): void {
    if (this.isLoading()) return
    const { events, tracking } = this
    this.native.watchAllKeys(events.isOn || tracking.hasBroadcast, events.tellsMissed)
  }

  #configureEvents(): void {
    const { events, options } = this
    events.configure(options.notifyKeyspaceEvents)
    this.#watchAll()
    this.#afterRun = events.isOn
      ? (command, context) => this.collect(command as CommandSpec, context)
      : null
    for (const { context } of this.clients.values()) context.afterRun = this.#afterRun
  }

  /** To be called now and then: keys may have gone though no command came. */
  tick(): void {
    if (this.#isWatching) this.serveReady()
  }

  /**
   * Changes directives, all or none: names and values in turn.
   *
   * @returns Resolves when they are in force.
   * @throws {ReplyError} for what is refused.
   */
  #changeSettings(pairs: readonly string[]): Promise<void> {
    const { server, engine } = changeSettings(this.config, pairs)
    this.options = { ...this.options, ...server } as ResolvedServerOptions
    if (server.requirepass !== undefined) this.access.setPassword(server.requirepass)
    this.#apply()
    // While the engine loads it changes nothing; the server's own options need not wait for it.
    return Object.keys(engine).length === 0 ? Promise.resolve() : this.#configureEngine(engine)
  }

  /** Tells the express lanes what they may run. */
  configureLanes(): void {
    const { protoMaxBulkLen: bulkMax, latencyTracking, clientQueryBufferLimit } = this.options
    const isBusy = this.scripts.runner.isBusy
    const { tellsMissed } = this.events
    const isSeen = !this.monitors.isEmpty || this.pauses.stopsReads || isBusy || tellsMissed
    const runsReads = this.#usesLanes && !isSeen && !this.isLoading()
    const runsWrites = runsReads && !this.pauses.isOn && !this.events.isOn
    this.native.lanesConfigure(
      runsReads,
      runsWrites,
      bulkMax,
      this.#slowMicros,
      latencyTracking,
      clientQueryBufferLimit,
    )
  }

  /** What the commands of a new client run in. */
  makeContext(): ClientContext<ServerCore> {
    const { native, now, host, waiters, migrations } = this
    const context = new ClientContext<ServerCore>({
      native,
      now,
      host,
      server: this,
      waiter: waiters,
      migrator: migrations,
      hasPlainNames: this.#usesLanes,
      isSeen: () => !this.monitors.isEmpty,
    })
    context.afterRun = this.#afterRun
    context.onScriptCall = (call) => {
      this.stats.calledByScript(call, this.options.latencyTracking)
      const { command, isRejected } = call
      if (command === null || isRejected) return
      this.monitors.tellOfScript(command as CommandSpec, call.context, this.now())
    }
    return context
  }

  /** Empties the engine and loads its files again; other clients are told so meanwhile. */
  async reload(from: 'snapshot' | 'log'): Promise<void> {
    // What the log loads must not be there yet.
    this.scripts.functions.forget()
    try {
      await this.#reload(from)
    } finally {
      this.scripts.functions.forget()
      this.serveReadyOfLane()
    }
  }

  /** Begins to count anew. */
  #resetStatistics(): void {
    this.stats.reset()
    this.traffic.reset()
    this.native.lanesTraffic(true)
    this.connectionsReceived = 0
    this.connectionsRejected = 0
    this.#statisticsBase.reset(this.#facts())
  }

  /** Gives a new client its user, if it needs no password. */
  welcome(client: Client): void {
    client.user = this.access.isOpen ? this.access.users.default : null
    this.clients.set(client.id, client)
  }

  /** Ends whatever a client takes part in. */
  forget(client: Client): void {
    this.waiters.end(client, null)
    this.pauses.forget(client)
    this.migrations.forget(client)
    this.interest.unwatchAll(client)
    this.pubsub.forget(client)
    this.tracking.end(client)
    if (this.monitors.delete(client)) this.configureLanes()
  }

  /** Runs the command in the argument vector for a client, and writes the reply. (C2) */
  runCommand(client: Client, argc: number): void {
    const { context } = client
    context.begin(argc, BULK_LATIN1)
    context.encodes = client.protocol
    context.mayPause = true
    if (client.replyMode === 'skip-next') client.replyMode = 'skip'
    this.#actAs(client, () => client.reply(this.#replyTo(client)))
  }

  /** What is pushed to the client meanwhile goes behind what `act` writes to it. */
  #actAs(client: Client, act: () => void): void {
    this.#actor = client
    try {
      act()
    } finally {
      this.#actor = null
    }
    for (const message of this.#behindReply.splice(0)) client.output.write(message)
  }

  /** Sends what is no reply; to whose command runs, behind its reply. */
  #push(client: Client, message: string): void {
    if (client === this.#actor) this.#behindReply.push(message)
    else client.output.write(message)
  }

  /** The encoded reply; nothing if it was written, or will be. */
  #replyTo(client: Client): string {
    const { context } = client
    let spec: CommandSpec | null = null
    try {
      spec = resolve(context, this.#find)
      client.lastCommand = spec.fullName
      this.#admit(client, spec)
    } catch (error) {
      const rejected = spec ?? lookUp(context, this.#find)
      if (rejected !== null) this.stats.rejected(rejected)
      if (client.transaction !== null) client.transaction.isBroken = true
      return this.encodeFailure(error)
    }
    if (client.transaction !== null && !NOT_QUEUED.has(spec.name)) {
      client.transaction.commands.push(this.store(client, spec))
      return '+QUEUED\r\n'
    }
    if (this.pauses.stops(spec, client)) {
      const command = this.store(client, spec)
      client.waiting = { command, keys: [], timer: null }
      this.pauses.hold(client, command)
      return ''
    }
    return this.whole(() => this.encodeCall(client, spec))
  }

  /** Runs a command that was kept, by a pause or by keys that are on their way. */
  resume(client: Client, command: StoredCommand): void {
    client.waiting = null
    this.restore(client, command)
    const text = this.whole(() => this.encodeCall(client, command.spec))
    client.reply(text)
    client.output.resume()
  }

  /** Runs a command that no client has sent, for one that waits: a unit of the log. */
  runFor(client: Client, command: StoredCommand): void {
    this.restore(client, command)
    this.#actAs(client, () => this.whole(() => run(command.spec, client.context)))
  }

  /** A command of the express lane that failed in the middle: what it has done is logged. */
  finishBroken(client: Client, argc: number): void {
    client.context.begin(argc, BULK_LATIN1)
    const spec = resolve(client.context, this.#find)
    const text = this.whole(() => {
      try {
        return this.native.laneFailure(client.lane)
      } catch (error) {
        if (this.host.log.isOn) logBroken(spec, client.context)
        return this.encodeFailure(error)
      }
    })
    client.output.write(text)
  }

  get #isWatching(): boolean {
    if (this.isLoading()) return false
    return this.interest.isActive || this.events.isOn || this.tracking.size > 0
  }

  /** Runs a command as a unit of the log, and serves those who waited for what it has changed. */
  whole<T>(act: () => T): T {
    if (!this.#isWatching) return act()
    // What the engine was used for directly is not told of as this command's.
    if (this.events.isOn) this.collect()
    const holds = this.interest.hasWaiters && this.host.log.isOn
    if (holds) this.native.logHold()
    try {
      const result = act()
      this.serveReady()
      return result
    } finally {
      if (holds && this.host.log.isOn) this.native.logRelease()
    }
  }

  /** Behind a command of the express lane, whose unit is still open. */
  serveReadyOfLane(client: Client | null = null): void {
    this.#actor = client
    const { isOn } = this.host.log
    if (isOn) this.native.logHold()
    this.serveReady()
    this.#actor = null
    if (isOn) this.native.logRelease()
  }

  /** Serves those who wait for keys that have changed, until nothing changes any more. */
  serveReady(): void {
    this.collect()
    for (let ready = this.interest.takeReady(); ready.length > 0; ) {
      for (const name of ready) this.waiters.serve(name)
      this.collect()
      ready = this.interest.takeReady()
    }
  }

  /** Looks at what was changed of keys; `command` has done it, or none has. */
  collect(command: CommandSpec | null = null, context: CommandContext | null = null): void {
    const changes = this.interest.collect()
    if (changes.length === 0 && !context?.hasNoted) return
    this.events.tell(changes, command, context)
    this.tracking.tell(changes, this.#actor)
  }

  /** Calls a command; its reply or error encoded. */
  encodeCall(client: Client, spec: CommandSpec): string {
    const { context } = client
    try {
      const reply = this.call(client, spec)
      if (reply === NO_REPLY) return ''
      if (reply instanceof PendingReply) return this.#defer(client, spec, reply)
      return encodeReply(reply, client.protocol, shapeOf(spec, context, client.protocol))
    } catch (error) {
      return this.encodeFailure(error)
    }
  }

  /** Lets a client wait for a reply; if a script is slow, nobody else is served meanwhile. */
  #defer(client: Client, spec: CommandSpec, { promise }: PendingReply): string {
    const isScript = spec.family === 'scripting'
    promise.catch(() => this.stats.failedLater(spec))
    const settled = promise.finally(() => {
      if (!isScript) return
      this.configureLanes()
      this.serveReadyOfLane()
    })
    this.waiters.defer(client.context, settled)
    if (isScript) this.configureLanes()
    return ''
  }

  /** Calls a command that is part of another one: an error becomes part of the reply. */
  callWithin(client: Client, spec: CommandSpec): Reply {
    try {
      this.access.admit(client, spec)
      const reply = this.call(client, spec)
      return withShape(reply, shapeOf(spec, client.context, client.protocol))
    } catch (error) {
      return this.#countFailure(error)
    }
  }

  /**
   * Calls a command: everything that has to see it is here.
   *
   * @throws {Error} what the handler throws.
   */
  call(client: Client, spec: CommandSpec): Reply {
    const { context } = client
    const sight = this.monitors.look(spec, context)
    context.spec = spec
    const start = performance.now()
    let failed = true
    let waits = false
    try {
      const reply = run(spec, context)
      failed = this.stats.failsWith(reply)
      waits = reply === NO_REPLY && client.waiting !== null
      if (client.tracking !== null) this.tracking.note(client, spec)
      if (FLUSHES.has(spec.name) && this.tracking.size > 0) this.tracking.tellAll()
      return reply
    } finally {
      const micros = (performance.now() - start) * 1000
      const isTimed = this.options.latencyTracking && !waits
      this.stats.called(spec, micros, { failed, isTimed, isAgain: context.isRetry })
      if (!waits) this.noteSlow(client, micros, spec)
      if (sight !== null) this.monitors.tell(sight, context)
    }
  }

  /** From so many microseconds on a command is noted; -1: none is. */
  get #slowMicros(): number {
    const { slowlogLogSlowerThan: slow, latencyMonitorThreshold } = this.options
    const spike = latencyMonitorThreshold * 1000
    if (spike === 0) return slow
    return slow < 0 ? spike : Math.min(slow, spike)
  }

  /** Keeps the command in the argument vector if it took long; `spec` is its row, or it is hot. */
  noteSlow(client: Client, micros: number, spec?: CommandSpec): void {
    const { slowlogLogSlowerThan, slowlogMaxLen, latencyMonitorThreshold } = this.options
    if (latencyMonitorThreshold > 0 && micros >= latencyMonitorThreshold * 1000) {
      const name = spec === undefined || spec.flags.includes('fast') ? 'fast-command' : 'command'
      this.latency.add(name, Math.floor(micros / 1000), this.now())
    }
    if (slowlogLogSlowerThan < 0 || micros < slowlogLogSlowerThan) return
    if (spec?.flags.includes('skip_slowlog')) return
    const args = visibleWords(spec ?? null, client.context.allBytes())
    const second = Math.floor(this.now() / 1000)
    const { address, name } = client
    const facts = { second, micros: Math.floor(micros), address: address.remote, clientName: name }
    this.slowlog.add({ ...facts, args }, slowlogMaxLen)
  }

  store(client: Client, spec: CommandSpec): StoredCommand {
    return { spec, args: client.context.allBytes() }
  }

  /** Puts a stored command where its handler finds it. */
  restore(client: Client, { args }: StoredCommand): void {
    client.context.begin(this.native.setArguments(args), BULK_LATIN1)
  }

  /** @throws {ReplyError} if a client may not run a command. */
  #admit(client: Client, spec: CommandSpec): void {
    this.access.admit(client, spec)
    if (this.isLoading() && !spec.flags.includes('loading')) throw loadingError()
    if (this.scripts.runner.isBusy && !spec.flags.includes('allow_busy')) {
      throw this.scripts.runner.busyError()
    }
    if (client.transaction !== null && spec.flags.includes('no_multi')) {
      throw new ReplyError('ERR Command not allowed inside a transaction')
    }
    // Refused in time: at EXEC the others would have been run.
    if (client.transaction !== null && spec.name === 'MIGRATE') throw noMigrationError()
    if (client.protocol === 2 && client.isSubscriber && !OF_LISTENERS.has(spec.name)) {
      throw new ReplyError(
        `ERR Can't execute '${spec.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / ` +
          'QUIT / RESET are allowed in this context',
      )
    }
  }

  /** The error reply for what a handler has thrown. */
  encodeFailure(error: unknown): string {
    return encodeError(this.#countFailure(error))
  }

  #countFailure(error: unknown): ReplyError {
    const failure = toReplyError(error)
    if (!isCounted(failure)) this.stats.failedWith(failure.message)
    return failure
  }
}
