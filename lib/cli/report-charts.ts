/**
 * The charts of the page of saves, as SVG. Colours are classes of the page's style.
 *
 * @module
 */

import type { HeatMap, SaveRecord } from '../index.js'
import { formatBytes, formatMs } from '../util/format.js'
import { html, type Markup, NOTHING } from './markup.js'
import {
  byteStep,
  decimalStep,
  formatMeasure,
  formatTime,
  LAYERS,
  type Measure,
  type StackPoint,
} from './report-series.js'

const BARS = { width: 240, height: 64, gap: 0.25, wide: 28 } as const
const STACK = { width: 1000, height: 250, left: 78, right: 12, top: 12, bottom: 28 } as const
const SPARK = { width: 120, height: 30 } as const
/** Of a region of up to so many cells, and of a bigger one. */
const HEAT_CELLS = 1024
const HEAT = { columns: 64, cell: 14, gap: 2 } as const
const FINE_HEAT = { columns: 128, cell: 7, gap: 1 } as const
/** Share of its pages up to which a cell has the colour. */
const HEAT_STEPS = [0.02, 0.1, 0.3, 0.6, 1] as const

/** The colour of a save. */
export function barName({
  kind,
  outcome,
}: SaveRecord): 'snapshot' | 'rewrite' | 'failed' | 'canceled' {
  return outcome === 'saved' ? kind : outcome
}

/** Bars for the same measure of all saves, the newest at the right, one of them emphasized. */
export function barChart(
  measure: Measure,
  records: readonly SaveRecord[],
  shown: SaveRecord | undefined,
): Markup {
  const values = records.map((record) => measure.read(record) ?? 0)
  const highest = Math.max(...values, Number.MIN_VALUE)
  const step = Math.min(BARS.wide, BARS.width / records.length)
  const bars = records.map((record, index) => {
    const height = Math.max(1.5, ((values[index] ?? 0) / highest) * BARS.height)
    const x = index * step
    const name = `bar ${barName(record)}${record === shown ? ' shown' : ''}`
    return html`<rect class="${name}" x="${round(x)}" y="${round(BARS.height - height)}"
      width="${round(step * (1 - BARS.gap))}" height="${round(height)}"
      rx="1"><title>${describe(measure, record)}</title></rect>`
  })
  return html`<svg viewBox="${`0 0 ${BARS.width} ${BARS.height + 1}`}" role="img"
    aria-label="${`${measure.label} of the last saves`}">
    <line class="base" x1="0" x2="${BARS.width}" y1="${BARS.height + 0.5}"
      y2="${BARS.height + 0.5}" />${bars}</svg>`
}

function describe(measure: Measure, record: SaveRecord): string {
  const { startedAtMs, kind, outcome } = record
  return `${formatTime(startedAtMs)}, ${kind} ${outcome}: ${formatMeasure(measure, record)}`
}

/** What was duplicated over the time of a save, by region, and what was moved instead. */
export function stackChart(points: readonly StackPoint[], durationMs: number): Markup {
  const { width, height, left, right, top, bottom } = STACK
  const lastMs = Math.max(durationMs, points.at(-1)?.atMs ?? 0, 1)
  const totals = points.map(({ layers }) => layers.reduce((sum, bytes) => sum + bytes, 0))
  const highest = Math.max(...totals, ...points.map(({ movedBytes }) => movedBytes), 1)
  const step = byteStep(highest, 4)
  const highestTick = Math.ceil(highest / step) * step
  const x = (ms: number) => round(left + (ms / lastMs) * (width - left - right))
  const y = (bytes: number) =>
    round(height - bottom - (bytes / highestTick) * (height - top - bottom))
  const moved = points.map(({ atMs, movedBytes }) => `${x(atMs)} ${y(movedBytes)}`)
  return html`<svg viewBox="${`0 0 ${width} ${height}`}" role="img" aria-label="Duplicated bytes">
    ${byteAxis(step, highestTick, y)}${timeAxis(lastMs, x)}${stackedAreas(points, x, y)}
    <polyline class="moved" points="${[`${x(0)} ${y(0)}`, ...moved].join(' ')}" /></svg>`
}

