/**
 * A client's socket in the hands of the engine: what comes goes through the lane and replies go
 * back without a word to JavaScript, as long as nothing else is needed.
 *
 * @module
 */

import type { Socket } from 'node:net'
import { LANE, type LanePrimitives, READING, SOCKET } from '../native/lanes.js'
import type { Reading, Transport, TransportListener } from './transport.js'

type Primitives = Pick<
  LanePrimitives,
  'laneAttach' | 'laneDetach' | 'laneRead' | 'laneEnd' | 'laneSend' | 'laneUnsentBytes'
>

export class LaneSocket implements Transport {
  readonly fd: number
  readonly #native: Primitives
  readonly #lane: number
  readonly #listener: TransportListener
  #isDestroyed = false

  private constructor(native: Primitives, lane: number, fd: number, listener: TransportListener) {
    this.#native = native
    this.#lane = lane
    this.fd = fd
    this.#listener = listener
  }

  /**
   * Takes over a socket of which nothing was read; null without a descriptor for it, and then it is
   * as it was.
   *
   * @param fd Of the socket.
   */
  static take(
    socket: Socket,
    fd: number,
    native: Primitives,
    lane: number,
    listener: TransportListener,
  ): LaneSocket | null {
    socket.setNoDelay(true)
    const tell = (what: number) => taken.#tell(what)
    const own = native.laneAttach(lane, fd, tell)
    if (own < 0) return null
    const taken = new LaneSocket(native, lane, own, listener)
    socket.destroy()
    return taken
  }

  #tell(what: number): void {
    const event = (what & 7) === LANE.event ? what >>> 3 : null
    switch (event) {
      case null:
        this.#listener.ran(what)
        break
      case SOCKET.received:
        this.#listener.receive(null, 0)
        break
      case SOCKET.ended:
        this.#listener.ended()
        break
      case SOCKET.broken:
        this.destroy()
        break
      case SOCKET.stuck:
        this.#listener.stuck()
        break
      case SOCKET.drained:
        this.#listener.drained()
        break
    }
  }

  get unsentBytes(): number {
    return this.#isDestroyed ? 0 : this.#native.laneUnsentBytes(this.#lane)
  }

  send(heldBytes: number): void {
    if (this.#native.laneSend(this.#lane, heldBytes) === 0 || this.#isDestroyed) return
    this.#listener.stuck()
  }

  setReading(reading: Reading): void {
    this.#native.laneRead(this.#lane, READING[reading])
  }

  end(): void {
    this.#native.laneEnd(this.#lane)
  }

  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#native.laneDetach(this.#lane)
    // Whoever destroys it is not done yet.
    process.nextTick(() => this.#listener.closed())
  }
}
