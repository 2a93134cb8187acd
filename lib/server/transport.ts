/**
 * The way between a client and its lane.
 *
 * @module
 */

/**
 * What becomes of what a client sends: it is run, it waits in the lane, nobody wants it, or it
 * stays where it is.
 */
export type Reading = 'run' | 'keep' | 'drop' | 'stop'

export interface Transport {
  readonly fd: number
  /** Bytes that were sent and have found no room yet. */
  readonly unsentBytes: number
  /** Sends what the lane has gathered, or so many of the bytes that it holds. */
  send(heldBytes: number): void
  setReading(reading: Reading): void
  /** Ends the connection behind what was sent. What comes is dropped. */
  end(): void
  /** Ends it now. */
  destroy(): void
}

/** Who is told of what happens there, never before the constructor has returned. */
export interface TransportListener {
  /** The first `bytes` of `chunk` have come, or, with null, what waits in the lane. */
  receive(chunk: Buffer | null, bytes: number): void
  /** The lane was run, and this is what it has come to. */
  ran(result: number): void
  /** Not all that was sent has found room. */
  stuck(): void
  /** It has. */
  drained(): void
  /** No more will come. */
  ended(): void
  /** Nothing is left of it. */
  closed(): void
}
