/**
 * From the files of a directory to what they hold.
 *
 * @module
 */

import type { LoadResult, NativeEngine } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'
import { loadFile } from '../persist/load-file.js'
import type { Loading } from './loading.js'
import { type LoadedLog, loadLog } from './log-recovery.js'

export interface LoadedFiles {
  /** Of the snapshot; null if there is none, or the log counts. */
  readonly snapshot: LoadResult | null
  /** null without an append-only log. */
  readonly log: LoadedLog | null
}

/**
 * Loads what is there into an engine that is empty.
 *
 * @param path Of the snapshot.
 * @throws {CorruptFileError} with path, offset and reason: no file was changed.
 * @throws {SnapforkError} `ERR_SNAPFORK_IO`, `ERR_SNAPFORK_OUT_OF_MEMORY`, `ERR_SNAPFORK_CLOSED`
 *   if it was aborted.
 */
export async function loadFiles(
  native: NativeEngine,
  options: ResolvedOptions,
  path: string,
  loading: Loading,
): Promise<LoadedFiles> {
  const log = options.appendonly ? await loadLog(native, options, path, loading) : null
  // A snapshot beside a log that is not there yet becomes its base.
  const snapshot = log?.isLoaded ? null : await loadSnapshot(native, path, options)
  return { snapshot, log }
}

/** The snapshot alone; null if there is none. */
export function loadSnapshot(
  native: NativeEngine,
  path: string,
  options: ResolvedOptions,
): Promise<LoadResult | null> {
  const { rdbchecksum: checksum, onLoadProgress } = options
  const deep = options.sanitizeDumpPayload === 'yes'
  const nowMs = options.clock?.() ?? Date.now()
  if (options.clock !== null) native.setClock(nowMs)
  const onProgress =
    onLoadProgress === null
      ? null
      : ({ bytes, totalBytes, keys }: { bytes: number; totalBytes: number; keys: number }) =>
          onLoadProgress({ path, bytes, totalBytes, keys })
  return loadFile(native, { path, checksum, deep, nowMs }, onProgress)
}
