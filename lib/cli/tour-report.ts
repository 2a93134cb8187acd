/**
 * The tour's findings as text.
 *
 * @module
 */

import type { SnapshotReport } from '../index.js'
import { formatBytes, formatCount, formatMs, formatNanos } from '../util/format.js'
import { formatTable } from './table.js'
import type { LoadReport } from './tour-load.js'
import type { WriteFigures } from './tour-writer.js'

const PAGE_BYTES = 4096

export function describeSnapshot(report: SnapshotReport, during: WriteFigures): string[] {
  const { cow } = report
  const pages = formatCount(cow.duplicatedBytes / PAGE_BYTES)
  return formatTable([
    ['fork pause', formatNanos(report.forkMicros * 1e3)],
    ['keys saved', formatCount(report.keys)],
    ['file size', formatBytes(report.bytes)],
    ['save time', formatMs(report.durationMs)],
    ['writes meanwhile', formatCount(during.writes)],
    ['pages duplicated', `${pages} of 4 KiB (${formatBytes(cow.duplicatedBytes)})`],
    ['extra memory', `${formatBytes(cow.extraBytes)}, moved entries included`],
    ['entries moved', `${formatCount(cow.movedEntries)} (${formatBytes(cow.movedBytes)})`],
  ])
}

export function describeWrites(before: WriteFigures, during: WriteFigures): string[] {
  const row = (name: string, field: keyof WriteFigures) => [
    name,
    formatNanos(before[field]),
    formatNanos(during[field]),
  ]
  return formatTable([
    ['write latency', 'before the save', 'during the save'],
    row('median', 'median'),
    row('99th percentile', 'percentile99'),
    row('longest', 'longest'),
    row('longest turn of the loop', 'longestTurn'),
  ])
}

export function describeLoad(loaded: LoadReport, digestAtFork: string): string[] {
  return formatTable([
    ['loaded by a fresh process', `${formatCount(loaded.keys)} keys in ${formatMs(loaded.openMs)}`],
    ['digest at the fork', digestAtFork],
    ['digest of what was loaded', loaded.digest],
    ['the two digests are', loaded.digest === digestAtFork ? 'equal' : 'DIFFERENT'],
  ])
}

/** How to go on from here. */
export const NEXT_STEPS: readonly string[] = [
  "  import { open } from 'snapfork'",
  '',
  "  const db = await open({ dir: './data' })   // loads ./data/dump.rdb if there is one",
  "  db.set('user:1', 'Ada', { EX: 60 })        // synchronous, in memory",
  "  db.get('user:1')                           // 'Ada'",
  '  const report = await db.bgsave()           // a forked child writes; this process goes on',
  '  await db.close()',
  '',
  'redis-server 7.0 and later loads the file. `snapfork serve` serves its clients.',
]
