/**
 * Forecasts of one engine: what is measured, learnt and counted, put together.
 *
 * The disk is measured when a forecast is asked for and the last measurement is an hour old, and
 * not while a child saves: each would hold up the other.
 *
 * Invariants
 *  (O1) After `stop` nothing is measured, and no temporary file of a measurement is there.
 *
 * @module
 */

import { readDisk } from '../host/disk.js'
import { type MemoryLimit, readMemoryLimits } from '../host/memory-limits.js'
import type { NativeEngine } from '../native/engine.js'
import { type DiskSpeed, measureDisk } from '../persist/disk-speed.js'
import type { SnapshotReport } from '../persist/snapshot-report.js'
import { type DiskRates, TYPICAL_DISKS } from '../persist/typical-disks.js'
import { monotonicMs } from '../util/clock.js'
import { ChangeRate } from './change-rate.js'
import {
  type DiskForecast,
  distinctEntries,
  type ForecastFacts,
  forecastOn,
  forecastTypical,
  type TypicalForecasts,
} from './forecast.js'
import { SaveHistory } from './save-history.js'

/** What the next save will probably take. */
export interface Forecast {
  /** Length of the file it will write, in bytes. */
  readonly snapshotBytes: number
  /** Changes a second at present: over the last ten seconds. */
  readonly changesPerSecond: number
  /**
   * Entries changed in one second at that rate, if each is as likely to be hit as any other: an
   * upper estimate for loads that prefer some.
   */
  readonly changedEntriesPerSecond: number
  /** What this process can still get, in bytes; null if it is not known. */
  readonly headroomBytes: number | null
  /** Who limits that: the machine, or a control group. */
  readonly tightest: MemoryLimit | null
  /** Free on the disk, where the old file stays until the new one is whole; null if not known. */
  readonly freeDiskBytes: number | null
  /** Whether the file finds room on the disk; true if it is not known. */
  readonly fitsDisk: boolean
  /** On this disk; null if it could not be measured and no save has taught anything. */
  readonly here: DiskForecast | null
  readonly typical: TypicalForecasts
}

const MEASUREMENT_MS = 3_600_000
/** What one core makes of strings of 64 bytes: 300 to 750 MB/s (`npm run bench -- fork`). */
export const ENCODE_BYTES_PER_SECOND = 500e6
/** A save this close to what the disk takes was held up by the disk. */
const DISK_BOUND_SHARE = 0.8

export class Forecaster {
  readonly #native: NativeEngine
  readonly #dir: string
  readonly #isSaving: () => boolean
  readonly #rate: ChangeRate
  readonly #history = new SaveHistory()
  #disk: { readonly speed: DiskSpeed; readonly atMs: number } | null = null
  #measuring: Promise<DiskSpeed | null> | null = null
  #isStopped = false

  /** `dir` is where saves are written. */
  constructor(native: NativeEngine, dir: string, isSaving: () => boolean) {
    this.#native = native
    this.#dir = dir
    this.#isSaving = isSaving
    this.#rate = new ChangeRate(() => native.stats().changes, monotonicMs)
  }

  /** @param bytes Length of the file that was loaded; 0 if there was none. */
  learnSize(bytes: number): void {
    this.#history.learnSize(bytes, this.#native.stats().usedBytes)
  }

  /** To be called several times a second; costs next to nothing. */
  sample(): void {
    this.#rate.sample()
  }

  /** @param changes How many there were while the child lived; null if they were not counted. */
  learn(report: SnapshotReport, changes: number | null): void {
    const { usedBytes, metaBytes } = this.#native.stats()
    this.#history.learn(report, { usedBytes, metaBytes, changes })
  }

  /** (rejects) `ERR_SNAPFORK_CLOSED` */
  async forecast(): Promise<Forecast> {
    // A closed engine is refused before anything is measured.
    this.#native.stats()
    const [speed, limits, disk] = await Promise.all([
      this.#diskSpeed(),
      readMemoryLimits(),
      readDisk(this.#dir).catch(() => null),
    ])
    const { headroomBytes, tightest } = limits
    const facts = this.#facts(speed, headroomBytes)
    const { snapshotBytes, changesPerSecond, keys } = facts
    const rates = ratesHere(this.#history.bytesPerSecond, speed)
    const freeDiskBytes = disk?.freeBytes ?? null
    return {
      ...{ snapshotBytes, changesPerSecond, headroomBytes, tightest, freeDiskBytes },
      changedEntriesPerSecond: distinctEntries(keys, changesPerSecond),
      fitsDisk: freeDiskBytes === null || snapshotBytes <= freeDiskBytes,
      here: rates && forecastOn(rates, facts),
      typical: forecastTypical(facts),
    }
  }

  /** Memory that the next save will probably take, from what is known without measuring. Bytes. */
  expectedBytes(): number {
    const speed = this.#disk?.speed ?? null
    const rates = ratesHere(this.#history.bytesPerSecond, speed) ?? TYPICAL_DISKS.sataSsd
    return forecastOn(rates, this.#facts(speed, null)).extraBytes
  }

  #facts(speed: DiskSpeed | null, headroomBytes: number | null): ForecastFacts {
    const { keys, usedBytes, metaBytes } = this.#native.stats()
    const { bytesPerSecond: saved, bytesPerEntry } = this.#history
    return {
      snapshotBytes: this.#history.fileBytes(usedBytes),
      encodeBytesPerSecond: encodeRate(saved, speed),
      changesPerSecond: this.#rate.perSecond(),
      ...{ keys, usedBytes, metaBytes, headroomBytes },
      learntBytesPerEntry: bytesPerEntry,
    }
  }

  /** Waits for a measurement that is under way. (O1) */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#measuring
  }

  /** null if it is not known: the disk is full, or a child saves. */
  async #diskSpeed(): Promise<DiskSpeed | null> {
    const known = this.#disk
    if (known !== null && monotonicMs() - known.atMs < MEASUREMENT_MS) return known.speed
    if (this.#isSaving() || this.#isStopped) return known?.speed ?? null
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = null
    })
    return this.#measuring
  }

  async #measure(): Promise<DiskSpeed | null> {
    const speed = await measureDisk(this.#dir).catch(() => null)
    if (speed !== null) this.#disk = { speed, atMs: monotonicMs() }
    return speed
  }
}

/** How fast a child makes a file, from how fast files were written and how fast the disk is. */
export function encodeRate(saved: number | null, disk: DiskRates | null): number {
  if (saved === null) return ENCODE_BYTES_PER_SECOND
  // A save that the disk held up says only that the child is no slower.
  return isDiskBound(saved, disk) ? Math.max(saved, ENCODE_BYTES_PER_SECOND) : saved
}

/** What this disk does: what saves have shown, where they were held up by it, else the measured. */
export function ratesHere(saved: number | null, disk: DiskRates | null): DiskRates | null {
  if (saved === null) return disk
  if (disk === null) return { bytesPerSecond: saved, syncMs: 0 }
  return isDiskBound(saved, disk) ? { ...disk, bytesPerSecond: saved } : disk
}

function isDiskBound(saved: number, disk: DiskRates | null): boolean {
  return disk !== null && saved >= disk.bytesPerSecond * DISK_BOUND_SHARE
}
