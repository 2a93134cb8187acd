/**
 * A client's connection: what comes goes through its express lane, what the lane cannot run through
 * the commands, and replies go back in order.
 *
 *     open --QUIT, CLIENT KILL, the other end--> closing (writes what is left) --> closed
 *      |                                                                             ^
 *      +-- error, limit -------------------------------------------------------------+
 *
 * Invariants
 *  (N1) While a command waits, or its reply may not be sent yet, nothing that came behind it is
 *       run.
 *  (N2) With a log that is synced always, no reply leaves before what its command has changed is
 *       on disk; those behind it wait for it.
 *  (N3) A client that does not read is sent no more than its limit allows, and is read no further
 *       while much waits for it.
 *
 * @module
 */

import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { SnapforkError } from '../errors.js'
import { LANE } from '../native/lanes.js'
import { Client, type ClientAddress, type ClientOutput } from './client.js'
import { LaneSocket } from './lane-socket.js'
import type { Sender } from './outbox.js'
import type { ServerCore } from './server-core.js'
import type { OutputBufferLimit } from './server-options.js'
import { StreamTransport } from './stream-transport.js'
import type { Reading, Transport, TransportListener } from './transport.js'

/** Bytes that may wait for room before no more commands of the client are run. */
const OUTPUT_HIGH_BYTES = 1 << 20

/**
 * From so many on, replies are not kept until the end of the turn, as in `SocketSet` of the engine:
 * the client has enough to do.
 */
const SENT_AT_ONCE_BYTES = 4 << 10

/** Replies that wait for the disk. */
interface Held {
  readonly turn: number
  bytes: number
}

export interface ConnectionParts {
  readonly core: ServerCore
  readonly socket: Socket
  readonly id: number
  /** Where it has come in, or null if by TCP. */
  readonly unixPath: string | null
  /** Called once, when nothing is left of it. */
  readonly onClose: (connection: Connection) => void
}

export class Connection implements ClientOutput, Sender, TransportListener {
  readonly client: Client<ServerCore>
  /** Resolves when nothing is left of it. */
  readonly whenClosed: Promise<void>
  readonly #core: ServerCore
  readonly #transport: Transport
  #onClosed: () => void = () => {}
  /** What becomes of what comes. */
  #reading: Reading = 'run'
  /** Within `#run`: what is written is sent at its end, or later. */
  #isRunning = false
  /** Whether the outbox will flush it. */
  #isInOutbox = false
  #isClosed = false
  /** The other end sends no more. */
  #hasEnded = false
  /** Since when more than the soft limit has waited, or null. */
  #softSinceMs: number | null = null
  /** (N2) */
  readonly #held: Held[] = []
  #heldBytes = 0
  /** Whether the next output tells of a change that may not be on disk. */
  #mustHold = false
  /** Of the log, when `#run` began. */
  #loggedBefore = 0
  /** No more than that has come and was not read yet. */
  #pendingAtMost = 0
  /** As the lane knows them. */
  #configured = ''

  constructor({ core, socket, id, unixPath, onClose }: ConnectionParts) {
    this.#core = core
    const { native, now } = core
    const address = addressOf(socket, unixPath)
    const lane = native.laneOpen()
    this.#transport = this.#takeOver(socket, address.fd, lane)
    this.client = new Client<ServerCore>({
      id,
      lane,
      address: { ...address, fd: this.#transport.fd },
      output: this,
      context: core.makeContext(),
      nowMs: now(),
    })
    this.whenClosed = new Promise((resolve) => {
      this.#onClosed = () => {
        onClose(this)
        resolve()
      }
    })
    this.configure()
  }

