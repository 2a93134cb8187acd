/**
 * From options to an engine that holds what its file holds.
 *
 * In this order: check the options, take the lock of the directory, remove temporary files of dead
 * processes, make the engine, load the file. Whatever fails undoes what was done before it.
 *
 * @module
 */

import { join } from 'node:path'
import { canUseHugePages } from '../cow/thp.js'
import { SnapforkError } from '../errors.js'
import { loadAddon } from '../native/addon.js'
import type { LoadResult, NativeAddon, NativeEngine, NativeLock } from '../native/engine.js'
import { type OpenOptions, type ResolvedOptions, resolveOptions } from '../options.js'
import { loadFile } from '../persist/load-file.js'
import { removeStaleTemporaryFiles } from '../persist/temp-files.js'
import { takeDirectory } from './directory-lock.js'
import { limitMemory } from './eviction.js'
import { loadLog } from './log-recovery.js'
import { Snapfork, START } from './snapfork.js'

/**
 * Opens the engine of a directory: makes the directory if there is none, and loads its snapshot if
 * there is one. The event loop goes on meanwhile.
 *
 * @throws {TypeError | RangeError} (rejects) `ERR_SNAPFORK_INVALID_ARG` for an option.
 * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_LOCKED` if the directory is open already, in this
 *   process or another; `ERR_SNAPFORK_NO_BINARY`; `ERR_SNAPFORK_IO`; `ERR_SNAPFORK_OUT_OF_MEMORY`.
 * @throws {CorruptFileError} (rejects) with path, offset and reason. The file is left as it is.
 *
 * @example
 * const db = await open({ dir: './data' })
 * db.set('user:1', 'Ada')
 * await db.bgsave()
 * await db.close()
 */
export async function open(options?: OpenOptions): Promise<Snapfork> {
  const resolved = resolveOptions(options)
  const addon = loadAddon()
  const lock = await takeDirectory(addon, resolved.dir)
  try {
    return await openLocked(addon, lock, resolved)
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openLocked(
  addon: NativeAddon,
  lock: NativeLock,
  options: ResolvedOptions,
): Promise<Snapfork> {
  await removeStaleTemporaryFiles(options.dir).catch((cause: unknown) => {
    throw new SnapforkError('ERR_SNAPFORK_IO', `${options.dir} could not be cleaned.`, { cause })
  })
  const { databases } = options
  const usesHugePages = options.hugePages === 'auto' ? await canUseHugePages() : options.hugePages
  const native = new addon.Engine({ databases, hugePages: usesHugePages })
  try {
    native.setLimits(options.limits)
    // Before anything is loaded: what files say of the use of keys is kept where it is noted.
    limitMemory(native, options)
    native.setHealPercent(options.healCpuPercent)
    const path = join(options.dir, options.dbfilename)
    const log = options.appendonly ? await loadLog(native, options, path) : null
    // A snapshot beside a log that is not there yet becomes its base.
    const loaded = log?.isLoaded ? null : await load(native, path, options)
    const engine = new Snapfork({ native, lock, options, path, usesHugePages, loaded, log })
    await engine[START]()
    return engine
  } catch (error) {
    await native.close()
    throw error
  }
}

function load(
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
