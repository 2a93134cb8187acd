/**
 * Buffers for long replies, used again: memory that is new for every reply costs more than the copy
 * into it.
 *
 * @module
 */

/** Replies gathered before they are sent are little longer than this. */
const BYTES = 1 << 20
/** What is shorter is as well off as a string. */
const BYTES_MIN = 16 << 10
/** Buffers that are kept. */
const KEPT_MAX = 8

export class BufferPool {
  readonly #free: Buffer[] = []

  /** One of about a mebibyte, if that is what so many bytes are to be put into. */
  take(bytes: number): Buffer | null {
    if (bytes <= BYTES_MIN || bytes > BYTES) return null
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BYTES)
  }

  /** @param buffer One that was taken, or a part of it; others are let go. */
  giveBack({ buffer, byteLength }: Buffer): void {
    if (buffer.byteLength !== BYTES || byteLength === 0) return
    if (this.#free.length < KEPT_MAX) this.#free.push(Buffer.from(buffer))
  }
}
