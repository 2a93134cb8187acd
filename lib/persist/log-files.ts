/**
 * The directory of an append-only log: its manifest and files, each step durable before the next.
 *
 * Invariants
 *  (F1) The manifest on disk names files that are all there and whole: a file is made and synced
 *       before a manifest names it, and removed only after a durable one does not.
 *  (F2) Once a manifest has been renamed into its place it counts, whatever comes after.
 *
 * @module
 */

import * as fs from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { CorruptFileError, SnapforkError } from '../errors.js'
import { formatManifest, type Manifest, ManifestError, parseManifest } from './aof-manifest.js'

const FILE_MODE = 0o644

/** Descriptors that outlive every FileHandle. A slow disk keeps the event loop from nothing. */
const openFile = promisify(fs.open)
const syncFile = promisify(fs.fsync)
const closeFile = promisify(fs.close)

/** Of a base that was not finished, of a manifest, and of a log that was being switched on. */
const TEMPORARY = /^temp-(snapfork-\d+-\d+\.rdb|.*\.(manifest|incr))$/

export class LogFiles {
  readonly dir: string
  /** Prefix of every file. */
  readonly name: string

  constructor(dir: string, name: string) {
    this.dir = dir
    this.name = name
  }

  path(file: string): string {
    return join(this.dir, file)
  }

  /** Its suffix tells the form that is written. */
  baseName(sequence: number, form: 'rdb' | 'aof'): string {
    return `${this.name}.${sequence}.base.${form}`
  }

  incrementalName(sequence: number): string {
    return `${this.name}.${sequence}.incr.aof`
  }

  /** Of an incremental file whose base is not there yet. */
  get temporaryIncrementalName(): string {
    return `temp-${this.name}.incr`
  }

  get manifestPath(): string {
    return this.path(`${this.name}.manifest`)
  }

  /** Makes the directory, durably, and removes what an interrupted step has left. */
  async prepare(): Promise<void> {
    await this.#guard('could not be made', async () => {
      if ((await mkdir(this.dir, { recursive: true })) !== undefined) {
        await syncDirectory(dirname(this.dir))
      }
      const stale = (await readdir(this.dir)).filter((file) => TEMPORARY.test(file))
      await Promise.all(stale.map((file) => rm(this.path(file), { force: true })))
    })
  }

  /**
   * null if there is none.
   *
   * @throws {CorruptFileError} for a manifest that breaks a rule.
   */
  async readManifest(): Promise<Manifest | null> {
    const path = this.manifestPath
    let text: string
    try {
      text = await readFile(path, 'latin1')
    } catch (cause) {
      if (isMissing(cause)) return null
      throw new SnapforkError('ERR_SNAPFORK_IO', `${path} could not be read.`, { cause })
    }
    try {
      return parseManifest(text)
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error
      throw new CorruptFileError({ path, offset: -1, reason: error.message })
    }
  }

  /**
   * Puts a manifest in the place of the old one, durably. `renamed` is called as soon as it is the
   * one that counts, even if this rejects afterwards (F2).
   */
  async writeManifest(manifest: Manifest, renamed: () => void = () => {}): Promise<void> {
    await this.#guard('could not be written', async () => {
      const temporary = this.path(`temp-${this.name}.manifest`)
      const file = await open(temporary, 'w', FILE_MODE)
      try {
        await file.writeFile(formatManifest(manifest), 'latin1')
        await file.datasync()
      } finally {
        await file.close()
      }
      await rename(temporary, this.manifestPath)
      renamed()
      await this.sync()
    })
  }

  /** Makes an empty file, durably but for its name, and returns its descriptor. */
  async create(file: string): Promise<number> {
    let fd: number | null = null
    try {
      fd = await openFile(this.path(file), 'w', FILE_MODE)
      await syncFile(fd)
      return fd
    } catch (cause) {
      if (fd !== null) await this.discard(fd, file)
      throw new SnapforkError('ERR_SNAPFORK_IO', `${this.path(file)} could not be made.`, { cause })
    }
  }

  /** Opens a file to go on with, and returns its descriptor. */
  async openExisting(file: string): Promise<number> {
    try {
      return await openFile(this.path(file), 'r+')
    } catch (cause) {
      const detail = `${this.path(file)} could not be opened.`
      throw new SnapforkError('ERR_SNAPFORK_IO', detail, { cause })
    }
  }

  /** Gives a file its name, durably. */
  async rename(from: string, to: string): Promise<void> {
    await this.#guard('could not be renamed', async () => {
      await rename(this.path(from), this.path(to))
      await this.sync()
    })
  }

  /** Closes a descriptor that no log has begun to use. */
  async close(fd: number): Promise<void> {
    await closeFile(fd).catch(() => {})
  }

  /** Takes a file back that no log has begun to use, and no manifest names. */
  async discard(fd: number, file: string): Promise<void> {
    await this.close(fd)
    await this.remove([file]).catch(() => {})
  }

  async sizeOf(file: string): Promise<number | null> {
    try {
      return (await stat(this.path(file))).size
    } catch (cause) {
      if (isMissing(cause)) return null
      throw new SnapforkError('ERR_SNAPFORK_IO', `${this.path(file)} could not be read.`, { cause })
    }
  }

  async remove(files: readonly string[]): Promise<void> {
    await Promise.all(files.map((file) => rm(this.path(file), { force: true })))
  }

  /** Makes renames and new names in the directory durable. */
  sync(): Promise<void> {
    return syncDirectory(this.dir)
  }

  async #guard(problem: string, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (cause) {
      const isFull = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '')
      const code = isFull ? 'ERR_SNAPFORK_NO_SPACE' : 'ERR_SNAPFORK_IO'
      throw new SnapforkError(code, `${this.dir}: the log's files ${problem}.`, { cause })
    }
  }
}

/**
 * Index of the last file of a log that holds anything: it may end early, since the files behind it
 * are begun when it is whole.
 */
export async function lastFilled(paths: readonly string[]): Promise<number> {
  let last = paths.length - 1
  while (last > 0 && (await stat(paths[last] as string)).size === 0) last -= 1
  return last
}

export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
