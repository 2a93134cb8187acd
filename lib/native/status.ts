/**
 * Makes the Error of a native status: the one place that knows both.
 *
 * The native side hands over three numbers and no text. What broke a rule of Redis becomes the
 * reply that Redis gives, byte for byte; what the world did becomes a coded error whose `cause` is
 * an errno error as node:fs makes them; a number that is not in the table is a bug of ours.
 *
 * @module
 */

import { getSystemErrorMap } from 'node:util'
import {
  CorruptFileError,
  invalidArgument,
  ReplyError,
  SnapforkError,
  type SnapforkErrorCode,
} from '../errors.js'
import { STATUS } from './status-codes.js'

/** Redis's replies. */
const REPLIES: ReadonlyMap<number, string> = new Map([
  [STATUS.WrongType, 'WRONGTYPE Operation against a key holding the wrong kind of value'],
  [STATUS.NotAnInteger, 'ERR value is not an integer or out of range'],
  [STATUS.IncrementOverflow, 'ERR increment or decrement would overflow'],
  [STATUS.NotAFloat, 'ERR value is not a valid float'],
  [STATUS.NanOrInfinity, 'ERR increment would produce NaN or Infinity'],
  [STATUS.StringTooLong, 'ERR string exceeds maximum allowed size (proto-max-bulk-len)'],
  [STATUS.NoSuchKey, 'ERR no such key'],
  [STATUS.SameObject, 'ERR source and destination objects are the same'],
  [STATUS.DatabaseOutOfRange, 'ERR DB index is out of range'],
  [STATUS.HashValueNotAnInteger, 'ERR hash value is not an integer'],
  [STATUS.HashValueNotAFloat, 'ERR hash value is not a float'],
  [STATUS.ScoreIsNan, 'ERR resulting score is not a number (NaN)'],
  [STATUS.SummandNotFinite, 'ERR value is NaN or Infinity'],
  [STATUS.NotALexRange, 'ERR min or max not valid string range item'],
  [STATUS.BadPayload, 'ERR DUMP payload version or checksum are wrong'],
  [STATUS.BadPayloadValue, 'ERR Bad data format'],
  [STATUS.NotFunctions, 'ERR given type is not a function'],
  [STATUS.KeyExists, 'BUSYKEY Target key name already exists.'],
  [
    STATUS.StreamIdTooSmall,
    'ERR The ID specified in XADD is equal or smaller than the target stream top item',
  ],
  [STATUS.StreamIdZero, 'ERR The ID specified in XADD must be greater than 0-0'],
  [
    STATUS.StreamExhausted,
    'ERR The stream has exhausted the last possible ID, unable to add more items',
  ],
  [
    STATUS.StreamIdBelowTop,
    'ERR The ID specified in XSETID is smaller than the target stream top item',
  ],
  [
    STATUS.StreamAddedBelowLength,
    'ERR The entries_added specified in XSETID is smaller than the target stream length',
  ],
  [STATUS.NotAStreamId, 'ERR Invalid stream ID specified as stream command argument'],
  [STATUS.BadStartId, 'ERR invalid start ID for the interval'],
  [STATUS.BadEndId, 'ERR invalid end ID for the interval'],
  [STATUS.NoSuchGroup, 'NOGROUP No such consumer group'],
  [STATUS.NotHyperLogLog, 'WRONGTYPE Key is not a valid HyperLogLog string value.'],
  [STATUS.BadHyperLogLog, 'INVALIDOBJ Corrupted HLL object detected'],
  [STATUS.GroupExists, 'BUSYGROUP Consumer Group name already exists'],
  [STATUS.IndexOutOfRange, 'ERR index out of range'],
  [
    STATUS.TooLargeToCompare,
    'ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len',
  ],
  [STATUS.TooManyDrawn, 'ERR value is out of range, no reply holds so many elements'],
])

