/**
 * How long the next save will take, and how much memory: the arithmetic. Pure.
 *
 * Time. The child makes the file as fast as one core can, and hands it to the disk meanwhile: the
 * slower of the two decides. Then the file and its directory are synced.
 *
 * Memory. Let N be the number of entries and n that of changes while the child lives. If every
 * change hits any entry with the same chance, an entry is missed by all of them with (1-1/N)^n, so
 *
 *     u = N (1 - (1 - 1/N)^n)
 *
 * of them are changed at least once. A load that prefers some entries changes fewer, so u is an
 * upper estimate. What one of them costs: a value of up to 32 KiB is moved, which takes its bytes;
 * of a larger one the kernel copies the pages that are touched, or a new one takes its place: its
 * pages at most. A second change of the same entry costs nothing, nor does one behind the child;
 * and what the child has passed is free again. When it has passed the share x of all, those before
 * it that were changed cost, which are the more the longer it took, and the fewer the less is left:
 *
 *     N (1-x) (1 - (1 - 1/N)^(xn))       at most, over x from 0 to 1
 *
 * Beside that the kernel copies pages of the tables of what is in use, at most one for each of
 * them; as many bits note what waits to be freed; and chunks are backed ahead of need. V8's heap
 * and the indexes are not in the child.
 *
 * @module
 */

import { type DiskRates, TYPICAL_DISKS, type TypicalDisk } from '../persist/typical-disks.js'

/** What a forecast is made from. */
export interface ForecastFacts {
  /** Length of the file that the next save will write. */
  readonly snapshotBytes: number
  /** How fast a child makes a file if no disk holds it up. */
  readonly encodeBytesPerSecond: number
  readonly changesPerSecond: number
  /** Entries that changes can hit. */
  readonly keys: number
  /** Of all entries and values. */
  readonly usedBytes: number
  /** Of the tables of what is in use. */
  readonly metaBytes: number
  /** What a changed entry has cost in saves before this one, or null. */
  readonly learntBytesPerEntry: number | null
  /** What this process can still get; null if it is not known. */
  readonly headroomBytes: number | null
}

/** A save to one disk. */
export interface DiskForecast extends DiskRates {
  /** From the fork to the file being synced and in its place. */
  readonly durationMs: number
  /** Entries changed meanwhile: an upper estimate, that of a load without favourites. */
  readonly changedEntries: number
  /** Memory it takes beside what is in use: an upper estimate. */
  readonly extraBytes: number
  /** What this process can still get; null if it is not known. */
  readonly headroomBytes: number | null
  /** Whether the memory suffices; true if it is not known. */
  readonly fits: boolean
}

export type TypicalForecasts = Readonly<Record<TypicalDisk, DiskForecast>>

const PAGE_BYTES = 4096
/** Up to here a value is moved when it changes; of a larger one the pages touched are copied. */
const MOVED_BYTES_MAX = 32_768
/** Fork, start and end of a child that has next to nothing to save: 15 to 25 ms with the syncs. */
export const FIXED_MS = 15
/** Syncs of a save: its file, and the directory. */
const SYNCS = 2
/** Chunks of 2 MiB that may be backed ahead of need. */
const AHEAD_BYTES = 8 * 2 * 2 ** 20
/** A save that nobody writes beside takes 1 to 7 MiB. */
const IDLE_BYTES = 8 * 2 ** 20

/** How many of `entries` are hit at least once by `changes` that hit each with the same chance. */
export function distinctEntries(entries: number, changes: number): number {
  if (entries <= 0 || changes <= 0) return 0
  if (entries <= 1) return entries
  // (1-1/N)^n without losing the digits of 1/N.
  return -entries * Math.expm1(changes * Math.log1p(-1 / entries))
}

/** How many changed entries cost memory at the same time, at most: the second formula above. */
export function entriesAtPeak(entries: number, changes: number): number {
  const at = (share: number) => (1 - share) * distinctEntries(entries, share * changes)
  // It rises, then falls: what lies beyond the higher of two points can be cut off.
  let [from, to] = [0, 1]
  while (to - from > 1e-9) {
    const third = (to - from) / 3
    if (at(from + third) < at(to - third)) from += third
    else to -= third
  }
  return at((from + to) / 2)
}

export function forecastOn(disk: DiskRates, facts: ForecastFacts): DiskForecast {
  const { bytesPerSecond, syncMs } = disk
  const rate = Math.min(bytesPerSecond, facts.encodeBytesPerSecond)
  const durationMs = FIXED_MS + (facts.snapshotBytes / rate) * 1000 + SYNCS * syncMs
  const changes = (facts.changesPerSecond * durationMs) / 1000
  const changedEntries = distinctEntries(facts.keys, changes)
  const extraBytes = Math.ceil(extraBytesOf(facts, changes))
  const { headroomBytes } = facts
  const fits = headroomBytes === null || extraBytes <= headroomBytes
  return { bytesPerSecond, syncMs, durationMs, changedEntries, extraBytes, headroomBytes, fits }
}

export function forecastTypical(facts: ForecastFacts): TypicalForecasts {
  return {
    hdd: forecastOn(TYPICAL_DISKS.hdd, facts),
    sataSsd: forecastOn(TYPICAL_DISKS.sataSsd, facts),
    nvme: forecastOn(TYPICAL_DISKS.nvme, facts),
  }
}

function extraBytesOf(facts: ForecastFacts, changes: number): number {
  const { usedBytes, keys, metaBytes } = facts
  const perEntry = learntCost(entryCost(usedBytes, keys), facts.learntBytesPerEntry)
  const entries = entriesAtPeak(keys, changes)
  return overheadBytes(metaBytes, entries) + Math.min(usedBytes, entries * perEntry)
}

/** What a save takes beside the entries that are changed meanwhile, at most. */
export function overheadBytes(metaBytes: number, changedEntries: number): number {
  const tables = 2 * Math.min(metaBytes, changedEntries * PAGE_BYTES)
  const ahead = changedEntries > 0 ? AHEAD_BYTES : 0
  return IDLE_BYTES + ahead + tables
}

/** What a changed entry takes, at most. */
export function entryCost(usedBytes: number, keys: number): number {
  const average = usedBytes / Math.max(1, keys)
  if (average <= MOVED_BYTES_MAX) return average
  // It need not begin where a page does.
  return (Math.ceil(average / PAGE_BYTES) + 1) * PAGE_BYTES
}

/**
 * What was learnt may raise the estimate. It lowers it only for large values, of which a change may
 * touch all or little: no less than a page then.
 */
function learntCost(atMost: number, learnt: number | null): number {
  if (learnt === null) return atMost
  return Math.max(Math.min(atMost, PAGE_BYTES), learnt)
}
