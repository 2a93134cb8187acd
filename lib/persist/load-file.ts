/**
 * Loads the snapshot file into an engine that is being opened.
 *
 * @module
 */

import { open, stat } from 'node:fs/promises'
import { CorruptFileError, SnapforkError } from '../errors.js'
import type { LoadOptions, LoadProgress, LoadResult, NativeEngine } from '../native/engine.js'

const UNSUPPORTED = 'ERR_SNAPFORK_UNSUPPORTED_FILE'

/** Time between two calls of `onProgress`, in milliseconds. */
const PROGRESS_MS = 100

/** Names of the type bytes of RDB files, for messages about what cannot be loaded yet. */
const RDB_TYPE_NAMES: readonly string[] = [
  ...['string', 'list', 'set', 'sorted set', 'hash', 'sorted set', 'module value'],
  ...['module value', '', 'hash (zipmap)', 'list (ziplist)', 'set (intset)'],
  ...['sorted set (ziplist)', 'hash (ziplist)', 'list (quicklist)', 'stream', 'hash (listpack)'],
  ...['sorted set (listpack)', 'list (quicklist)', 'stream', 'set (listpack)', 'stream'],
]

/**
 * Loads a file, or returns null if there is none. The event loop goes on meanwhile.
 *
 * @throws {CorruptFileError} with path, offset and reason. The file is not touched.
 *   Its code is `ERR_SNAPFORK_UNSUPPORTED_FILE` if the file is sound but holds another type.
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
    const reason = code === UNSUPPORTED ? await typeReason(path, offset) : error.reason
    return new CorruptFileError({ path, offset, reason, code })
  }
  if (!(error instanceof SnapforkError)) return error
  const { code, cause, message } = error
  return new SnapforkError(code, `${path}: ${message}`, cause === undefined ? {} : { cause })
}

/** Names the type whose byte is at `offset`. */
async function typeReason(path: string, offset: number): Promise<string> {
  const byte = Buffer.alloc(1)
  const file = await open(path).catch(() => null)
  await file?.read(byte, 0, 1, offset).catch(() => null)
  await file?.close().catch(() => {})
  const name = RDB_TYPE_NAMES[byte[0] ?? 0] || `value of type ${byte[0]}`
  return `a ${name} is there, which this version does not support yet,`
}
