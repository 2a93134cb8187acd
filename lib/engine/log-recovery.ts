/**
 * From the files of an append-only log to what they hold: the base, then the commands behind it.
 *
 * A tail of the last file that holds no whole command is cut off, and kept beside it. Nothing else
 * is ever changed, and nothing at all before every other file was found sound.
 *
 * @module
 */

import { open, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CorruptFileError, SnapforkError } from '../errors.js'
import type { NativeEngine } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'
import { EMPTY_MANIFEST, type Manifest } from '../persist/aof-manifest.js'
import { loadFile } from '../persist/load-file.js'
import { isMissing, LogFiles, syncDirectory } from '../persist/log-files.js'
import { replayLog } from './log-replay.js'

/** A tail that was cut off a file. */
export interface CutTail {
  /** Absolute path of the file. */
  readonly path: string
  /** Where it ends now. */
  readonly offset: number
  readonly bytes: number
  /** Absolute path of the file that has the bytes. */
  readonly savedAs: string
}

export interface LoadedLog {
  readonly files: LogFiles
  /** Without a base and incremental files if there is no log yet. */
  readonly manifest: Manifest
  /** Commands that were run. */
  readonly commands: number
  readonly keysLoaded: number
  readonly cut: CutTail | null
}

const RDB_MAGIC = 'REDIS'
const COPY_BYTES = 1 << 20

/**
 * @throws {CorruptFileError} with path, offset and reason: no file was changed.
 * @throws {SnapforkError} `ERR_SNAPFORK_IO`, `ERR_SNAPFORK_OUT_OF_MEMORY`
 */
export async function loadLog(native: NativeEngine, options: ResolvedOptions): Promise<LoadedLog> {
  const { dir, appenddirname, appendfilename } = options
  const files = new LogFiles(join(dir, appenddirname), appendfilename)
  await files.prepare()
  const manifest = await upgrade(files, (await files.readManifest()) ?? EMPTY_MANIFEST, dir)
  const names = [manifest.base, ...manifest.incremental].flatMap((file) => file?.name ?? [])
  for (const name of names) await checkExists(files, name)
  // Times that are over are over for what is logged behind them, not before.
  native.setClock(0)
  try {
    return { files, manifest, ...(await run(native, files, names, options)) }
  } finally {
    native.setClock(options.clock?.() ?? null)
  }
}

async function run(
  native: NativeEngine,
  files: LogFiles,
  names: readonly string[],
  options: ResolvedOptions,
): Promise<Pick<LoadedLog, 'commands' | 'keysLoaded' | 'cut'>> {
  let commands = 0
  let keysLoaded = 0
  let tornAt: number | null = null
  for (const [index, name] of names.entries()) {
    const path = files.path(name)
    const base = (await isRdb(path)) ? await loadBase(native, path, options) : null
    keysLoaded += base?.keysLoaded ?? 0
    const replayed = await replayLog(native, path, base?.bytes ?? 0, () => {})
    commands += replayed.commands
    tornAt = replayed.tornAt
    const mayEndEarly = index === names.length - 1 && options.aofLoadTruncated
    if (tornAt !== null && !mayEndEarly) {
      const reason = 'the file ends in the middle of a command'
      throw new CorruptFileError({ path, offset: tornAt, reason })
    }
  }
  const cut = tornAt === null ? null : await cutTail(files.path(names.at(-1) as string), tornAt)
  return { commands, keysLoaded, cut }
}

async function loadBase(native: NativeEngine, path: string, options: ResolvedOptions) {
  const deep = options.sanitizeDumpPayload === 'yes'
  return loadFile(native, { path, checksum: options.rdbchecksum, deep, nowMs: 0 }, null)
}

async function isRdb(path: string): Promise<boolean> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(RDB_MAGIC.length), 0)
    return buffer.subarray(0, bytesRead).toString('latin1') === RDB_MAGIC
  } finally {
    await file.close()
  }
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

/** Copies the tail beside the file, durably, before it is cut off. */
async function cutTail(path: string, offset: number): Promise<CutTail> {
  const savedAs = `${path}.tail-${offset}`
  const file = await open(path, 'r+')
  try {
    const tail = await open(savedAs, 'w')
    let bytes = 0
    try {
      const buffer = Buffer.alloc(COPY_BYTES)
      for (let at = offset; ; ) {
        const { bytesRead } = await file.read(buffer, 0, COPY_BYTES, at)
        if (bytesRead === 0) break
        await tail.write(buffer, 0, bytesRead)
        at += bytesRead
        bytes += bytesRead
      }
      await tail.sync()
    } finally {
      await tail.close()
    }
    await file.truncate(offset)
    await file.sync()
    return { path, offset, bytes, savedAs }
  } finally {
    await file.close()
  }
}