  #takeOver(socket: Socket, fd: number, lane: number): Transport {
    const { native, outbox } = this.#core
    const taken =
      socket instanceof TLSSocket ? null : LaneSocket.take(socket, fd, native, lane, this)
    return taken ?? new StreamTransport(socket, fd, native, lane, outbox.buffers, this)
  }

  /** Tells the lane what has changed of the client. */
  configure(): void {
    const { client } = this
    const { db } = client.context
    const isResp3 = client.protocol === 3
    const isStranger = client.user === null
    const isExpress =
      client.user?.isUnrestricted === true &&
      client.transaction === null &&
      client.replyMode === 'on' &&
      !client.isMonitor &&
      client.tracking === null &&
      (isResp3 || !client.isSubscriber)
    const key = `${db} ${isResp3} ${isStranger} ${isExpress}`
    if (key === this.#configured) return
    this.#configured = key
    this.#core.native.laneConfigure(client.lane, db, isResp3, isStranger, isExpress)
  }

  receive(chunk: Buffer | null, bytes: number): void {
    if (this.client.isClosing) return
    this.#run(chunk, bytes)
    if (this.client.isClosing) return
    const { clientQueryBufferLimit } = this.#core.options
    this.#pendingAtMost += bytes
    if (chunk !== null && this.#pendingAtMost <= clientQueryBufferLimit) return
    // The engine is asked only where it could be too much.
    this.#pendingAtMost = this.pendingBytes
    if (this.#pendingAtMost > clientQueryBufferLimit) this.close(false)
  }

  ran(result: number): void {
    this.#unlessClosed(() => {
      this.#begin()
      // Before a command whose unit is still open the lane has perhaps logged others.
      const isOpen = (result & 7) === LANE.watched || (result & 7) === LANE.broken
      this.#mustHold ||= isOpen && this.#core.host.isDurableFirst
      this.#goOn(result)
    })
  }

  /** Lets the client go on behind a command that has waited. */
  resume(): void {
    // Its turn comes when that of the client that has ended the wait is over.
    setImmediate(() => {
      if (!this.#isClosed && !this.#isStalled) this.#run(null, 0)
    })
  }

  get #isStalled(): boolean {
    return this.client.waiting !== null || this.client.isClosing
  }

  /** If the engine was closed, there is nobody who could do anything. */
  #unlessClosed(act: () => void): void {
    if (!unlessClosed(act)) this.close(false)
  }

  /** Runs what has come. */
  #run(chunk: Buffer | null, bytes: number): void {
    this.#unlessClosed(() => this.#runAll(chunk, bytes))
  }

  /** Runs until all is done or a command waits. (N1) */
  #runAll(chunk: Buffer | null, bytes: number): void {
    const { native } = this.#core
    const { lane } = this.client
    if (this.#isStalled) {
      native.laneKeep(lane, chunk, bytes)
      return
    }
    this.#begin()
    this.#goOn(native.laneRun(lane, chunk, bytes))
  }

  #begin(): void {
    this.#isRunning = true
    this.#loggedBefore = this.#logged()
  }

  /** From what the lane has come to. */
  #goOn(first: number): void {
    const { native } = this.#core
    const { lane } = this.client
    let result = first
    while ((result & 7) !== LANE.idle) {
      this.#handle(result & 7, result >>> 3)
      if (this.#isClosed) return
      if (this.#isStalled || this.#isFull) break
      result = native.laneRun(lane, null, 0)
    }
    this.#isRunning = false
    this.#noteLogged()
    this.#judgeReading()
    if (this.client.isClosing) {
      this.flush()
      this.#end()
    } else if (result >>> 3 > SENT_AT_ONCE_BYTES) {
      this.flush()
    } else if (result !== LANE.idle) {
      this.#enterOutbox()
    }
  }

  #judgeReading(): void {
    const { client } = this
    const inWait = client.waiting === null ? 'run' : 'keep'
    const reading = client.isClosing ? 'drop' : this.#isFull ? 'stop' : inWait
    if (reading === this.#reading) return
    this.#reading = reading
    this.#transport.setReading(reading)
  }

  #enterOutbox(): void {
    if (this.#isInOutbox) return
    this.#isInOutbox = true
    this.#core.outbox.add(this)
  }

  /** What the commands of this run have logged is told of by the output that comes now. (N2) */
  #noteLogged(): void {
    if (this.#logged() > this.#loggedBefore) this.#mustHold = true
  }

  /** Bytes of the log, where replies wait for them. */
  #logged(): number {
    const { host, native } = this.#core
    return host.isDurableFirst ? native.logAppended() : 0
  }

  get #isFull(): boolean {
    return this.outputBytes > OUTPUT_HIGH_BYTES
  }

  #handle(outcome: number, argc: number): void {
    const core = this.#core
    const { native } = core
    const { client } = this
    switch (outcome) {
      case LANE.command:
        core.runCommand(client, argc)
        this.configure()
        break
      case LANE.bad:
        client.reply(`-ERR ${native.laneError(client.lane)}\r\n`)
        client.isClosing = true
        break
      case LANE.output:
        this.#noteLogged()
        this.flush()
        break
      case LANE.broken:
        core.finishBroken(client, argc)
        break
      case LANE.slow:
        client.context.argc = argc
        core.noteSlow(client, native.laneMicros(client.lane))
        core.serveReadyOfLane(client)
        break
      case LANE.watched:
        core.serveReadyOfLane(client)
        break
    }
  }

  write(text: string): void {
    if (this.#isClosed) return
    this.#core.native.laneReply(this.client.lane, text)
    if (this.#isRunning) return
    // Others may have logged what it tells of.
    this.#mustHold ||= this.#core.host.isDurableFirst
    this.#enterOutbox()
  }

  flush(): void {
    this.#isInOutbox = false
    if (this.#isClosed) return
    this.#unlessClosed(() => this.#sendOrHold())
  }

  #sendOrHold(): void {
    const last = this.#held.at(-1)
    if (this.#mustHold) this.#hold()
    else if (last === undefined) this.#transport.send(0)
    else this.#holdWith(last)
  }

  /** Sends it when all that is logged so far is on disk. (N2) */
  #hold(): void {
    this.#mustHold = false
    const held = { turn: this.#core.outbox.hold(this), bytes: 0 }
    this.#held.push(held)
    this.#holdWith(held)
  }

  /** It comes behind what is held, and waits for no more than that. */
  #holdWith(held: Held): void {
    const bytes = this.#core.native.laneHold(this.client.lane)
    held.bytes += bytes
    this.#heldBytes += bytes
  }

  release(turn: number): void {
    const waits = this.#held.findIndex((held) => held.turn > turn)
    const ready = this.#held.splice(0, waits < 0 ? this.#held.length : waits)
    const bytes = ready.reduce((sum, held) => sum + held.bytes, 0)
    this.#heldBytes -= bytes
    if (this.#isClosed) return
    if (bytes > 0) this.#unlessClosed(() => this.#transport.send(bytes))
    if (this.#held.length > 0 || this.#isClosed) return
    if (this.client.isClosing) this.#end()
    else if (this.#reading === 'stop') this.drained()
  }

  abandon(): void {
    // Nobody may be told that it was done, nor that it was not.
    this.close(false)
  }

  /** Ends the connection behind what is to be sent. */
  #end(): void {
    if (this.#held.length > 0) return
    if (this.#hasEnded && this.#transport.unsentBytes === 0) this.#transport.destroy()
    else this.#transport.end()
  }

  stuck(): void {
    this.#checkLimit()
    if (!this.#isRunning) this.#judgeReading()
  }

  /** Drops a client for which too much waits. (N3) */
  #checkLimit(): void {
    const { options, now } = this.#core
    const { isSubscriber } = this.client
    const limit: OutputBufferLimit = isSubscriber
      ? options.pubsubOutputBufferLimit
      : options.normalOutputBufferLimit
    const bytes = this.outputBytes
    if (limit.hardBytes > 0 && bytes > limit.hardBytes) {
      this.close(false)
      return
    }
    if (limit.softBytes === 0 || bytes <= limit.softBytes) {
      this.#softSinceMs = null
      return
    }
    this.#softSinceMs ??= now()
    if (now() - this.#softSinceMs > limit.softSeconds * 1000) this.close(false)
  }

  drained(): void {
    this.#softSinceMs = null
    if (this.client.isClosing) {
      if (this.#hasEnded) this.#end()
    } else if (!this.#isStalled) {
      this.#run(null, 0)
    } else {
      this.#judgeReading()
    }
  }

  ended(): void {
    this.#hasEnded = true
    this.close(true)
  }

  get outputBytes(): number {
    return this.#transport.unsentBytes + this.#heldBytes
  }

  get idleMs(): number {
    return this.#isClosed ? 0 : this.#core.native.laneIdleMillis(this.client.lane)
  }

  get pendingBytes(): number {
    return this.#isClosed ? 0 : this.#core.native.lanePendingBytes(this.client.lane)
  }

  close(flushes: boolean): void {
    if (this.#isClosed) return
    this.client.isClosing = true
    if (!flushes) {
      this.#transport.destroy()
    } else if (!this.#isRunning) {
      this.#judgeReading()
      this.flush()
      this.#end()
    }
  }

  closed(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const core = this.#core
    const { client } = this
    unlessClosed(() => core.forget(client))
    core.native.laneClose(client.lane)
    this.#onClosed()
  }
}

/** false if the engine was closed, so that the rest of what was to be done is of no use. */
function unlessClosed(act: () => void): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (error instanceof SnapforkError && error.code === 'ERR_SNAPFORK_CLOSED') return false
    throw error
  }
}

function addressOf(socket: Socket, unixPath: string | null): ClientAddress {
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1
  if (unixPath !== null) {
    // Replies are bytes, a character each.
    const address = `${Buffer.from(unixPath).toString('latin1')}:0`
    return { remote: address, local: address, fd, isUnix: true }
  }
  return {
    remote: endpoint(socket.remoteAddress, socket.remotePort),
    local: endpoint(socket.localAddress, socket.localPort),
    fd,
    isUnix: false,
  }
}

function endpoint(address = '', port = 0): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`
}
