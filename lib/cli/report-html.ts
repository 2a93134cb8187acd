/**
 * The page of the last saves: one file that loads nothing, for a browser or an attachment. Pure.
 *
 * @module
 */

import type { CowReport, SaveRecord } from '../index.js'
import { formatBytes, formatCount } from '../util/format.js'
import { html, Markup, NOTHING } from './markup.js'
import {
  barChart,
  barName,
  HEAT_LABELS,
  heatChart,
  stackChart,
  stackSparkline,
} from './report-charts.js'
import {
  formatMeasure,
  formatTime,
  LAYERS,
  MEASURES,
  type Measure,
  stackOf,
} from './report-series.js'
import { STYLE } from './report-style.js'

/** Those that have a chart over all saves. */
const CHARTED = MEASURES.slice(0, 4)
const KINDS = ['snapshot', 'rewrite', 'failed', 'canceled'] as const

/** @param records The oldest first, at least one. */
export function reportPage(source: string, records: readonly SaveRecord[]): string {
  const newest = records.toReversed()
  const shown = newest.find(({ outcome }) => outcome === 'saved') ?? newest[0]
  const count = records.length === 1 ? 'the last save' : `the last ${records.length} saves`
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${`snapfork: what ${count} cost`}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
<header>
<h1>${`What ${count} cost`}</h1>
<p class="quiet path">${summaryOf(records)} &#183; ${source}</p>
</header>
<h2>${records.length === 1 ? 'The save' : 'Over time'}</h2>
<div class="grid4">${CHARTED.map((measure) => measureCard(measure, records, shown))}</div>
${kindKey(records)}
<h2>${records.length === 1 ? 'In detail' : 'Each save, the newest first'}</h2>
${newest.map((record) => saveCard(record, record === shown))}
</main>
</body>
</html>
`
  return page.text
}

function summaryOf(records: readonly SaveRecord[]): string {
  const counts = (['saved', 'failed', 'canceled'] as const).flatMap((outcome) => {
    const count = records.filter((record) => record.outcome === outcome).length
    return count === 0 ? [] : [`${count} ${outcome}`]
  })
  const [first, last] = [records.at(0), records.at(-1)]
  const from = formatTime(first?.startedAtMs ?? 0)
  const to = formatTime(last?.startedAtMs ?? 0)
  return `${counts.join(', ')} \u00b7 ${records.length === 1 ? from : `${from} to ${to}`}`
}

/** In large type that of the save which is shown, and a bar for each. */
function measureCard(
  measure: Measure,
  records: readonly SaveRecord[],
  shown: SaveRecord | undefined,
): Markup {
  const values = records.map((record) => measure.read(record)).filter((value) => value !== null)
  const [least, most] = [Math.min(...values), Math.max(...values)].map(measure.format)
  const notes = values.length < 2 ? [measure.help] : [`least ${least}`, `most ${most}`]
  return html`<div class="card"><div class="label">${measure.label}</div>
    <div class="value">${shown === undefined ? '-' : formatMeasure(measure, shown)}</div>
    ${records.length === 1 ? NOTHING : barChart(measure, records, shown)}
    <div class="note">${notes.map((note) => html`<span>${note}</span>`)}</div></div>`
}

/** What the colours of the bars mean, where there are several. */
function kindKey(records: readonly SaveRecord[]): Markup {
  if (records.length === 1) return NOTHING
  const names = new Set(records.map(barName))
  const items = KINDS.filter((name) => names.has(name)).map((name) => {
    return html`<li>${square(`bar ${name}`)}${name}</li>`
  })
  const shown = html`<li class="quiet">in large type: the last that succeeded</li>`
  return html`<ul class="key">${items}${shown}</ul>`
}

function square(name: string): Markup {
  return html`<svg viewBox="0 0 12 12"><rect class="${name}" width="12" height="12" rx="2" /></svg>`
}

function saveCard(record: SaveRecord, isOpen: boolean): Markup {
  const { startedAtMs, kind, outcome, error, cow } = record
  return html`<details class="card"${isOpen ? html` open="open"` : NOTHING}><summary>
    <span>${formatTime(startedAtMs)}</span>
    <span class="${`outcome ${barName(record)}`}">${`${kind} ${outcome}`}</span>
    ${CHARTED.map((measure) => {
      const label = measure.label.toLowerCase()
      return html`<span><small>${label}</small>${formatMeasure(measure, record)}</span>`
    })}${sparkline(record)}</summary><div>
    ${error === null ? NOTHING : html`<p class="error"><b>${error.code}</b> ${error.message}</p>`}
    ${cow === null ? NOTHING : curve(record, cow)}${cow === null ? NOTHING : heat(cow)}
    ${facts(record)}</div></details>`
}

/** The curve in small. */
function sparkline({ cow, durationMs }: SaveRecord): Markup {
  return cow === null ? NOTHING : stackSparkline(stackOf(cow), durationMs)
}

function curve({ durationMs }: SaveRecord, cow: CowReport): Markup {
  if (cow.samples.length === 0) return NOTHING
  const points = stackOf(cow)
  const layers = LAYERS.filter((_, index) => points.some(({ layers }) => layers[index] !== 0))
  const line = html`<svg viewBox="0 0 12 12">
    <line class="moved" x1="0" x2="12" y1="6" y2="6" /></svg>`
  return html`<h3>Duplicated memory during the save, by region</h3>
    ${stackChart(points, durationMs)}
    <ul class="key">${layers.map(({ name, label }) => html`<li>${square(name)}${label}</li>`)}
    <li>${line}moved instead of copied</li></ul>`
}

function heat({ heatMap, pageBytes }: CowReport): Markup {
  if (heatMap === null) return NOTHING
  const cell = formatBytes(heatMap.cellBytes)
  if (heatMap.pages.every((count) => count === 0)) {
    return html`<h3>Where pages were duplicated</h3>
      <p class="quiet">No page was seen duplicated.</p>`
  }
  return html`<h3>${`Where pages were duplicated: a cell is ${cell} of memory`}</h3>
    ${heatChart(heatMap, pageBytes)}
    <ul class="key">${HEAT_LABELS.map(
      (label, index) => html`<li>${square(`heat${index}`)}${label}</li>`,
    )}</ul>`
}

function facts(record: SaveRecord): Markup {
  const { path, pid, keys, cow } = record
  const rows: [label: string, value: string][] = [
    ['keys', formatCount(keys)],
    ...MEASURES.slice(CHARTED.length).map((measure): [string, string] => {
      return [measure.label.toLowerCase(), formatMeasure(measure, record)]
    }),
    ...(cow === null ? [] : copiedFacts(cow)),
    ['child', pid === null ? '-' : `process ${pid}`],
  ]
  return html`<dl>${rows.map(([label, value]) => {
    return html`<div><dt>${label}</dt><dd>${value}</dd></div>`
  })}<div class="wide"><dt>path</dt><dd>${path}</dd></div></dl>`
}

function copiedFacts({ copiedPages, movedBytes }: CowReport): [label: string, value: string][] {
  return [
    ['bytes moved', formatBytes(movedBytes)],
    ['pages copied, data', formatCount(copiedPages.data)],
    ['pages copied, tables', formatCount(copiedPages.meta)],
  ]
}
