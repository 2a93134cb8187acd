/**
 * Loads the snapshot file into an engine that is being opened.
 *
 * @module
 */

import { open, stat } from 'node:fs/promises'
import { CorruptFileError, SnapforkError } from '../errors.js'
import type { LoadOptions, LoadProgress, LoadResult, NativeEngine } from '../native/engine.js'

const RDB_MAGIC = 'REDIS'
const UNSUPPORTED = 'ERR_SNAPFORK_UNSUPPORTED_FILE'

/** Time between two calls of `onProgress`, in milliseconds. */
const PROGRESS_MS = 100

/** Enough for a module's key and id; a longer key leaves it without a name. */
const MODULE_HEAD_BYTES = 4096
const LENGTH_64_BIT = 0x81
const MODULE_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Loads a file, or returns null if there is none. The event loop goes on meanwhile.
 *
 * @throws {CorruptFileError} with path, offset and reason. The file is not touched.
 *   Its code is `ERR_SNAPFORK_UNSUPPORTED_FILE` if the file is sound but holds the value of
 *   a module.
 * @throws {SnapforkError} `ERR_SNAPFORK_IO`, `ERR_SNAPFORK_OUT_OF_MEMORY`
 */
export async function loadFile(
  native: NativeEngine,
  options: LoadOptions,
  onProgress: ((progress: LoadProgress) => void) | null,
): Promise<LoadResult | null> {
  if (!(await exists(options.path))) return null
  const report = () => onProgress?.(native.loadProgress())
  const timer = onProgress === null ? null : setInterval(report, PROGRESS_MS)
  try {
    const result = await native.load(options)
    const { bytes, keysLoaded } = result
    onProgress?.({ bytes, totalBytes: bytes, keys: keysLoaded })
    return result
  } catch (error) {
    throw await explain(error, options.path)
  } finally {
    if (timer !== null) clearInterval(timer)
  }
}

/** Whether it begins as an RDB file does; an append-only file may, and goes on behind it. */
export async function isRdb(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(RDB_MAGIC.length), 0)
    return buffer.subarray(0, bytesRead).toString('latin1') === RDB_MAGIC
  } finally {
    await file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    const detail = `${path} could not be read.`
    throw new SnapforkError('ERR_SNAPFORK_IO', detail, { cause: error })
  }
}

/** The engine does not know the path: puts it in. */
async function explain(error: unknown, path: string): Promise<unknown> {
  if (error instanceof CorruptFileError) {
    const { code, offset } = error
    const reason = code === UNSUPPORTED ? await moduleReason(path, offset) : error.reason
    return new CorruptFileError({ path, offset, reason, code })
  }
  if (!(error instanceof SnapforkError)) return error
  const { code, cause, message } = error
  return new SnapforkError(code, `${path}: ${message}`, cause === undefined ? {} : { cause })
}

/** Names the module whose value's type byte is at `offset`: its id follows the key. */
async function moduleReason(path: string, offset: number): Promise<string> {
  const bytes = Buffer.alloc(MODULE_HEAD_BYTES)
  const file = await open(path).catch(() => null)
  await file?.read(bytes, 0, bytes.length, offset).catch(() => null)
  await file?.close().catch(() => {})
  const name = moduleName(bytes.subarray(1))
  const owner = name === null ? 'a module' : `the module '${name}'`
  return `a value of ${owner} is there, and modules are not supported,`
}

/** Behind a key as plain text, the id: nine characters of six bits, then ten bits of version. */
function moduleName(bytes: Buffer): string | null {
  const first = bytes[0] as number
  const keyEnd =
    first < 64
      ? 1 + first
      : first < 128
        ? 2 + (((first & 63) << 8) | (bytes[1] as number))
        : bytes.length
  if (keyEnd + 9 > bytes.length || bytes[keyEnd] !== LENGTH_64_BIT) return null
  const id = bytes.readBigUInt64BE(keyEnd + 1)
  return Array.from({ length: 9 }, (_, at) => {
    return MODULE_LETTERS[Number((id >> BigInt(58 - 6 * at)) & 63n)]
  }).join('')
}
