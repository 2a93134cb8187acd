/**
 * A small RESP2 client over node:net, for tests.
 *
 * Bulk strings come back as latin1 text, a character a byte, so that replies are easy to compare
 * and to print. Requests may be written without waiting: replies come in their order.
 *
 * @module
 */

import { connect, type NetConnectOpts, type Socket } from 'node:net'

/** `+text` */
export class SimpleString {
  constructor(readonly text: string) {}
}

/** `-text` */
export class ErrorReply {
  constructor(readonly text: string) {}
}

export type RespReply = null | number | bigint | string | SimpleString | ErrorReply | RespReply[]

interface Waiting {
  resolve(reply: RespReply): void
  reject(error: Error): void
}

export class RespClient {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #received: Buffer = Buffer.alloc(0)
  #failure: Error | null = null

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection was closed')))
  }

  static connect(options: NetConnectOpts): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(options)
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new RespClient(socket))
      })
    })
  }

  /** Sends one command; strings are taken as latin1. An error reply is a value, not a rejection. */
  send(...args: readonly (string | Uint8Array | number)[]): Promise<RespReply> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure)
      this.#waiting.push({ resolve, reject })
      this.#socket.write(encodeCommand(args))
    })
  }

  /** Sends several commands in one write. */
  pipeline(commands: readonly (readonly (string | Uint8Array | number)[])[]): Promise<RespReply[]> {
    this.#socket.cork()
    const replies = Promise.all(commands.map((command) => this.send(...command)))
    this.#socket.uncork()
    return replies
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const decoder = new Decoder(this.#received)
    while (this.#waiting.length > 0) {
      const start = decoder.position
      const reply = decoder.decode()
      if (reply === undefined) {
        decoder.position = start
        break
      }
      this.#waiting.shift()?.resolve(reply)
    }
    this.#received = this.#received.subarray(decoder.position)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure)
  }
}

export function encodeCommand(args: readonly (string | Uint8Array | number)[]): Buffer {
  const parts = [Buffer.from(`*${args.length}\r\n`)]
  for (const arg of args) {
    const bytes = arg instanceof Uint8Array ? arg : Buffer.from(String(arg), 'latin1')
    parts.push(Buffer.from(`$${bytes.length}\r\n`), Buffer.from(bytes), Buffer.from('\r\n'))
  }
  return Buffer.concat(parts)
}

/** Decodes from the start of the bytes received; undefined while a reply is not complete. */
class Decoder {
  position = 0

  constructor(readonly bytes: Buffer) {}

  decode(): RespReply | undefined {
    const end = this.bytes.indexOf('\r\n', this.position, 'latin1')
    if (end < 0) return undefined
    const kind = String.fromCharCode(this.bytes[this.position] as number)
    const line = this.bytes.toString('latin1', this.position + 1, end)
    this.position = end + 2
    if (kind === '+') return new SimpleString(line)
    if (kind === '-') return new ErrorReply(line)
    if (kind === ':') return toInteger(line)
    if (kind === '$') return this.#bulk(Number(line))
    if (kind === '*') return this.#array(Number(line))
    throw new Error(`unexpected reply ${kind}${line}`)
  }

  #bulk(length: number): string | null | undefined {
    if (length < 0) return null
    const start = this.position
    if (start + length + 2 > this.bytes.length) return undefined
    this.position = start + length + 2
    return this.bytes.toString('latin1', start, start + length)
  }

  #array(length: number): RespReply[] | null | undefined {
    if (length < 0) return null
    const replies: RespReply[] = []
    for (let index = 0; index < length; ++index) {
      const reply = this.decode()
      if (reply === undefined) return undefined
      replies.push(reply)
    }
    return replies
  }
}

function toInteger(text: string): number | bigint {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text)
}
