/**
 * From the figures of all rounds to a table: medians, spreads, ratios.
 *
 * @module
 */

import type { DriverName } from './drivers/driver.js'
import { type Spread, spreadOf } from './stats.js'

/** One row of a table. */
export interface Metric<R> {
  readonly name: string
  readonly unit: string
  /** Nothing where a run does not tell. */
  readonly of: (run: R) => number | null | undefined
}

export interface SummaryLine {
  readonly type: 'summary'
  readonly metric: string
  readonly unit: string
  readonly snapfork: Spread | null
  readonly redis: Spread | null
  /** Median of Redis through median of snapfork. */
  readonly ratio: number | null
}

export function summarize<R extends { readonly driver: DriverName }>(
  runs: readonly R[],
  metrics: readonly Metric<R>[],
): SummaryLine[] {
  const spread = (metric: Metric<R>, driver: DriverName) => {
    const ofDriver = runs.filter((run) => run.driver === driver)
    return spreadOf(ofDriver.map(metric.of).filter((value) => typeof value === 'number'))
  }
  return metrics.map((metric) => {
    const snapfork = spread(metric, 'snapfork')
    const redis = spread(metric, 'redis')
    const canDivide = snapfork !== null && redis !== null && snapfork.median > 0
    const ratio = canDivide ? redis.median / snapfork.median : null
    return { type: 'summary', metric: metric.name, unit: metric.unit, snapfork, redis, ratio }
  })
}

export function formatSummary(lines: readonly SummaryLine[]): string {
  const rows = [
    ['', 'snapfork', '', 'redis', '', 'redis / snapfork'],
    ...lines.map(({ metric, unit, snapfork, redis, ratio }) => [
      unit === '' ? metric : `${metric} (${unit})`,
      ...cells(snapfork),
      ...cells(redis),
      ratio === null ? '' : number(ratio),
    ]),
  ]
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths?.[column] ?? 0
          return column === 0 ? cell.padEnd(width) : cell.padStart(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function cells(spread: Spread | null): [median: string, range: string] {
  if (spread === null) return ['', '']
  const range = spread.runs > 1 ? `${number(spread.min)}..${number(spread.max)}` : ''
  return [number(spread.median), range]
}

function number(value: number): string {
  if (value === 0) return '0'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3)
}
