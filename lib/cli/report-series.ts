/**
 * From a save's readings to what is drawn of it. Pure.
 *
 * @module
 */

import type { CowByRegion, CowReport, SaveRecord } from '../index.js'
import { formatBytes, formatCount, formatMs } from '../util/format.js'

/** Of a stack, the lowest first. */
export const LAYERS = [
  { name: 'data', label: 'entries and values' },
  { name: 'meta', label: 'tables' },
  { name: 'index', label: 'index' },
  { name: 'scratch', label: "child's buffers" },
  { name: 'jsHeap', label: 'V8 heap' },
  { name: 'rest', label: 'rest of the process' },
] as const satisfies readonly { name: keyof CowByRegion; label: string }[]

export interface StackPoint {
  readonly atMs: number
  /** In the order of LAYERS, in bytes. */
  readonly layers: readonly number[]
  readonly movedBytes: number
}

/**
 * Duplicated bytes by region over time. What the child has counted itself is split as the reading
 * before it; what is beyond that are entries and values, since the rest hardly grows.
 */
export function stackOf({ samples }: CowReport): StackPoint[] {
  let known: CowByRegion = { data: 0, meta: 0, index: 0, scratch: 0, jsHeap: 0, rest: 0 }
  return samples.map(({ atMs, childPrivateDirtyBytes, byRegion, movedBytes }) => {
    known = byRegion ?? known
    const others = sumOf(LAYERS.map(({ name }) => (name === 'data' ? 0 : known[name])))
    const data = byRegion?.data ?? Math.max(0, childPrivateDirtyBytes - others)
    return {
      atMs,
      layers: LAYERS.map(({ name }) => (name === 'data' ? data : known[name])),
      movedBytes,
    }
  })
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0)
}

/** Something of each save that is worth a chart over all of them. */
export interface Measure {
  readonly label: string
  readonly help: string
  read(record: SaveRecord): number | null
  format(value: number): string
}

export const MEASURES: readonly Measure[] = [
  {
    label: 'Fork pause',
    help: 'how long the fork held up the process',
    read: ({ forkMicros }) => (forkMicros === null ? null : forkMicros / 1000),
    format: formatMs,
  },
  {
    label: 'Duration',
    help: 'from the fork to the end of the child',
    read: ({ durationMs }) => durationMs,
    format: formatDuration,
  },
  {
    label: 'File',
    help: 'bytes written',
    read: ({ bytes }) => bytes,
    format: formatBytes,
  },
  {
    label: 'Extra memory',
    help: 'peak growth of both processes together',
    read: ({ cow }) => cow?.extraBytes ?? null,
    format: formatBytes,
  },
  {
    label: 'Duplicated',
    help: 'peak of what the child had on its own',
    read: ({ cow }) => cow?.duplicatedBytes ?? null,
    format: formatBytes,
  },
  {
    label: 'Moved',
    help: 'entries moved, so that no page was copied',
    read: ({ cow }) => cow?.movedEntries ?? null,
    format: formatCount,
  },
  {
    label: 'Huge pages split',
    help: 'by writes during the save',
    read: ({ cow }) => cow?.hugePages?.split ?? null,
    format: formatCount,
  },
]

/** A measure as text; a dash where it is not known. */
export function formatMeasure(measure: Measure, record: SaveRecord): string {
  const value = measure.read(record)
  return value === null ? '-' : measure.format(value)
}

/** To the second. */
export function formatTime(unixMs: number): string {
  const time = new Date(unixMs)
  if (Number.isNaN(time.getTime())) return 'at an unknown time'
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Minutes where seconds would be many. */
function formatDuration(ms: number): string {
  return ms < 120_000 ? formatMs(ms) : `${(ms / 60_000).toFixed(1)} min`
}

/** A round step that divides `span` into at most `count`: 1, 2, 5, 10, ... */
export function decimalStep(span: number, count: number): number {
  const least = Math.max(1, span / count)
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10)
}

/** As {@link decimalStep}, for bytes: a power of two. */
export function byteStep(span: number, count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, span / count)))
}
