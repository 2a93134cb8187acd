/**
 * Buffers for long replies, used again: memory that is new for every reply costs more than the copy
 * into it.
 *
 * @module
 */

/** Replies gathered before they are sent are little longer than this. */
const BYTES = 1 << 20
/** Buffers that are kept. */
const KEPT_MAX = 8

export class BufferPool {
  readonly #free: Buffer[] = []

  /** One of about a mebibyte. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BYTES)
  }

  /** @param buffer One that was taken, or a part of it; others are let go. */
  giveBack({ buffer, byteLength }: Buffer): void {
    if (buffer.byteLength !== BYTES || byteLength === 0) return
    if (this.#free.length < KEPT_MAX) this.#free.push(Buffer.from(buffer))
  }
}
