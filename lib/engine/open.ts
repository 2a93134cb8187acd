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
import type { NativeAddon, NativeLock } from '../native/engine.js'
import { type OpenOptions, type ResolvedOptions, resolveOptions } from '../options.js'
import { removeStaleTemporaryFiles } from '../persist/temp-files.js'
import { takeDirectory } from './directory-lock.js'
import { limitMemory } from './eviction.js'
import { ABORT, Snapfork, START } from './snapfork.js'

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
  const { opened } = await beginOpen(options)
  return opened
}

/** An engine that does not hold what its files hold yet. */
export interface Opening {
  /** For a server: it says who it is, and that it is loading. */
  readonly engine: Snapfork
  /** Resolves when it is open; rejects as {@link open} does, and nothing is left of it then. */
  readonly opened: Promise<Snapfork>
  /** Gives it up: `opened` rejects with `ERR_SNAPFORK_CLOSED`. */
  abort(): void
}

/**
 * Opens an engine, and hands it out before its files are loaded.
 *
 * @throws {Error} (rejects) as {@link open}, for what comes before the files.
 */
export async function beginOpen(options?: OpenOptions): Promise<Opening> {
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
): Promise<Opening> {
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
    const engine = new Snapfork({ native, lock, options, path, usesHugePages })
    const opened = engine[START]().catch(async (error: unknown) => {
      await native.close()
      lock.release()
      throw error
    })
    return { engine, opened, abort: () => engine[ABORT]() }
  } catch (error) {
    await native.close()
    throw error
  }
}
