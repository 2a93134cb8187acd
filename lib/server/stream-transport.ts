/**
 * A client's socket as a stream of Node: of TLS, whose bytes are not those on the wire.
 *
 * @module
 */

import type { Socket } from 'node:net'
import type { LanePrimitives } from '../native/lanes.js'
import type { BufferPool } from './buffer-pool.js'
import type { Reading, Transport, TransportListener } from './transport.js'

export class StreamTransport implements Transport {
  readonly fd: number
  readonly #socket: Socket
  readonly #native: Pick<LanePrimitives, 'laneSend' | 'laneTake'>
  readonly #lane: number
  readonly #buffers: BufferPool
  readonly #listener: TransportListener

  /** @param fd Of the socket. */
  constructor(
    socket: Socket,
    fd: number,
    native: Pick<LanePrimitives, 'laneSend' | 'laneTake'>,
    lane: number,
    buffers: BufferPool,
    listener: TransportListener,
  ) {
    this.#socket = socket
    this.fd = fd
    this.#native = native
    this.#lane = lane
    this.#buffers = buffers
    this.#listener = listener
    socket.setNoDelay(true)
    socket.on('data', (chunk) => listener.receive(chunk, chunk.length))
    socket.on('drain', () => listener.drained())
    socket.on('error', () => {})
    socket.on('close', () => listener.closed())
    socket.resume()
  }

  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  send(heldBytes: number): void {
    const left = this.#native.laneSend(this.#lane, heldBytes)
    if (left === 0) return
    const socket = this.#socket
    const buffers = this.#buffers
    const buffer = buffers.take(left)
    const rest = this.#native.laneTake(this.#lane, buffer)
    if (typeof rest === 'string') socket.write(rest, 'latin1')
    else if (buffer === null) socket.write(rest as Buffer)
    else socket.write(buffer.subarray(0, left), () => buffers.giveBack(buffer))
    if (socket.writableLength > 0) this.#listener.stuck()
  }

  setReading(reading: Reading): void {
    if (reading === 'stop') this.#socket.pause()
    else this.#socket.resume()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
