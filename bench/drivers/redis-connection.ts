/**
 * One connection to redis-server: single commands, and long pipelines.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { allowedBy, type Pace } from '../pace.js'
import { keyName, type Update } from '../workload.js'

const NEWLINE = 10
const MINUS = 45
const BATCH = 200
/** Batches on their way at a time. */
const DEPTH = 4
/** Until more commands are due. */
const PACE_MS = 1

function encodeCommand(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
  return `*${words.length}\r\n${parts.join('')}`
}

export function encodeCommands(commands: readonly (readonly string[])[]): Buffer {
  return Buffer.from(commands.map(encodeCommand).join(''))
}

export class RedisConnection {
  readonly #socket: Socket
  readonly #values: readonly Buffer[]
  #received: Buffer = Buffer.alloc(0)
  #wake: (() => void) | null = null
  #failure: Error | null = null
  /** Settles when the last command that was sent is answered. */
  #last: Promise<unknown> = Promise.resolve()
  #isInRow = false

  private constructor(socket: Socket, values: readonly string[]) {
    this.#socket = socket
    this.#values = values.map((value) => Buffer.from(value, 'latin1'))
    socket.on('data', (chunk) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
      this.#wakeUp()
    })
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('redis-server closed the connection')))
  }

  static connect(path: string, values: readonly string[]): Promise<RedisConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RedisConnection(socket, values))
      })
    })
  }

  /**
   * The reply to one command: a line or a bulk string as text. An error reply rejects. Several may
   * be under way.
   */
  async command(...words: readonly string[]): Promise<string> {
    if (this.#isInRow) throw new Error('replies are told apart by their order alone')
    this.#socket.write(encodeCommand(words))
    const reply = this.#last.then(() => this.#takeReply())
    this.#last = reply.catch(() => {})
    return reply
  }

  /** Sends commands, several batches deep, and waits for all replies. An error reply rejects. */
  commands(commands: Iterable<readonly string[]>): Promise<void> {
    return this.#asRow(() => this.#runAll(commands))
  }

  /** While `act` runs, nothing else may be sent. */
  async #asRow<T>(act: () => Promise<T>): Promise<T> {
    await this.#last
    this.#isInRow = true
    try {
      return await act()
    } finally {
      this.#isInRow = false
    }
  }

  async #runAll(commands: Iterable<readonly string[]>): Promise<void> {
    let waiting = 0
    let batch: string[] = []
    const send = async (replies: number) => {
      this.#socket.write(batch.join(''))
      waiting += batch.length
      batch = []
      for (; waiting > replies; --waiting) await this.#takeReply()
    }
    for (const words of commands) {
      batch.push(encodeCommand(words))
      if (batch.length === BATCH) await send(BATCH * DEPTH)
    }
    await send(0)
  }

  async #takeReply(): Promise<string> {
    const line = await this.#takeLine()
    if (line.startsWith('-')) throw new Error(line.slice(1))
    if (!line.startsWith('$')) return line.slice(1)
    return this.#take(Number(line.slice(1)))
  }

  /**
   * Sends commands as `pace` says, several batches deep; each is answered by one line. `replied`
   * gets how many were answered so far, and tells whether to go on. Resolves with their number.
   */
  pipeline(
    pace: Pace,
    encode: (count: number) => Buffer,
    replied: (done: number) => boolean,
  ): Promise<number> {
    return this.#asRow(() => this.#runRow(pace, encode, replied))
  }

  async #runRow(
    pace: Pace,
    encode: (count: number) => Buffer,
    replied: (done: number) => boolean,
  ): Promise<number> {
    const startedAt = performance.now()
    let sent = 0
    let done = 0
    let goesOn = true
    while (done < sent || (goesOn && sent < pace.count)) {
      while (goesOn && sent - done < BATCH * DEPTH && sent < allowedBy(pace, startedAt)) {
        const size = Math.min(BATCH, pace.count - sent)
        this.#socket.write(encode(size))
        sent += size
      }
      const batch = Math.min(BATCH, sent - done)
      if (batch === 0) await sleep(PACE_MS)
      else await this.#takeLines(batch)
      done += batch
      goesOn &&= replied(done)
    }
    return done
  }

  close(): void {
    this.#socket.destroy()
  }

  encodeSets(count: number, next: (to: Update) => void): Buffer {
    const valueBytes = this.#values[0]?.length ?? 0
    const head = `*3\r\n$3\r\nSET\r\n$${keyName(0).length}\r\n`
    const middle = `\r\n$${valueBytes}\r\n`
    const update: Update = { key: 0, value: 0 }
    const size = head.length + keyName(0).length + middle.length + valueBytes + 2
    const bytes = Buffer.allocUnsafe(size * count)
    let at = 0
    for (let index = 0; index < count; ++index) {
      next(update)
      at += bytes.write(`${head}${keyName(update.key)}${middle}`, at, 'latin1')
      at += (this.#values[update.value] as Buffer).copy(bytes, at)
      bytes[at++] = 13
      bytes[at++] = 10
    }
    return bytes
  }

  async #takeLines(count: number): Promise<void> {
    let at = 0
    for (let taken = 0; taken < count; ) {
      const end = this.#received.indexOf(NEWLINE, at)
      if (end < 0) {
        await this.#more()
        continue
      }
      if (this.#received[at] === MINUS) {
        throw new Error(`redis-server: ${this.#received.toString('latin1', at, end)}`)
      }
      at = end + 1
      ++taken
    }
    this.#received = this.#received.subarray(at)
  }

  async #takeLine(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf('\r\n')
      if (end >= 0) {
        const line = this.#received.toString('latin1', 0, end)
        this.#received = this.#received.subarray(end + 2)
        return line
      }
      await this.#more()
    }
  }

  async #take(length: number): Promise<string> {
    while (this.#received.length < length + 2) await this.#more()
    const text = this.#received.toString('latin1', 0, length)
    this.#received = this.#received.subarray(length + 2)
    return text
  }

  async #more(): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    if (this.#failure !== null) throw this.#failure
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wakeUp()
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
