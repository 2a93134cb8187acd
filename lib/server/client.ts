/**
 * One client of a server: who it is, what it has asked for, what it waits for, and what its
 * commands run in.
 *
 * `Server` is what its commands find behind it: these files do not know it.
 *
 * @module
 */

import { checkCall, scriptDenialError } from '../acl/check.js'
import type { User } from '../acl/user.js'
import { readBytes } from '../commands/args.js'
import { type Clock, CommandContext, type CommandName } from '../commands/context.js'
import type { CommandHost } from '../commands/host.js'
import type { Migration } from '../commands/migration.js'
import { type Protocol, type Reply, Status } from '../commands/reply.js'
import type { CommandSpec } from '../commands/spec.js'
import type { ReplyError } from '../errors.js'
import type { NativeEngine } from '../native/engine.js'

/** A command that is kept to be run later. */
export interface StoredCommand {
  readonly spec: CommandSpec
  readonly args: readonly Buffer[]
}

export interface Transaction {
  readonly commands: StoredCommand[]
  /** Whether a command could not be queued. */
  isBroken: boolean
}

/** A command that waits for keys. */
export interface Waiting {
  readonly command: StoredCommand
  readonly keys: readonly string[]
  readonly timer: NodeJS.Timeout | null
}

/** Where its bytes go. */
export interface ClientOutput {
  /** Replies and messages, encoded. */
  write(text: string): void
  /** Tells its express lane what has changed. */
  configure(): void
  /** Lets it run on after a wait. */
  resume(): void
  /** Drops the client, with what is written so far if `flushes`. */
  close(flushes: boolean): void
  readonly outputBytes: number
  readonly pendingBytes: number
  /** Since it was heard of last. */
  readonly idleMs: number
}

export interface ClientAddress {
  readonly remote: string
  readonly local: string
  readonly fd: number
  readonly isUnix: boolean
}

/** How a client is told of changes of what it has read. */
export interface Tracking {
  /** Number of the client that is told in its place; 0: it is told itself. */
  readonly redirect: number
  readonly isBroadcast: boolean
  readonly prefixes: readonly string[]
  readonly mode: 'all' | 'optin' | 'optout'
  /** Not of what it has changed itself. */
  readonly noLoop: boolean
  /** What CLIENT CACHING has said of the next command, or null. */
  caching: boolean | null
  /** Whether the other client is gone, and this one was told so. */
  isBroken: boolean
}

export type ReplyMode = 'on' | 'off' | 'skip-next' | 'skip'

export class Client<Server = unknown> {
  readonly id: number
  readonly lane: number
  readonly address: ClientAddress
  readonly output: ClientOutput
  readonly context: ClientContext<Server>
  readonly connectedAtMs: number
  name = ''
  libName = ''
  libVersion = ''
  protocol: Protocol = 2
  /** null: it has not said who it is. */
  user: User | null = null
  transaction: Transaction | null = null
  /** A key that it watches has changed. */
  isWatchBroken = false
  /** Keys it watches, each as {@link keyName}. */
  readonly watched = new Set<string>()
  readonly channels = new Set<string>()
  readonly patterns = new Set<string>()
  readonly shardChannels = new Set<string>()
  waiting: Waiting | null = null
  /** null: it is not told of changes. */
  tracking: Tracking | null = null
  replyMode: ReplyMode = 'on'
  isMonitor = false
  noEvict = false
  noTouch = false
  /** No more commands of it are run. */
  isClosing = false
  lastCommand = 'NULL'

  constructor(facts: {
    id: number
    lane: number
    address: ClientAddress
    output: ClientOutput
    context: ClientContext<Server>
    nowMs: number
  }) {
    this.id = facts.id
    this.lane = facts.lane
    this.address = facts.address
    this.output = facts.output
    this.context = facts.context
    this.connectedAtMs = facts.nowMs
    facts.context.client = this
  }

