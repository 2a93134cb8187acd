/**
 * Every error snapfork throws, rejects with or emits.
 *
 * Callers branch on `code`, which is covered by semver; `message` is for people and may change in
 * any release. Codes live in one table, so the type, the documentation and the tests cannot
 * disagree.
 *
 * A process may hold two copies of this module (ESM and CommonJS, or two installs) over one addon.
 * So an error is known by its brand, and `instanceof` holds across copies.
 *
 * @module
 */

interface CodeInfo {
  /** Whether the same call may succeed later without a change to the program. */
  readonly retryable: boolean
  readonly summary: string
}

export const ERROR_CODES = {
  ERR_SNAPFORK_INVALID_ARG: {
    retryable: false,
    summary: 'An argument or option has a wrong type or range. On a TypeError or RangeError.',
  },
  ERR_SNAPFORK_CLOSED: { retryable: false, summary: 'The engine was closed.' },
  ERR_SNAPFORK_BUSY: { retryable: true, summary: 'The engine is loading a file.' },
  ERR_SNAPFORK_LOCKED: {
    retryable: true,
    summary: 'Another engine, of this process or another one, has the directory open.',
  },
  ERR_SNAPFORK_SERVER_EXISTS: {
    retryable: true,
    summary: 'The engine has a server, and may have another one when that is closed.',
  },
  ERR_SNAPFORK_CHILD_ACTIVE: { retryable: true, summary: 'A child process is still saving.' },
  ERR_SNAPFORK_FORK_FAILED: { retryable: true, summary: 'The kernel could not fork this process.' },
  ERR_SNAPFORK_CHILD_DIED: {
    retryable: true,
    summary: 'The child ended without a complete file.',
  },
  ERR_SNAPFORK_CHILD_STALLED: {
    retryable: true,
    summary: 'The child made no progress for too long and was killed.',
  },
  ERR_SNAPFORK_CHILD_TIMEOUT: {
    retryable: true,
    summary: 'The child took longer than `saveTimeLimitMs` and was killed.',
  },
  ERR_SNAPFORK_CANCELED: {
    retryable: true,
    summary: 'The save was given up, since all keys were removed while it ran.',
  },
  ERR_SNAPFORK_SAVE_MEMORY: {
    retryable: true,
    summary: 'There is too little memory left for a save: it was not begun, or was ended.',
  },
  ERR_SNAPFORK_WORKER_THREAD: {
    retryable: false,
    summary: 'A worker thread cannot fork: its end would be taken for that of the process.',
  },
  ERR_SNAPFORK_NO_SPACE: { retryable: true, summary: 'The disk or a quota is full.' },
  ERR_SNAPFORK_RDB_VERSION: {
    retryable: false,
    summary: 'The RDB version that was asked for cannot hold what is to be saved.',
  },
  ERR_SNAPFORK_IO: { retryable: true, summary: 'A file could not be read or written.' },
  ERR_SNAPFORK_LOG_FAILED: {
    retryable: true,
    summary: 'The append-only log could not be written or synced.',
  },
  ERR_SNAPFORK_WRITES_REFUSED: {
    retryable: true,
    summary: 'No write is taken until a save succeeds, as the last one in the background failed.',
  },
  ERR_SNAPFORK_MAXMEMORY: {
    retryable: true,
    summary: 'Memory is over `maxmemory`, and `maxmemoryPolicy` lets no key go for a write.',
  },
  ERR_SNAPFORK_OUT_OF_MEMORY: { retryable: true, summary: 'The engine got no more memory.' },
  ERR_SNAPFORK_CORRUPT_FILE: { retryable: false, summary: 'A file failed validation.' },
  ERR_SNAPFORK_UNSUPPORTED_FILE: {
    retryable: false,
    summary: 'A file is sound but holds what this version cannot load.',
  },
  ERR_SNAPFORK_NO_BINARY: {
    retryable: false,
    summary: 'No compiled addon fits this platform, or it is that of another version.',
  },
  ERR_SNAPFORK_INTERNAL: { retryable: false, summary: 'A bug in snapfork.' },
} as const satisfies Record<string, CodeInfo>

export type SnapforkErrorCode = keyof typeof ERROR_CODES

const BRAND = Symbol.for('snapfork.error')

type Branded = { [BRAND]?: readonly string[] }

/** Whether `value` was made by the class of that name, or one derived from it, in any copy. */
function hasBrand(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  return (value as Branded)[BRAND]?.includes(name) ?? false
}

/** Base of all operating errors. Misuse is a `TypeError` or `RangeError` instead. */
export class SnapforkError extends Error {
  readonly code: SnapforkErrorCode

