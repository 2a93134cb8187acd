/**
 * The native primitives of a server: what clients send, and keys that are watched.
 *
 * @module
 */

import type { Operand } from './operands.js'

/** `ExpressLane::Outcome` of the engine. */
export const LANE = {
  /** All that is whole was run: so many bytes (in the place of words) of replies were gathered. */
  idle: 0,
  /** A command is to be run by the caller: it is in the argument vector. */
  command: 1,
  /** No command can be read any more: see `laneError`. */
  bad: 2,
  /** Send the output, then go on. */
  output: 3,
  /** The command in the argument vector failed in the middle: see `laneFailure`. */
  broken: 4,
  /** The command in the argument vector was run, and took `laneMicros`. */
  slow: 5,
  /** Keys that are watched have changed: see `takeWatched`. */
  watched: 6,
} as const

/** `KeyChange` of the engine. */
export const KEY_CHANGE = { changed: 0, expired: 1, evicted: 2, created: 3, missed: 4 } as const

/** Replies: text of one byte a character, or bytes; null: none. */
export type LaneOutput = string | Buffer | null

export interface LanePrimitives {
  /** Another descriptor of a socket, which stays open without the first; -1 if there is none. */
  duplicateSocket(fd: number): number
  laneOpen(): number
  laneClose(lane: number): void
  /**
   * Runs what has come of a client, and the first `bytes` of `chunk` behind it. An outcome of
   * {@link LANE}, plus eight times the number of words in the argument vector.
   */
  laneRun(lane: number, chunk: Uint8Array | null, bytes: number): number
  /** Keeps what has come until the lane is run. */
  laneKeep(lane: number, chunk: Uint8Array | null, bytes: number): void
  /** Adds a reply to what was gathered. */
  laneReply(lane: number, reply: string | Uint8Array): void
  /** Lets what was gathered wait behind what waits already: how many bytes that is. */
  laneHold(lane: number): number
  /**
   * Sends so many of the bytes that wait, or with 0 what was gathered, to a socket (-1: to none).
   * How many bytes did not go: they are for `laneTake`.
   */
  laneSend(lane: number, fd: number, heldBytes: number): number
  /** What did not go; if it fits into `buffer` it is put there: how many bytes it is. */
  laneTake(lane: number, buffer: Uint8Array | null): LaneOutput | number
  laneConfigure(
    lane: number,
    db: number,
    resp3: boolean,
    isUnauthenticated: boolean,
    isExpress: boolean,
  ): void
  /** What has come and was not read yet. */
  lanePendingBytes(lane: number): number
  laneError(lane: number): string
  laneFailure(lane: number): never
  laneMicros(lane: number): number
  /** Bytes of replies that were sent or taken, of all lanes; `resets` starts them anew. */
  lanesSentBytes(resets: boolean): number
  /** For all lanes. `slowMicros` -1: no command is slow. */
  lanesConfigure(
    runsReads: boolean,
    runsWrites: boolean,
    bulkBytesMax: number,
    slowMicros: number,
    countsDurations: boolean,
  ): void
  /**
   * Name, calls and microseconds of each hot command, flat; `resets` starts them and the durations
   * anew.
   */
  lanesUses(resets: boolean): (string | number)[]
  /** Name of each hot command that was called, and buckets with their counts in turn, flat. */
  lanesDurations(): (string | number[])[]

  /** Watches a key, or does so no more; calls are counted. */
  watchKey(db: number, key: Operand, watches: boolean): void
  watchAllKeys(all: boolean, tellsMissed: boolean): void
  /**
   * Ends a command: databases, keys (text of one byte a character) and what has become of them (of
   * {@link KEY_CHANGE}), of watched keys that were changed or missed, flat; null if there are none.
   */
  takeWatched(): (number | string)[] | null
}
