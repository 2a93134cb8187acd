/**
 * What saves of the past teach about the next one: how long its file will be, how fast it will be
 * written, and what a changed entry costs. Pure.
 *
 * The newest save counts half, the one before a quarter, and so on: what is saved, and where to,
 * may change. A save of a few megabytes is mostly fork, start and syncs: it teaches no rate.
 *
 * @module
 */

import type { SnapshotReport } from '../persist/snapshot-report.js'
import { entriesAtPeak, entryCost, FIXED_MS, overheadBytes } from './forecast.js'

/** What is known around a save beside its report. */
export interface SaveCircumstances {
  /** Bytes of entries and values. */
  readonly usedBytes: number
  /** Of the tables of what is in use. */
  readonly metaBytes: number
  /** Changes while the child lived; null if they were not counted. */
  readonly changes: number | null
}

const MIB = 2 ** 20
/** From here on a save teaches a rate. */
const RATE_BYTES_MIN = 32 * MIB
/** Where changes could have cost so much, it teaches what they did cost. */
const COST_BYTES_MIN = 64 * MIB
/** Before anything was learnt: a file is seldom longer than what it holds. */
const FILE_SHARE = 1
const NEWEST_SHARE = 1 / 2

export class SaveHistory {
  #fileShare: number | null = null
  #bytesPerSecond: number | null = null
  #bytesPerEntry: number | null = null

  /** A file whose content is in memory now: that of a load, or of a save. */
  learnSize(fileBytes: number, usedBytes: number): void {
    if (fileBytes <= 0 || usedBytes <= 0) return
    this.#fileShare = fileBytes / usedBytes
  }

  learn(report: SnapshotReport, around: SaveCircumstances): void {
    const { bytes, durationMs } = report
    this.learnSize(bytes, around.usedBytes)
    if (bytes >= RATE_BYTES_MIN) {
      const writingMs = Math.max(1, durationMs - FIXED_MS)
      this.#bytesPerSecond = mix(this.#bytesPerSecond, (bytes / writingMs) * 1000)
    }
    this.#learnCost(report, around)
  }

  #learnCost({ keys, cow }: SnapshotReport, around: SaveCircumstances): void {
    const { usedBytes, metaBytes, changes } = around
    if (changes === null) return
    const entries = entriesAtPeak(keys, changes)
    if (entries * entryCost(usedBytes, keys) < COST_BYTES_MIN) return
    const bytes = Math.max(0, cow.extraBytes - overheadBytes(metaBytes, entries))
    this.#bytesPerEntry = mix(this.#bytesPerEntry, bytes / entries)
  }

  /** Length of the file of so many bytes of entries and values. */
  fileBytes(usedBytes: number): number {
    return Math.round((this.#fileShare ?? FILE_SHARE) * usedBytes)
  }

  /** How fast files were written, making and storing together; null if no save was long enough. */
  get bytesPerSecond(): number | null {
    return this.#bytesPerSecond
  }

  /** What an entry cost, in bytes, of those that cost at the same time; or null. */
  get bytesPerEntry(): number | null {
    return this.#bytesPerEntry
  }
}

function mix(before: number | null, newest: number): number {
  return before === null ? newest : before + (newest - before) * NEWEST_SHARE
}
