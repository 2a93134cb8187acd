/**
 * What disks of the usual kinds do, for forecasts: round numbers of a plain specimen, on the slow
 * side of data sheets.
 *
 * @module
 */

/** How fast a disk takes a file. */
export interface DiskRates {
  /** Of a long sequential write that ends with a sync. */
  readonly bytesPerSecond: number
  /** Of a small write that is synced, in milliseconds. */
  readonly syncMs: number
}

export type TypicalDisk = 'hdd' | 'sataSsd' | 'nvme'

const MB = 1e6

export const TYPICAL_DISKS: Readonly<Record<TypicalDisk, DiskRates>> = {
  // 7,200 turns a minute: 200 MB/s and more on outer tracks, half of that on inner ones. A sync
  // writes the data and the journal: two seeks, each with half a turn of 8.3 ms.
  hdd: { bytesPerSecond: 150 * MB, syncMs: 25 },
  // The link carries 550 MB/s at most; without a capacitor the drive flushes its cache to flash.
  sataSsd: { bytesPerSecond: 450 * MB, syncMs: 3 },
  // Four lanes of PCIe 3 carry 3.5 GB/s; what a consumer drive sustains behind its cache is less.
  nvme: { bytesPerSecond: 1500 * MB, syncMs: 1 },
}
