/**
 * From the files of an append-only log to what they hold: the base, then the commands behind it.
 *
 * A tail of the last file that holds no whole command is cut off, and kept beside it; room for
 * commands that nobody has written is cut off. Nothing else is ever changed, and nothing at all
 * before every other file was found sound.
 *
 * @module
 */

import { rename, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { CorruptFileError, SnapforkError } from '../errors.js'
import type { NativeEngine } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'
import { EMPTY_MANIFEST, type Manifest } from '../persist/aof-manifest.js'
import { type CutTail, cutTail } from '../persist/cut-tail.js'
import { isRdb, loadFile } from '../persist/load-file.js'
import { isMissing, LogFiles, lastFilled, syncDirectory } from '../persist/log-files.js'
import { identifySnapshot, NO_SNAPSHOT } from '../persist/snapshot-identity.js'
import type { Loading } from './loading.js'
import { replayLog } from './log-replay.js'

export interface LoadedLog {
  readonly files: LogFiles
  readonly manifest: Manifest
  /** Whether there is a log, and the engine holds what it holds. */
  readonly isLoaded: boolean
  /** Commands that were run. */
  readonly commands: number
  readonly keysLoaded: number
  readonly cut: CutTail | null
}

/** What is there of a log before anything of it is loaded. */
export interface FoundLog {
  readonly files: LogFiles
  /** Without a base and incremental files if there is no log yet. */
  readonly manifest: Manifest
}

/**
 * Makes the directory of the log if there is none, and reads the manifest.
 *
 * @throws {CorruptFileError} for a manifest that breaks a rule.
 * @throws {SnapforkError} `ERR_SNAPFORK_IO`
 */
export async function findLog(options: ResolvedOptions): Promise<FoundLog> {
  const { dir, appenddirname, appendfilename } = options
  const files = new LogFiles(join(dir, appenddirname), appendfilename)
  await files.prepare()
  const manifest = await upgrade(files, (await files.readManifest()) ?? EMPTY_MANIFEST, dir)
  return { files, manifest }
}

/**
 * Loads what the files hold, unless there are none, or the log was switched off and the snapshot at
 * `path` was written later.
 *
 * @throws {CorruptFileError} with path, offset and reason: no file was changed.
 * @throws {SnapforkError} `ERR_SNAPFORK_IO`, `ERR_SNAPFORK_OUT_OF_MEMORY`
 */
export async function loadLog(
  native: NativeEngine,
  options: ResolvedOptions,
  path: string,
  loading: Loading,
): Promise<LoadedLog> {
  const { files, manifest } = await findLog(options)
  const isThere = manifest.base !== null || manifest.incremental.length > 0
  if (!isThere || (await isOutdated(manifest, path))) {
    return { files, manifest, isLoaded: false, commands: 0, keysLoaded: 0, cut: null }
  }
  const names = [manifest.base, ...manifest.incremental].flatMap((file) => file?.name ?? [])
  for (const name of names) await checkExists(files, name)
  // Times that are over are over for what is logged behind them, not before.
  native.setClock(0)
  try {
    const loaded = await run(native, files, names, options, loading)
    return { files, manifest, isLoaded: true, ...loaded }
  } finally {
    native.setClock(options.clock?.() ?? null)
  }
}

async function isOutdated({ endedWith }: Manifest, path: string): Promise<boolean> {
  if (endedWith === undefined) return false
  const identity = await identifySnapshot(path)
  return identity !== NO_SNAPSHOT && identity !== endedWith
}

async function run(
  native: NativeEngine,
  files: LogFiles,
  names: readonly string[],
  options: ResolvedOptions,
  loading: Loading,
): Promise<Pick<LoadedLog, 'commands' | 'keysLoaded' | 'cut'>> {
  const paths = names.map((name) => files.path(name))
  const last = await lastFilled(paths)
  const sizes = await Promise.all(names.map((name) => files.sizeOf(name)))
  loading.expect(sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0))
  let doneBytes = 0
  let commands = 0
  let keysLoaded = 0
  let cutAt: number | null = null
  for (const [index, path] of paths.entries()) {
    const base = (await isRdb(path)) ? await loadBase(native, path, options) : null
    keysLoaded += base?.keysLoaded ?? 0
    const start = doneBytes
    loading.reach(start + (base?.bytes ?? 0))
    const replayed = await replayLog(native, path, {
      offset: base?.bytes ?? 0,
      onProgress: (offset) => loading.reach(start + offset),
      signal: loading.signal,
    }).catch(addAdvice)
    doneBytes += replayed.bytes
    loading.reach(doneBytes)
    commands += replayed.commands
    const { tornAt, commandsEnd } = replayed
    if (tornAt === null) {
      if (index === last && commandsEnd < replayed.bytes) await truncate(path, commandsEnd)
      continue
    }
    if (index !== last || !options.aofLoadTruncated) {
      const reason = 'the file ends in the middle of a command'
      addAdvice(new CorruptFileError({ path, offset: tornAt, reason }))
    }
    cutAt = tornAt
  }
  const cut = cutAt === null ? null : await cutTail(paths[last] as string, cutAt)
  return { commands, keysLoaded, cut }
}

/** How to repair it. */
function addAdvice(error: unknown): never {
  if (!(error instanceof CorruptFileError)) throw error
  const { path, offset, reason } = error
  const advice = `${reason} ('snapfork check --fix' cuts the last file there)`
  throw new CorruptFileError({ path, offset, reason: advice })
}

async function loadBase(native: NativeEngine, path: string, options: ResolvedOptions) {
  const deep = options.sanitizeDumpPayload === 'yes'
  return loadFile(native, { path, checksum: options.rdbchecksum, deep, nowMs: 0 }, null)
}

async function checkExists(files: LogFiles, name: string): Promise<void> {
  if ((await files.sizeOf(name)) !== null) return
  const detail = `${files.path(name)} is in the manifest and is not there.`
  throw new SnapforkError('ERR_SNAPFORK_IO', detail)
}

/** A single file of an old version becomes the base. May be interrupted anywhere. */
async function upgrade(files: LogFiles, manifest: Manifest, dir: string): Promise<Manifest> {
  const old = join(dir, files.name)
  const isUpgrading =
    manifest.incremental.length === 0 &&
    (manifest.base === null ||
      (manifest.base.name === files.name && (await files.sizeOf(files.name)) === null))
  if (!isUpgrading || !(await exists(old))) return manifest
  const upgraded = { ...EMPTY_MANIFEST, base: { name: files.name, sequence: 1 } }
  if (manifest.base === null) await files.writeManifest(upgraded)
  await rename(old, files.path(files.name))
  await files.sync()
  await syncDirectory(dir)
  return upgraded
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
