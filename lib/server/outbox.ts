/**
 * Replies of a turn of the event loop, sent together at its end.
 *
 * A client that is woken by the first of them finds work to do until the last: a program with many
 * connections is not put to sleep and woken again for each. And one look at the disk serves all
 * whose replies have to wait for it.
 *
 *     add --end of the turn--> flush --> sent
 *                                |
 *                                +-- hold --disk has all that is logged--> release --> sent
 *
 * @module
 */

import { BufferPool } from './buffer-pool.js'

/** Who has replies to send. */
export interface Sender {
  /** Sends what was gathered, or holds it. */
  flush(): void
  /** What was held up to a turn is on disk. */
  release(turn: number): void
  /** What was held cannot be told: it will never be on disk, or nobody knows. */
  abandon(): void
}

export class Outbox {
  /** For what goes by way of a stream of Node. */
  readonly buffers = new BufferPool()
  readonly #durable: () => Promise<void>
  #senders: Sender[] = []
  #holders: Sender[] = []
  #isScheduled = false
  #turn = 0

  /** @param durable Resolves when all that is logged so far is on disk. */
  constructor(durable: () => Promise<void>) {
    this.#durable = durable
  }

  /** Has `sender` flushed when the sockets that have something to read were read. */
  add(sender: Sender): void {
    this.#senders.push(sender)
    this.#schedule()
  }

  /**
   * Has `sender` told when all that is logged by the end of the turn is on disk.
   *
   * @returns The turn.
   */
  hold(sender: Sender): number {
    this.#holders.push(sender)
    this.#schedule()
    return this.#turn
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#end())
  }

  #end(): void {
    this.#isScheduled = false
    const senders = this.#senders
    this.#senders = []
    for (const sender of senders) sender.flush()
    if (this.#holders.length > 0) this.#await()
  }

  #await(): void {
    const holders = this.#holders
    this.#holders = []
    const turn = this.#turn
    this.#turn += 1
    this.#durable().then(
      () => {
        for (const holder of holders) holder.release(turn)
      },
      () => {
        for (const holder of holders) holder.abandon()
      },
    )
  }
}
