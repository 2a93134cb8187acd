/**
 * A client that listens for the events of keys.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { encodeCommand } from './resp-client.js'

const PONG = '*2\r\n$4\r\npong\r\n$0\r\n\r\n'
const MESSAGE = /\r\n__key\w+@(\d+)__:(\w[\w-]*)\r\n\$\d+\r\n([\s\S]*?)\r\n(?=\*4\r\n|$)/g

export class EventListener {
  readonly #socket: Socket
  #received = ''
  #onPong: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      if (this.#received.endsWith(PONG)) this.#onPong()
    })
  }

  static async connect(path: string): Promise<EventListener> {
    const listener = new EventListener(connect(path))
    listener.#socket.write(encodeCommand(['PSUBSCRIBE', '__keyevent@*']))
    await listener.take()
    return listener
  }

  /** What has come since the last call: `event database:key`, in order. */
  async take(): Promise<string[]> {
    const pong = new Promise<void>((resolve) => {
      this.#onPong = resolve
    })
    this.#socket.write(encodeCommand(['PING']))
    await pong
    const text = this.#received.slice(0, -PONG.length)
    this.#received = ''
    return [...text.matchAll(MESSAGE)].map(([, db, name, key]) => `${name} ${db}:${key}`)
  }

  close(): void {
    this.#socket.destroy()
  }
}
