/**
 * Checks files without serving them: a snapshot, an append-only file, a manifest with what it
 * names, or a directory of them; and cuts off what is damaged, if asked to.
 *
 * A snapshot is loaded into an engine of its own, with everything that is in it validated;
 * commands of an append-only file are read, and not run.
 *
 * @module
 */

import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CorruptFileError, invalidArgument, SnapforkError } from '../errors.js'
import { loadAddon } from '../native/addon.js'
import type { NativeAddon } from '../native/engine.js'
import type { Manifest } from '../persist/aof-manifest.js'
import { type CutTail, cutTail } from '../persist/cut-tail.js'
import { isRdb, loadFile } from '../persist/load-file.js'
import { LogFiles, lastFilled } from '../persist/log-files.js'
import { takeDirectory } from './directory-lock.js'
import { replayLog } from './log-replay.js'

export interface CheckOptions {
  /** Cuts the last file of a log where it is damaged; what is cut off is kept beside it. */
  readonly fix?: boolean
  /** Unix time in seconds: cuts off what was logged later. Not together with `fix`. */
  readonly truncateToTimestamp?: number
}

export interface FileFinding {
  /** Absolute. */
  readonly path: string
  readonly kind: 'rdb' | 'aof' | 'manifest'
  readonly bytes: number
  /** Of the snapshot in it; null if there is none. */
  readonly keys: number | null
  /** Of an append-only file. */
  readonly commands: number | null
  /** null if it is sound, also after it was cut. */
  readonly problem: FileProblem | null
  readonly cut: CutTail | null
}

export interface FileProblem {
  /** -1 if it is not known. */
  readonly offset: number
  readonly reason: string
  /** Whether `fix` cuts it off. */
  readonly isFixable: boolean
}

export interface CheckReport {
  readonly path: string
  readonly isSound: boolean
  readonly files: readonly FileFinding[]
}

/** Files in the order in which they are loaded; the last one may be cut. */
interface Group {
  /** Directory of the engine they belong to. */
  readonly dir: string
  readonly paths: readonly string[]
  /** Of a manifest that cannot be read. */
  readonly finding: FileFinding | null
}

const MANIFEST = '.manifest'
/** Any file may be of an engine with more databases than is usual. */
const DATABASES = 65_536

/**
 * Checks the file or directory at `path`. Takes the memory that its snapshots take when they are
 * loaded, one at a time.
 *
 * @throws {TypeError} (rejects) `ERR_SNAPFORK_INVALID_ARG` for both options at once, or for a time
 *   that is none.
 * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_IO` if there is nothing to check,
 *   `ERR_SNAPFORK_LOCKED` if a file would be cut whose directory is open,
 *   `ERR_SNAPFORK_OUT_OF_MEMORY`
 */
export async function check(path: string, options: CheckOptions = {}): Promise<CheckReport> {
  const { fix = false, truncateToTimestamp: second = null } = options
  if (fix && second !== null)
    throw invalidArgument('fix and truncateToTimestamp exclude each other')
  if (second !== null && !(Number.isSafeInteger(second) && second >= 0)) {
    throw invalidArgument('truncateToTimestamp must be a Unix time in whole seconds')
  }
  const addon = loadAddon()
  const files: FileFinding[] = []
  for (const group of await groupsOf(resolve(path))) {
    // What is to be cut must not grow meanwhile.
    const lock = fix || second !== null ? await takeDirectory(addon, group.dir) : null
    try {
      files.push(...(await checkGroup(addon, group, lock !== null, second)))
    } finally {
      lock?.release()
    }
  }
  return { path: resolve(path), isSound: files.every(({ problem }) => problem === null), files }
}

async function groupsOf(path: string): Promise<Group[]> {
  if (!(await factsOf(path)).isDirectory()) {
    if (path.endsWith(MANIFEST)) return [await groupOfManifest(path)]
    return [{ dir: dirname(path), paths: [path], finding: null }]
  }
  const groups = await groupsOfLog(path)
  const entries = await readdir(path, { withFileTypes: true })
  if (groups.length === 0) {
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      groups.push(...(await groupsOfLog(join(path, name))))
    }
    const isSingle = /^(?!temp-).*\.(rdb|aof)$/
    const singles = entries.filter((entry) => entry.isFile() && isSingle.test(entry.name))
    groups.push(
      ...singles.map(({ name }) => ({ dir: path, paths: [join(path, name)], finding: null })),
    )
  }
  if (groups.length > 0) return groups
  throw new SnapforkError('ERR_SNAPFORK_IO', `${path} holds no snapshot and no append-only file.`)
}

