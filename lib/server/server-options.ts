/**
 * The options of a server, checked and completed.
 *
 * @module
 */

import type { TlsOptions } from 'node:tls'
import { invalidArgument, outOfRange } from '../errors.js'

/** Bytes that may wait for a client: at once, or longer than `softSeconds`. 0: no limit. */
export interface OutputBufferLimit {
  readonly hardBytes: number
  readonly softBytes: number
  readonly softSeconds: number
}

export interface ServerOptions {
  /** 0 is any free one, null none. @defaultValue 6379 */
  port?: number | null
  /** Addresses to listen at. @defaultValue `['127.0.0.1', '::1']` */
  bind?: string | readonly string[]
  /** Path of a Unix socket. */
  unixsocket?: string
  /** Mode of the Unix socket, such as `0o700`. */
  unixsocketperm?: number
  /** Connections that wait to be accepted. @defaultValue 511 */
  tcpBacklog?: number
  /** Password of the user `default`; none if it is empty. */
  requirepass?: string
  /** Path of the file of users, for ACL LOAD and SAVE; read when the server begins to listen. */
  aclfile?: string
  /**
   * Whether clients from elsewhere are refused while there is no password and no address to listen
   * at was given. @defaultValue true
   */
  protectedMode?: boolean
  /** @defaultValue 10000 */
  maxclients?: number
  /** Seconds after which an idle client is dropped; 0: never. @defaultValue 0 */
  timeout?: number
  /** Seconds of silence after which the peer is asked whether it lives. @defaultValue 300 */
  tcpKeepalive?: number
  /** Longest string that a client may send, in bytes. @defaultValue 512 MiB */
  protoMaxBulkLen?: number
  /** What a client may send before it is run, in bytes. @defaultValue 1 GiB */
  clientQueryBufferLimit?: number
  /** Of clients that subscribe to nothing. @defaultValue none */
  normalOutputBufferLimit?: OutputBufferLimit
  /** Of clients that subscribe. @defaultValue 32 MiB, or 8 MiB for 60 s */
  pubsubOutputBufferLimit?: OutputBufferLimit
  /** Commands that take so many microseconds are remembered; -1: none. @defaultValue 10000 */
  slowlogLogSlowerThan?: number
  /** How many of them. @defaultValue 128 */
  slowlogMaxLen?: number
  /** Commands that take so many milliseconds count as an event of LATENCY; 0: none. */
  latencyMonitorThreshold?: number
  /** Whether it is counted how long each command takes. @defaultValue true */
  latencyTracking?: boolean
  /** What INFO's latencystats tell, in percent. @defaultValue `[50, 99, 99.9]` */
  latencyTrackingInfoPercentiles?: readonly number[]
  /** Events that are published, in Redis's letters. @defaultValue none */
  notifyKeyspaceEvents?: string
  /** Who may use DEBUG. @defaultValue 'no' */
  enableDebugCommand?: 'no' | 'yes' | 'local'
  /** Milliseconds after which a script lets others be answered with BUSY. @defaultValue 5000 */
  busyReplyThreshold?: number
  /** Entries of ACL LOG. @defaultValue 128 */
  acllogMaxLen?: number
  /** Serves TLS with what `node:tls` takes: on `tlsPort`, or on `port` if there is none. */
  tls?: TlsOptions
  tlsPort?: number
}

export interface ResolvedServerOptions {
  readonly port: number | null
  readonly bind: readonly string[]
  /** Whether `bind` was given. */
  readonly isBound: boolean
  readonly unixsocket: string | null
  readonly unixsocketperm: number | null
  readonly tcpBacklog: number
  readonly requirepass: string
  readonly aclfile: string | null
  readonly protectedMode: boolean
  readonly maxclients: number
  readonly timeout: number
  readonly tcpKeepalive: number
  readonly protoMaxBulkLen: number
  readonly clientQueryBufferLimit: number
  readonly normalOutputBufferLimit: OutputBufferLimit
  readonly pubsubOutputBufferLimit: OutputBufferLimit
  readonly slowlogLogSlowerThan: number
  readonly slowlogMaxLen: number
  readonly latencyMonitorThreshold: number
  readonly latencyTracking: boolean
  readonly latencyTrackingInfoPercentiles: readonly number[]
  readonly notifyKeyspaceEvents: string
  readonly enableDebugCommand: 'no' | 'yes' | 'local'
  readonly busyReplyThreshold: number
  readonly acllogMaxLen: number
  readonly tls: TlsOptions | null
  readonly tlsPort: number | null
}

