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
  /** In the place of words, what has become of the socket: of {@link SOCKET}. */
  event: 7,
} as const

/** `SocketEvent` of the engine. */
export const SOCKET = {
  /** Something waits in the lane, or more than may. */
  received: 0,
  /** No more will come. */
  ended: 1,
  /** Neither way is open. */
  broken: 2,
  /** Replies found no room. */
  stuck: 3,
  /** They have gone. */
  drained: 4,
} as const

/** `SocketReading` of the engine: what becomes of what comes. */
export const READING = { run: 0, keep: 1, drop: 2, stop: 3 } as const

/** `KeyChange` of the engine. */
export const KEY_CHANGE = { changed: 0, expired: 1, evicted: 2, created: 3, missed: 4 } as const

/** Replies: text of one byte a character, or bytes; null: none. */
export type LaneOutput = string | Buffer | null

export interface LanePrimitives {
  laneOpen(): number
  /** Closes its socket, too. */
  laneClose(lane: number): void
  /**
   * Gives the lane a descriptor of its own of a socket, which stays open without the first: -1 if
   * there is none left. What comes goes through the lane; `tell` is called with an outcome as of
   * `laneRun` where the caller is needed.
   */
  laneAttach(lane: number, fd: number, tell: (what: number) => void): number
  /** Closes the socket. */
  laneDetach(lane: number): void
  /** What becomes of what comes by the socket, of {@link READING}. */
  laneRead(lane: number, reading: number): void
  /** Ends the connection behind what was sent; what comes is dropped. */
  laneEnd(lane: number): void
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
   * Sends so many of the bytes that wait, or with 0 what was gathered, if nothing of its socket's
   * waits for the disk: it goes behind that then. How many bytes found no room: they follow when
   * there is some, or are for `laneTake` where the lane has no socket.
   */
  laneSend(lane: number, heldBytes: number): number
  /** Bytes that wait for room, or in the hands of its socket for the disk. */
  laneUnsentBytes(lane: number): number
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
  /** Milliseconds since the lane was run last. */
  laneIdleMillis(lane: number): number
  /** Bytes that have come and that were sent, of all lanes; `resets` starts them anew. */
  lanesTraffic(resets: boolean): [received: number, sent: number]
  /**
   * For all lanes. `slowMicros` -1: no command is slow. More than `queryBytesMax` that waits in one
   * is told of.
   */
  lanesConfigure(
    runsReads: boolean,
    runsWrites: boolean,
    bulkBytesMax: number,
    slowMicros: number,
    countsDurations: boolean,
    queryBytesMax: number,
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