  /**
   * Ends a command with its encoded reply, which CLIENT REPLY may keep back; '' if it was written,
   * or will be. What a command that waits comes to ends it later.
   */
  reply(text: string): void {
    if (this.replyMode === 'on') {
      if (text !== '') this.output.write(text)
    } else if (this.replyMode === 'skip' && this.waiting === null) {
      this.replyMode = 'on'
    }
  }

  /** Whether it takes messages and, in RESP2, few commands. */
  get isSubscriber(): boolean {
    return this.channels.size + this.patterns.size + this.shardChannels.size > 0
  }
}

/** A handler has written its replies itself, or will. */
export const NO_REPLY = new Status('')

/** Who lets clients wait. */
export interface ClientWaiter {
  wait(
    context: ClientContext,
    keys: readonly number[],
    timeoutMs: number,
    words?: ReadonlyMap<number, string>,
  ): Reply
}

/** Who moves keys to other servers. */
export interface ClientMigrator {
  start(context: ClientContext, migration: Migration): Reply
}

/** What a client's commands run in. */
export class ClientContext<Server = unknown> extends CommandContext {
  readonly server: Server
  /** Set by the client as it is made. */
  declare client: Client<Server>
  /** The row of the command that runs. */
  declare spec: CommandSpec
  /** Whether commands have the names that native code knows them by. */
  readonly #hasPlainNames: boolean
  readonly #isSeen: () => boolean
  /** Commands may wait: not within a transaction or a script. */
  mayWait = true
  readonly #waiter: ClientWaiter
  readonly #migrator: ClientMigrator

  constructor(parts: {
    native: NativeEngine
    now: Clock
    host: CommandHost
    server: Server
    waiter: ClientWaiter
    migrator: ClientMigrator
    hasPlainNames: boolean
    /** Whether somebody has to see each command. */
    isSeen: () => boolean
  }) {
    super(parts.native, 0, parts.now, parts.host)
    this.server = parts.server
    this.#waiter = parts.waiter
    this.#migrator = parts.migrator
    this.#hasPlainNames = parts.hasPlainNames
    this.#isSeen = parts.isSeen
  }

  override get isFree(): boolean {
    const { user } = this.client
    if (!this.#hasPlainNames || this.#isSeen()) return false
    return super.isFree && (user === null || user.isUnrestricted)
  }

  override deny(command: CommandName): ReplyError | null {
    const { user } = this.client
    if (user === null || user.isUnrestricted) return null
    const denial = checkCall(user, command as CommandSpec, this.argc, (index) =>
      readBytes(this, index),
    )
    return denial === null ? null : scriptDenialError(denial)
  }

  override makeInner(nowMs: number): ClientContext<Server> {
    const { native, host, server } = this
    const inner = new ClientContext<Server>({
      native,
      now: () => nowMs,
      host: host as CommandHost,
      server,
      waiter: this.#waiter,
      migrator: this.#migrator,
      hasPlainNames: this.#hasPlainNames,
      isSeen: this.#isSeen,
    })
    inner.db = this.db
    inner.client = this.client
    inner.mayWait = false
    inner.afterRun = this.afterRun
    inner.onScriptCall = this.onScriptCall
    return inner
  }

  override wait(
    keys: readonly number[],
    timeoutMs: number,
    words?: ReadonlyMap<number, string>,
  ): Reply {
    return this.mayWait ? this.#waiter.wait(this, keys, timeoutMs, words) : null
  }

  override migrate(migration: Migration): Reply {
    return this.#migrator.start(this, migration)
  }
}

/** A key of a numbered database as one string; `key` is latin1 text, a character a byte. */
export function keyName(db: number, key: string): string {
  return `${db}:${key}`
}

export function keyOfName(name: string): { db: number; key: Buffer } {
  const colon = name.indexOf(':')
  return { db: Number(name.slice(0, colon)), key: Buffer.from(name.slice(colon + 1), 'latin1') }
}