const MIB = 1 << 20
const NO_LIMIT: OutputBufferLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 }
const PUBSUB_LIMIT: OutputBufferLimit = {
  hardBytes: 32 * MIB,
  softBytes: 8 * MIB,
  softSeconds: 60,
}

const DEFAULTS: ResolvedServerOptions = {
  port: 6379,
  bind: ['127.0.0.1', '::1'],
  isBound: false,
  unixsocket: null,
  unixsocketperm: null,
  tcpBacklog: 511,
  requirepass: '',
  aclfile: null,
  protectedMode: true,
  maxclients: 10_000,
  timeout: 0,
  tcpKeepalive: 300,
  protoMaxBulkLen: 512 * MIB,
  clientQueryBufferLimit: 1024 * MIB,
  normalOutputBufferLimit: NO_LIMIT,
  pubsubOutputBufferLimit: PUBSUB_LIMIT,
  slowlogLogSlowerThan: 10_000,
  slowlogMaxLen: 128,
  latencyMonitorThreshold: 0,
  latencyTracking: true,
  latencyTrackingInfoPercentiles: [50, 99, 99.9],
  notifyKeyspaceEvents: '',
  enableDebugCommand: 'no',
  busyReplyThreshold: 5000,
  acllogMaxLen: 128,
  tls: null,
  tlsPort: null,
}

/** Limits of the numbers. */
const RANGES: Readonly<Partial<Record<keyof ServerOptions, readonly [number, number]>>> = {
  port: [0, 65_535],
  tlsPort: [0, 65_535],
  tcpBacklog: [0, 2 ** 31 - 1],
  maxclients: [1, 2 ** 32 - 1],
  timeout: [0, 2 ** 31 - 1],
  tcpKeepalive: [0, 2 ** 31 - 1],
  protoMaxBulkLen: [MIB, Number.MAX_SAFE_INTEGER],
  clientQueryBufferLimit: [MIB, Number.MAX_SAFE_INTEGER],
  slowlogLogSlowerThan: [-1, Number.MAX_SAFE_INTEGER],
  slowlogMaxLen: [0, 2 ** 31 - 1],
  latencyMonitorThreshold: [0, 2 ** 31 - 1],
  busyReplyThreshold: [0, Number.MAX_SAFE_INTEGER],
  acllogMaxLen: [0, Number.MAX_SAFE_INTEGER],
}

/**
 * @throws {TypeError | RangeError} `ERR_SNAPFORK_INVALID_ARG` for an option that does not exist or
 *   is out of its limits.
 */
export function resolveServerOptions(options: ServerOptions = {}): ResolvedServerOptions {
  for (const [name, value] of Object.entries(options)) {
    if (!(name in DEFAULTS)) throw invalidArgument(`There is no option ${name}.`)
    const range = RANGES[name as keyof ServerOptions]
    if (range !== undefined && value !== null && value !== undefined) {
      checkNumber(name, value, range)
    }
  }
  const { bind, latencyTrackingInfoPercentiles: percents = [] } = options
  if (!percents.every((one) => one >= 0 && one <= 100)) {
    throw outOfRange(`latencyTrackingInfoPercentiles must be from 0 to 100, not ${percents}.`)
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return {
    ...DEFAULTS,
    ...Object.fromEntries(given),
    bind: bind === undefined ? DEFAULTS.bind : typeof bind === 'string' ? [bind] : bind,
    isBound: bind !== undefined,
  }
}

function checkNumber(name: string, value: unknown, [min, max]: readonly [number, number]): void {
  if (typeof value !== 'number') throw invalidArgument(`${name} must be a number.`)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(`${name} must be an integer from ${min} to ${max}, not ${value}.`)
  }
}