  constructor(code: SnapforkErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? ERROR_CODES[code].summary, options)
    this.code = code
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable
  }

  override get name(): string {
    return 'SnapforkError'
  }

  get [BRAND](): readonly string[] {
    return ['SnapforkError', this.name]
  }

  /** `instanceof` by brand, of any copy of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(value, BRANDS.get(this) ?? '') || isDerived(this, value)
  }
}

/** How a child process ended. */
export interface ChildEnd {
  /** Exit status, or null if a signal ended the child. */
  readonly code: number | null
  /** Signal as `SIGKILL`, or null. */
  readonly signal: string | null
  /** What the child was at: 'start', 'write', 'sync', 'rename' or 'done'. */
  readonly phase: string
}

export interface SnapshotErrorOptions extends ErrorOptions {
  /** Process id of the child. */
  readonly pid?: number | undefined
  /** null if the child could not be started. */
  readonly exit?: ChildEnd | null
}

/** A background save that did not produce a file. The file of the last good save is untouched. */
export class SnapshotError extends SnapforkError {
  /** Process id of the child, or null if it could not be started. */
  readonly pid: number | null
  /** How the child ended, or null if it could not be started. */
  readonly exit: ChildEnd | null

  constructor(code: SnapforkErrorCode, detail?: string, options: SnapshotErrorOptions = {}) {
    super(code, detail, 'cause' in options ? { cause: options.cause } : undefined)
    this.pid = options.pid ?? null
    this.exit = options.exit ?? null
  }

  override get name(): string {
    return 'SnapshotError'
  }
}

/** What is wrong with a file, and where. */
export interface FileFault {
  readonly path: string
  /** Byte offset of the element that is cut off or wrong. */
  readonly offset: number
  /** One phrase for people. */
  readonly reason: string
  /** `ERR_SNAPFORK_CORRUPT_FILE` if it is left out. */
  readonly code?: FileFaultCode
}

export type FileFaultCode = 'ERR_SNAPFORK_CORRUPT_FILE' | 'ERR_SNAPFORK_UNSUPPORTED_FILE'

/**
 * A snapshot that cannot be trusted, or not be loaded, from `offset` on. The file is left as it is.
 *
 * Its code is `ERR_SNAPFORK_UNSUPPORTED_FILE` if the file is sound, but holds what this version
 * cannot load.
 */
export class CorruptFileError extends SnapforkError {
  declare readonly code: FileFaultCode
  readonly path: string
  /** Byte offset of the element that is cut off, wrong or refused; -1 if it is not known. */
  readonly offset: number
  readonly reason: string

  constructor(fault: FileFault, options?: ErrorOptions) {
    const { path, offset, reason, code = 'ERR_SNAPFORK_CORRUPT_FILE' } = fault
    const place = offset >= 0 ? ` at byte ${offset}` : ''
    super(code, `${path || 'The file'}: ${reason}${place}.`, options)
    this.path = path
    this.offset = offset
    this.reason = reason
  }

  override get name(): string {
    return 'CorruptFileError'
  }
}

/** A Redis error reply. It goes on the wire byte for byte: it is protocol. */
export class ReplyError extends Error {
  readonly #bytes: Buffer | null

  /** `bytes` if they are not the UTF-8 of the text, as where a caller's bytes are repeated. */
  constructor(text: string, bytes: Buffer | null = null) {
    super(text)
    this.#bytes = bytes
  }

  /** The reply with `latin1`, a character a byte. */
  static ofLatin1(latin1: string): ReplyError {
    const bytes = Buffer.from(latin1, 'latin1')
    return new ReplyError(bytes.toString('utf8'), bytes)
  }

  /** What goes on the wire, without the sign before it and the CR LF behind it. */
  get bytes(): Buffer {
    return this.#bytes ?? Buffer.from(this.message)
  }

  override get name(): string {
    return 'ReplyError'
  }

  /** The first word: 'ERR', 'WRONGTYPE', ... */
  get prefix(): string {
    return this.message.split(' ', 1)[0] ?? ''
  }

  get [BRAND](): readonly string[] {
    return ['ReplyError']
  }

  /** `instanceof` by brand, of any copy of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return hasBrand(value, BRANDS.get(this) ?? '') || isDerived(this, value)
  }
}

const BRANDS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [SnapforkError, 'SnapforkError'],
  [SnapshotError, 'SnapshotError'],
  [CorruptFileError, 'CorruptFileError'],
  [ReplyError, 'ReplyError'],
])

/** What `instanceof` means for a class that a user derives from ours. */
function isDerived(type: { prototype: object }, value: unknown): boolean {
  return Object.prototype.isPrototypeOf.call(type.prototype, value as object)
}

/** A `TypeError` of a caller's mistake. */
export function invalidArgument(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_SNAPFORK_INVALID_ARG' as const })
}

/** A `RangeError` of a caller's mistake. */
export function outOfRange(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_SNAPFORK_INVALID_ARG' as const })
}