/** What is wrong with a file, to stand after its path. */
const FILE_FAULTS: ReadonlyMap<number, string> = new Map([
  [STATUS.FileTooShort, 'the file ends too early'],
  [STATUS.BadSignature, 'this is no RDB file'],
  [STATUS.BadVersion, 'the version of the format is not known'],
  [STATUS.BadChecksum, 'the checksum does not match the content'],
  [STATUS.BadLength, 'a length is impossible'],
  [STATUS.BadEncoding, 'an encoding is not known'],
  [STATUS.BadCompression, 'compressed bytes are damaged'],
  [STATUS.BadOpcode, 'an entry starts with a byte that means nothing'],
  [STATUS.DuplicateKey, 'a key occurs twice'],
  [STATUS.BadValue, 'a value contradicts itself'],
  [STATUS.EmptyValue, 'a collection has no elements'],
  [STATUS.BadDatabase, 'a database has a number above the `databases` option'],
])

const CODES: ReadonlyMap<number, SnapforkErrorCode> = new Map([
  [STATUS.Io, 'ERR_SNAPFORK_IO'],
  [STATUS.NoSpace, 'ERR_SNAPFORK_NO_SPACE'],
  [STATUS.OutOfMemory, 'ERR_SNAPFORK_OUT_OF_MEMORY'],
  [STATUS.WritesRefused, 'ERR_SNAPFORK_WRITES_REFUSED'],
  [STATUS.MaxMemory, 'ERR_SNAPFORK_MAXMEMORY'],
  [STATUS.LogRefuses, 'ERR_SNAPFORK_LOG_FAILED'],
  [STATUS.ForkFailed, 'ERR_SNAPFORK_FORK_FAILED'],
  [STATUS.VersionTooLow, 'ERR_SNAPFORK_RDB_VERSION'],
  [STATUS.Locked, 'ERR_SNAPFORK_LOCKED'],
  [STATUS.ChildActive, 'ERR_SNAPFORK_CHILD_ACTIVE'],
  [STATUS.WorkerThread, 'ERR_SNAPFORK_WORKER_THREAD'],
  [STATUS.Busy, 'ERR_SNAPFORK_BUSY'],
  [STATUS.Closed, 'ERR_SNAPFORK_CLOSED'],
])

/** An error of the kernel, with the fields that node:fs gives its errors. */
export interface SystemError extends Error {
  /** `ENOSPC` and so on. */
  code: string
  /** The negated number, as Node has it. */
  errno: number
}

/** `errno` as the kernel numbers it, positive. */
export function systemError(errno: number): SystemError {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, 'unknown error']
  return Object.assign(new Error(`${code}: ${text}`), { code, errno: -errno })
}

/** The code that stands for a status, if it is one of the world's or of a broken rule of ours. */
export function codeOfStatus(status: number): SnapforkErrorCode | null {
  return CODES.get(status) ?? null
}

/**
 * The Error of a status. `path` is known to those who read files, not to the engine.
 *
 * @param offset Byte offset in the file, or -1.
 */
export function errorOfStatus(status: number, errno: number, offset: number, path = ''): Error {
  const reply = REPLIES.get(status)
  if (reply !== undefined) return new ReplyError(reply)
  const reason = FILE_FAULTS.get(status)
  if (reason !== undefined) return new CorruptFileError({ path, offset, reason })
  if (status === STATUS.UnsupportedType) {
    const reason = 'a value is that of a module, and modules are not supported'
    return new CorruptFileError({ path, offset, reason, code: 'ERR_SNAPFORK_UNSUPPORTED_FILE' })
  }
  if (status === STATUS.InvalidArgument) {
    return invalidArgument('The native engine refused an argument.')
  }
  const code = CODES.get(status)
  const options = errno === 0 ? undefined : { cause: systemError(errno) }
  if (code !== undefined) return new SnapforkError(code, detailOf(status, errno), options)
  return new SnapforkError('ERR_SNAPFORK_INTERNAL', `Native status ${status}.`, options)
}

/** The summary of the code, unless there is more to say. */
function detailOf(status: number, errno: number): string | undefined {
  if (errno === 0) return undefined
  const { code } = systemError(errno)
  if (status === STATUS.Io) return `A file could not be read or written (${code}).`
  if (status === STATUS.NoSpace) return `The disk or a quota is full (${code}).`
  if (status === STATUS.ForkFailed) return `fork(2) failed (${code}).`
  return undefined
}
