/**
 * Looks at a machine and a directory on it before, or while, an engine uses them.
 *
 * Nothing is changed, and no lock is taken: a directory that is open may be looked at too.
 *
 * @module
 */

import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { hugePageFitness, readKernelFacts } from '../cow/thp.js'
import { invalidArgument, SnapforkError } from '../errors.js'
import { readClockSource } from '../host/clock-source.js'
import { readCpuLimits } from '../host/cpus.js'
import { readDisk } from '../host/disk.js'
import { readHugePageSettings } from '../host/huge-page-settings.js'
import { readMeminfo } from '../host/meminfo.js'
import { type MemoryLimits, readMemoryLimits } from '../host/memory-limits.js'
import { readOvercommit } from '../host/overcommit.js'
import { readProcessLimits } from '../host/process-limits.js'
import { parseManifest } from '../persist/aof-manifest.js'
import { type DiskSpeed, measureDisk } from '../persist/disk-speed.js'
import { diagnose, type Finding, type HostFacts } from './diagnosis.js'
import {
  type DiskForecast,
  type ForecastFacts,
  forecastOn,
  forecastTypical,
  type TypicalForecasts,
} from './forecast.js'
import { ENCODE_BYTES_PER_SECOND } from './forecaster.js'

export interface DoctorOptions {
  /** Directory of the files. @defaultValue the current directory */
  readonly dir?: string | undefined
  /** Name of the snapshot file in `dir`. @defaultValue `'dump.rdb'` */
  readonly dbfilename?: string | undefined
  /** Directory of an append-only log in `dir`. @defaultValue `'appendonlydir'` */
  readonly appenddirname?: string | undefined
  /** Where the names of the log's files begin. @defaultValue `'appendonly.aof'` */
  readonly appendfilename?: string | undefined
  /** Write up to 64 MiB to a temporary file, to learn how fast the disk is. @defaultValue true */
  readonly measureDisk?: boolean | undefined
  /** For which the forecast is made. @defaultValue 10,000 */
  readonly changesPerSecond?: number | undefined
}

/**
 * What a save would take. No engine is asked: entries are taken to be of `bytesPerEntry`, and
 * memory is what this process could get.
 */
export interface DoctorForecast {
  /** Length of the snapshot file, or of the log's base if that is longer; else 1 GiB. */
  readonly snapshotBytes: number
  readonly changesPerSecond: number
  readonly bytesPerEntry: number
  /** null if the disk was not measured. */
  readonly here: DiskForecast | null
  readonly typical: TypicalForecasts
}

export interface DoctorReport {
  /** Absolute. */
  readonly dir: string
  /** Whether nothing is `bad`. */
  readonly isHealthy: boolean
  readonly findings: readonly Finding[]
  readonly memory: MemoryLimits
  /** null if it was not measured. */
  readonly diskSpeed: DiskSpeed | null
  /** The snapshot file, or the base of the log if that is longer; null if there is neither. */
  readonly snapshot: { readonly path: string; readonly bytes: number } | null
  readonly forecast: DoctorForecast
}

const CHANGES_PER_SECOND = 10_000
const BYTES_PER_ENTRY = 100
const SNAPSHOT_BYTES = 2 ** 30
/** Tables of what is in use, of 64 KiB pages of small objects. */
const META_SHARE = 0.01

/**
 * Looks at kernel, memory, limits, disk and clock. Takes about half a second, most of it for the
 * disk.
 *
 * @throws {TypeError | RangeError} (rejects) `ERR_SNAPFORK_INVALID_ARG` for an option.
 * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_IO` with `cause` if there is no such directory.
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const { dbfilename = 'dump.rdb', changesPerSecond = CHANGES_PER_SECOND } = options
  if (!(Number.isFinite(changesPerSecond) && changesPerSecond >= 0)) {
    throw invalidArgument('changesPerSecond must be a number that is not negative.')
  }
  const { dir: given = '.' } = options
  const { appenddirname = 'appendonlydir', appendfilename = 'appendonly.aof' } = options
  if ([given, dbfilename, appenddirname, appendfilename].some((name) => typeof name !== 'string')) {
    throw invalidArgument('dir and the names of files must be strings.')
  }
  const dir = resolve(given)
  const snapshot = longer(
    await snapshotOf(join(dir, dbfilename)),
    await logBaseOf(join(dir, appenddirname), appendfilename),
  )
  const isMeasured = options.measureDisk ?? true
  const facts = await readHost(dir, snapshot?.bytes ?? null, isMeasured)
  const findings = diagnose(facts)
  const diskSpeed = facts.diskSpeed instanceof Error ? null : facts.diskSpeed
  return {
    dir,
    isHealthy: findings.every(({ level }) => level !== 'bad'),
    findings,
    memory: facts.memory,
    diskSpeed,
    snapshot,
    forecast: forecastOf(facts, diskSpeed, changesPerSecond),
  }
}

async function readHost(
  dir: string,
  snapshotBytes: number | null,
  isMeasured: boolean,
): Promise<HostFacts> {
  // With a slash, since a file is none.
  const disk = await readDisk(`${dir}/`).catch((cause: unknown) => {
    throw new SnapforkError('ERR_SNAPFORK_IO', `${dir} is no directory to look at.`, { cause })
  })
  const kernel = await readKernelFacts()
  const facts = {
    release: kernel.release,
    hugePageFitness: hugePageFitness(kernel),
    hugePages: await readHugePageSettings(),
    overcommit: await readOvercommit(),
    meminfo: await readMeminfo(),
    memory: await readMemoryLimits(),
    processLimits: await readProcessLimits(),
    cpus: await readCpuLimits(),
    clock: await readClockSource(),
  }
  const failed = (error: unknown) => error as Error
  const diskSpeed = isMeasured ? await measureDisk(disk.dir).catch(failed) : null
  return { ...facts, disk, diskSpeed, snapshotBytes }
}

async function snapshotOf(path: string): Promise<DoctorReport['snapshot']> {
  const found = await stat(path).catch(() => null)
  return found?.isFile() ? { path, bytes: found.size } : null
}

/** null if there is no log, or none that can be read: that is for `check` to tell. */
async function logBaseOf(dir: string, name: string): Promise<DoctorReport['snapshot']> {
  try {
    const { base } = parseManifest(await readFile(join(dir, `${name}.manifest`), 'utf8'))
    return base && (await snapshotOf(join(dir, base.name)))
  } catch {
    return null
  }
}

function longer(
  a: DoctorReport['snapshot'],
  b: DoctorReport['snapshot'],
): DoctorReport['snapshot'] {
  return (a?.bytes ?? -1) >= (b?.bytes ?? -1) ? a : b
}

function forecastOf(
  { memory, snapshotBytes }: HostFacts,
  diskSpeed: DiskSpeed | null,
  changesPerSecond: number,
): DoctorForecast {
  const bytes = snapshotBytes ?? SNAPSHOT_BYTES
  const facts: ForecastFacts = {
    snapshotBytes: bytes,
    encodeBytesPerSecond: ENCODE_BYTES_PER_SECOND,
    changesPerSecond,
    keys: Math.ceil(bytes / BYTES_PER_ENTRY),
    usedBytes: bytes,
    metaBytes: Math.ceil(bytes * META_SHARE),
    learntBytesPerEntry: null,
    headroomBytes: memory.headroomBytes,
  }
  return {
    snapshotBytes: bytes,
    changesPerSecond,
    bytesPerEntry: BYTES_PER_ENTRY,
    here: diskSpeed && forecastOn(diskSpeed, facts),
    typical: forecastTypical(facts),
  }
}
