/**
 * A client that hands out replies as they came over the wire, in RESP2 or RESP3.
 *
 * @module
 */

import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { encodeCommand } from './resp-client.js'

/** A reply taken apart: the sign of its type, the text of its line or string, what is in it. */
export interface Node {
  readonly sign: string
  /** Of a string its bytes, else what follows the sign. */
  readonly text: string
  readonly items: readonly Node[]
}

export class RawClient {
  readonly #socket: Socket
  readonly #waiting: { resolve(raw: string): void; reject(error: Error): void }[] = []
  #received = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#receive(chunk))
    socket.on('close', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('closed'))
    })
  }

  static connect(options: NetConnectOpts, protocol: 2 | 3): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(options)
      socket.once('error', reject)
      socket.once('connect', () => {
        const client = new RawClient(socket)
        client.send('HELLO', protocol).then(() => resolve(client), reject)
      })
    })
  }

  /** The bytes of the reply, as latin1 text. */
  send(...args: readonly (string | number)[]): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#socket.write(encodeCommand(args))
    })
  }

  /** The bytes of what comes next without being asked for. */
  next(): Promise<string> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(chunk: string): void {
    this.#received += chunk
    while (this.#waiting.length > 0) {
      const reader = new Reader(this.#received)
      if (reader.read() === null) return
      this.#waiting.shift()?.resolve(this.#received.slice(0, reader.position))
      this.#received = this.#received.slice(reader.position)
    }
  }
}

/** Takes a whole reply apart. */
export function parseRaw(raw: string): Node {
  const reader = new Reader(raw)
  const node = reader.read()
  if (node === null || reader.position !== raw.length) {
    throw new Error(`not one reply: ${JSON.stringify(raw)}`)
  }
  return node
}

const STRINGS = '$='
const AGGREGATES = '*~%>'
const LINES = '+-:,_#('

class Reader {
  position = 0

  constructor(readonly raw: string) {}

  /** null while it is not complete. */
  read(): Node | null {
    const end = this.raw.indexOf('\r\n', this.position)
    if (end < 0) return null
    const sign = this.raw[this.position] as string
    const text = this.raw.slice(this.position + 1, end)
    this.position = end + 2
    if (LINES.includes(sign)) return { sign, text, items: [] }
    if (STRINGS.includes(sign)) return this.#string(sign, Number(text))
    if (AGGREGATES.includes(sign)) return this.#aggregate(sign, Number(text))
    throw new Error(`unexpected reply ${sign}${text}`)
  }

  #string(sign: string, length: number): Node | null {
    if (length < 0) return { sign: 'null', text: '$', items: [] }
    const start = this.position
    this.position = start + length + 2
    if (this.position > this.raw.length) return null
    if (!this.raw.startsWith('\r\n', start + length)) throw new Error('a string of a wrong length')
    return { sign, text: this.raw.slice(start, start + length), items: [] }
  }

  #aggregate(sign: string, length: number): Node | null {
    if (length < 0) return { sign: 'null', text: '*', items: [] }
    const items: Node[] = []
    for (let left = sign === '%' ? 2 * length : length; left > 0; --left) {
      const item = this.read()
      if (item === null) return null
      items.push(item)
    }
    return { sign, text: '', items }
  }
}