/** Its areas alone, in small, to the scale of this save. */
export function stackSparkline(points: readonly StackPoint[], durationMs: number): Markup {
  const { width, height } = SPARK
  const lastMs = Math.max(durationMs, points.at(-1)?.atMs ?? 0, 1)
  const totals = points.map(({ layers }) => layers.reduce((sum, bytes) => sum + bytes, 0))
  const highest = Math.max(...totals, 1)
  const x = (ms: number) => round((ms / lastMs) * width)
  const y = (bytes: number) => round(height - (bytes / highest) * height)
  return html`<svg class="spark" viewBox="${`0 0 ${width} ${height}`}" aria-hidden="true">
    ${stackedAreas(points, x, y)}<line class="base" x1="0" x2="${width}" y1="${height}"
      y2="${height}" /></svg>`
}

type Scale = (value: number) => number

function byteAxis(step: number, highest: number, y: Scale): Markup[] {
  const ticks = Array.from({ length: Math.round(highest / step) + 1 }, (_, index) => index * step)
  return ticks.map(
    (bytes) => html`<line class="grid" x1="${STACK.left}" x2="${STACK.width - STACK.right}"
      y1="${y(bytes)}" y2="${y(bytes)}" /><text class="tick" text-anchor="end" x="${STACK.left - 8}"
      y="${y(bytes) + 4}">${bytes === 0 ? '0' : withoutZeros(formatBytes(bytes))}</text>`,
  )
}

function timeAxis(lastMs: number, x: Scale): Markup[] {
  const step = decimalStep(lastMs, 8)
  const ticks = Array.from({ length: Math.floor(lastMs / step) + 1 }, (_, index) => index * step)
  return ticks.map(
    (ms) => html`<text class="tick" text-anchor="middle" x="${x(ms)}"
      y="${STACK.height - 8}">${ms === 0 ? '0' : withoutZeros(formatMs(ms))}</text>`,
  )
}

/** A tick is round: it needs no digits that say nothing. */
function withoutZeros(text: string): string {
  return text.replace(/\.0+ /, ' ').replace(/(\.\d)0 /, '$1 ')
}

/** From the fork, when nothing was duplicated, to the last reading. */
function stackedAreas(points: readonly StackPoint[], x: Scale, y: Scale): Markup[] {
  const all = [{ atMs: 0, layers: LAYERS.map(() => 0) }, ...points]
  const edge = (index: number) =>
    all.map(({ atMs, layers }) => {
      const below = layers.slice(0, index).reduce((sum, bytes) => sum + bytes, 0)
      return `${x(atMs)} ${y(below)}`
    })
  return LAYERS.map(({ name, label }, index) => {
    if (all.every(({ layers }) => layers[index] === 0)) return NOTHING
    const corners = [...edge(index), ...edge(index + 1).reverse()]
    return html`<polygon class="${name}" points="${corners.join(' ')}"><title>${label}</title>
      </polygon>`
  })
}

/** Cells in the order of addresses, by the share of their pages that were duplicated. */
export function heatChart({ cellBytes, pages }: HeatMap, pageBytes: number): Markup {
  const { columns, cell, gap } = pages.length > HEAT_CELLS ? FINE_HEAT : HEAT
  const rows = Math.max(1, Math.ceil(pages.length / columns))
  const pagesPerCell = cellBytes / pageBytes
  const size = cell - gap
  const paths = ['', ...HEAT_STEPS.map(() => '')]
  pages.forEach((count, index) => {
    const heat = count === 0 ? 0 : heatOf(count / pagesPerCell)
    const x = (index % columns) * cell
    paths[heat] += `M${x} ${Math.floor(index / columns) * cell}h${size}v${size}h-${size}z`
  })
  return html`<svg viewBox="${`0 0 ${columns * cell} ${rows * cell}`}" role="img"
    aria-label="Duplicated pages by chunk">${paths.map((path, heat) =>
      path === '' ? NOTHING : html`<path class="${`heat${heat}`}" d="${path}" />`,
    )}</svg>`
}

/** From 1 on. */
function heatOf(share: number): number {
  const step = HEAT_STEPS.findIndex((limit) => share <= limit)
  return step < 0 ? HEAT_STEPS.length : step + 1
}

/** What the colours of a heat map mean. */
export const HEAT_LABELS: readonly string[] = [
  'none',
  ...HEAT_STEPS.map((limit) => `up to ${limit * 100} %`),
]

function round(value: number): number {
  return Math.round(value * 10) / 10
}
