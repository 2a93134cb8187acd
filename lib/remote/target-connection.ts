/**
 * A connection to another server: command lines go out, lines of replies come back.
 *
 *     connecting --> open --use--> open ... --rest--> resting --wake--> open
 *         |            |                                 |
 *         +------------+----------- failed <-------------+
 *
 * Invariants
 *  (R1) Whatever fails, its time included, ends the connection: what comes later on it could be
 *       taken for the reply to something else.
 *  (R2) A connection that rests is ended by whatever comes on it, for the same reason.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'

/** What was being done when a connection failed. */
export type Step = 'connecting' | 'writing' | 'reading'

const REFUSALS: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH'])

/** The other end could not be reached, went, or said nothing in time. */
export class ConnectionFailure extends Error {
  readonly step: Step
  readonly isTimeout: boolean

  constructor(step: Step, options: { isTimeout?: boolean; cause?: unknown } = {}) {
    super(`The connection failed while ${step}.`, { cause: options.cause })
    this.step = step
    this.isTimeout = options.isTimeout ?? false
  }

  /** Whether it is known that nobody listens there, and not only that nobody has answered. */
  get isRefused(): boolean {
    const { code } = (this.cause ?? {}) as NodeJS.ErrnoException
    return this.step === 'connecting' && REFUSALS.has(code ?? '')
  }

  override get name(): string {
    return 'ConnectionFailure'
  }
}

export interface Address {
  /** A name or an address. */
  readonly host: string
  readonly port: number
}

/** Longest line of a reply, in bytes: who sends more is no server of this kind. */
const LINE_BYTES_MAX = 8 << 10
/** The same of what may come before it is read: millions of replies to what is being written. */
const RECEIVED_BYTES_MAX = 64 << 20

/** Somebody waits for what is under way. */
interface Waiting {
  resolve(): void
  reject(failure: ConnectionFailure): void
}

export class TargetConnection {
  readonly #socket: Socket
  #step: Step = 'connecting'
  #failure: ConnectionFailure | null = null
  #waiting: Waiting | null = null
  /** Latin1 text that has come and was not read. */
  #received = ''
  #onRestEnd: (() => void) | null = null

  private constructor(address: Address, timeoutMs: number) {
    this.#socket = connect({ ...address, noDelay: true })
    this.#socket.setTimeout(timeoutMs)
    this.#socket.setEncoding('latin1')
    this.#socket.on('connect', () => this.#goOn())
    this.#socket.on('data', (text) => this.#receive(String(text)))
    this.#socket.on('timeout', () => this.#fail({ isTimeout: true }))
    this.#socket.on('error', (cause) => this.#fail({ cause }))
    this.#socket.on('close', () => this.#fail({}))
  }

  /**
   * Connects.
   *
   * @param timeoutMs How long nothing may happen, in this step and in all that follow.
   * @param onOpening Is given the connection before it is there, so that it can be ended.
   * @throws {ConnectionFailure} (rejects) as all methods here.
   */
  static async open(
    address: Address,
    timeoutMs: number,
    onOpening: (connection: TargetConnection) => void,
  ): Promise<TargetConnection> {
    // `connect` takes no host for this one, and tells of such a port in another way.
    if (address.host === '') throw new ConnectionFailure('connecting')
    if (!(address.port > 0 && address.port < 65536)) {
      throw new ConnectionFailure('connecting', { cause: { code: 'ECONNREFUSED' } })
    }
    const connection = new TargetConnection(address, timeoutMs)
    onOpening(connection)
    await connection.#wait()
    return connection
  }

  /** Writes chunks, and resolves when the kernel has them all. */
  async write(chunks: Iterable<Uint8Array>): Promise<void> {
    this.#step = 'writing'
    for (const chunk of chunks) {
      this.#socket.write(chunk, (error) => {
        if (!error) this.#goOn()
      })
      await this.#wait()
    }
  }

  /** The next line, as latin1 text without its end; what came before a failure is still read. */
  async readLine(): Promise<string> {
    this.#step = 'reading'
    for (;;) {
      const end = this.#received.indexOf('\n')
      if (end > LINE_BYTES_MAX || (end < 0 && this.#received.length > LINE_BYTES_MAX)) {
        throw this.#fail({})
      }
      if (end >= 0) {
        const line = this.#received.slice(0, end)
        this.#received = this.#received.slice(end + 1)
        return line.endsWith('\r') ? line.slice(0, -1) : line
      }
      await this.#wait()
    }
  }

  /**
   * Keeps the connection for later; it does not keep the process. `onEnd` is called if it ends
   * before it is used again. (R2)
   *
   * @param idleMs It ends after so long.
   */
  rest(idleMs: number, onEnd: () => void): void {
    if (this.#received !== '' || this.#failure !== null) {
      this.close()
      onEnd()
      return
    }
    this.#onRestEnd = onEnd
    this.#socket.setTimeout(idleMs)
    this.#socket.unref()
  }

  /** Uses it again; `timeoutMs` as in {@link open}. */
  wake(timeoutMs: number): void {
    this.#onRestEnd = null
    this.#socket.setTimeout(timeoutMs)
    this.#socket.ref()
  }

  /** Ends it: who waits for it is told that it failed. */
  close(): void {
    this.#fail({})
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure)
      else this.#waiting = { resolve, reject }
    })
  }

  #goOn(): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.resolve()
  }

  #receive(text: string): void {
    this.#received += text
    const isTooMuch = this.#received.length > RECEIVED_BYTES_MAX
    if (isTooMuch || this.#onRestEnd !== null)
      this.#fail({}) // (R2)
    else if (this.#step === 'reading') this.#goOn()
  }

  /** (R1) */
  #fail(how: { isTimeout?: boolean; cause?: unknown }): ConnectionFailure {
    if (this.#failure !== null) return this.#failure
    const failure = new ConnectionFailure(this.#step, how)
    this.#failure = failure
    this.#socket.destroy()
    const [waiting, onRestEnd] = [this.#waiting, this.#onRestEnd]
    this.#waiting = null
    this.#onRestEnd = null
    waiting?.reject(failure)
    onRestEnd?.()
    return failure
  }
}