async function groupsOfLog(dir: string): Promise<Group[]> {
  const isManifest = (name: string) => name.endsWith(MANIFEST) && !name.startsWith('temp-')
  const manifests = (await readdir(dir)).filter(isManifest)
  return Promise.all(manifests.map((name) => groupOfManifest(join(dir, name))))
}

async function groupOfManifest(path: string): Promise<Group> {
  const dir = dirname(path)
  const files = new LogFiles(dir, basename(path, MANIFEST))
  const group = { dir: dirname(dir), paths: [], finding: null }
  try {
    const manifest = (await files.readManifest()) as Manifest
    const named = [...(manifest.base === null ? [] : [manifest.base]), ...manifest.incremental]
    return { ...group, paths: named.map(({ name }) => files.path(name)) }
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error
    const { size } = await factsOf(path)
    return {
      ...group,
      finding: { ...findingOf(path, 'manifest', size), problem: problemOf(error) },
    }
  }
}

async function checkGroup(
  addon: NativeAddon,
  { paths, finding }: Group,
  mayCut: boolean,
  second: number | null,
): Promise<FileFinding[]> {
  if (finding !== null) return [finding]
  const findings: FileFinding[] = []
  let isSound = true
  // One that is missing is told of in its turn.
  const last = await lastFilled(paths).catch(() => paths.length - 1)
  for (const [index, path] of paths.entries()) {
    const found = await checkFile(addon, path, index === last, second)
    const isCut = mayCut && isSound && found.problem?.isFixable
    findings.push(isCut ? await repaired(found) : found)
    isSound &&= findings.at(-1)?.problem === null
  }
  return findings
}

/** With what is wrong in it cut off. */
async function repaired(found: FileFinding): Promise<FileFinding> {
  const offset = found.problem?.offset ?? 0
  try {
    return { ...found, bytes: offset, problem: null, cut: await cutTail(found.path, offset) }
  } catch (cause) {
    throw new SnapforkError('ERR_SNAPFORK_IO', `${found.path} could not be cut.`, { cause })
  }
}

async function checkFile(
  addon: NativeAddon,
  path: string,
  isLast: boolean,
  second: number | null,
): Promise<FileFinding> {
  const { size } = await factsOf(path)
  const hasSnapshot = await isRdb(path)
  const found = findingOf(path, hasSnapshot || path.endsWith('.rdb') ? 'rdb' : 'aof', size)
  const native = new addon.Engine({ databases: DATABASES, hugePages: false })
  try {
    let offset = 0
    if (found.kind === 'rdb') {
      const loaded = await loadFile(native, { path, checksum: true, deep: true, nowMs: 0 }, null)
      found.keys = loaded?.keysLoaded ?? 0
      offset = loaded?.bytes ?? 0
      if (offset === size) return found
      found.kind = 'aof'
    }
    const lastSecond = second ?? Number.MAX_SAFE_INTEGER
    const read = await replayLog(native, path, { offset, onlyReads: true, lastSecond })
    found.commands = read.commands
    return { ...found, problem: problemOfEnd(read.tornAt, read.stoppedAt, isLast, second) }
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error
    // Behind a snapshot, or without one: a command is damaged, and what is before it is whole.
    const isFixable = found.kind === 'aof' && isLast && second === null
    return { ...found, problem: { ...problemOf(error), isFixable } }
  } finally {
    await native.close()
  }
}

function problemOfEnd(
  tornAt: number | null,
  stoppedAt: number | null,
  isLast: boolean,
  second: number | null,
): FileProblem | null {
  if (tornAt !== null) {
    const reason = 'the file ends in the middle of a command'
    return { offset: tornAt, reason, isFixable: isLast && second === null }
  }
  if (stoppedAt === null) return null
  if (!isLast) {
    const reason = 'what was logged too late begins in a file that is not the last'
    return { offset: stoppedAt, reason, isFixable: false }
  }
  if (stoppedAt > 0) return { offset: stoppedAt, reason: 'logged too late', isFixable: true }
  return { offset: 0, reason: 'nothing was logged early enough', isFixable: false }
}

function findingOf(path: string, kind: FileFinding['kind'], bytes: number) {
  type Mutable = { -readonly [Name in keyof FileFinding]: FileFinding[Name] }
  const finding: Mutable = {
    ...{ path, kind, bytes },
    ...{ keys: null, commands: null, problem: null, cut: null },
  }
  return finding
}

function problemOf({ offset, reason }: CorruptFileError): FileProblem {
  return { offset, reason, isFixable: false }
}

async function factsOf(path: string) {
  try {
    return await stat(path)
  } catch (cause) {
    throw new SnapforkError('ERR_SNAPFORK_IO', `${path} could not be read.`, { cause })
  }
}
