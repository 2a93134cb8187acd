/**
 * Somebody at the other end of MIGRATE who answers as a test wants, and tells what was sent.
 *
 * @module
 */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface Sent {
  readonly words: readonly string[]
  /** Number of the connection, from 1 on. */
  readonly connection: number
}

/** Bytes of the answer, or null for none; it may do with the socket as it likes. */
export type Answer = (words: readonly string[], socket: Socket) => string | null

export class FalseTarget {
  readonly #server: Server
  readonly sent: Sent[] = []
  readonly #sockets = new Set<Socket>()
  readonly #waiting: { name: string; resolve(): void }[] = []
  #connections = 0
  #answer: Answer

  private constructor(answer: Answer) {
    this.#answer = answer
    this.#server = createServer((socket) => this.#accept(socket))
  }

  static async listen(t: Test, answer: Answer): Promise<FalseTarget> {
    const target = new FalseTarget(answer)
    await new Promise<void>((resolve) => target.#server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => target.close())
    return target
  }

  get port(): string {
    return String((this.#server.address() as AddressInfo).port)
  }

  get connections(): number {
    return this.#connections
  }

  set answer(answer: Answer) {
    this.#answer = answer
  }

  /** Resolves when the next command of a name has come. */
  next(name: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ name, resolve }))
  }

  /** Sends bytes to all that are connected. */
  say(text: string): void {
    for (const socket of this.#sockets) socket.write(text)
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.hangUp()
    this.#server.close()
  }

  #accept(socket: Socket): void {
    this.#connections += 1
    const connection = this.#connections
    let received = ''
    this.#sockets.add(socket)
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (chunk: string) => {
      received += chunk
      for (let taken = take(received); taken !== null; taken = take(received)) {
        received = taken.rest
        this.#handle(taken.words, connection, socket)
      }
    })
  }

  #handle(words: readonly string[], connection: number, socket: Socket): void {
    this.sent.push({ words, connection })
    const text = this.#answer(words, socket)
    if (text !== null) socket.write(text)
    const heard = this.#waiting.filter(({ name }) => name === words[0])
    for (const one of heard) {
      this.#waiting.splice(this.#waiting.indexOf(one), 1)
      one.resolve()
    }
  }
}

/** The first command of what has come, if it is whole. */
function take(text: string): { words: string[]; rest: string } | null {
  const head = /^\*(\d+)\r\n/.exec(text)
  if (head === null) return null
  const words: string[] = []
  let at = head[0].length
  for (let left = Number(head[1]); left > 0; --left) {
    const end = text.indexOf('\r\n', at)
    if (end < 0) return null
    const start = end + 2
    const length = Number(text.slice(at + 1, end))
    if (text.length < start + length + 2) return null
    words.push(text.slice(start, start + length))
    at = start + length + 2
  }
  return { words, rest: text.slice(at) }
}
