/**
 * The page of saves, and the numbers in it. The command as a whole is tried in main.test.ts.
 */

import t from 'tap'
import { html, Markup, NOTHING } from '../../../dist/cli/markup.js'
import { reportPage } from '../../../dist/cli/report-html.js'
import {
  byteStep,
  decimalStep,
  formatMeasure,
  formatTime,
  MEASURES,
  stackOf,
} from '../../../dist/cli/report-series.js'
import type { SaveRecord } from '../../../dist/index.js'
import { makeCow, makeRecord, makeSample } from '../../support/save-records.js'

const EVIL = `<script>alert("1")</script>&'\u0007`
const HEAT_MAP = { cellBytes: 2 << 20, pages: [0, 1, 40, 150, 300, 512] }

/** Every tag is closed, in order, and no character that means something stands alone. */
function faultIn(page: string): string | null {
  const body = page.replace(/^<!DOCTYPE html>\n/, '').replace(/<style>[^<]*<\/style>/, '')
  const open: string[] = []
  for (const [tag, slash, name = '', attributes = '', end] of body.matchAll(
    /<(\/?)([\w]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/g,
  )) {
    if (slash === '/' && open.pop() !== name) return `${tag} closes nothing`
    if (slash === '' && end === '') open.push(name)
    if (/\s(on\w+|href|src|style)=/.test(attributes)) return `${tag} loads or runs something`
  }
  if (open.length > 0) return `${open.join(', ')} are not closed`
  const text = body.replace(/<(\/?)([\w]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/g, '')
  return /[<>]|&(?!(amp|lt|gt|quot|#\d+);)/.exec(text)?.[0] ?? null
}

t.test('faultIn() finds what it is to find', async (t) => {
  for (const page of ['<p>', '<p></b>', '<p>a < b</p>', '<p>&</p>', '<img src="a" />', '</p>']) {
    t.ok(faultIn(page) !== null, page)
  }
  t.equal(faultIn('<!DOCTYPE html>\n<p class="a">b &lt; c<br /></p>'), null)
})

t.test('html escapes what is put in, but for markup', async (t) => {
  t.equal(
    html`<p>${EVIL}</p>`.text,
    '<p>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;\ufffd</p>',
  )
  t.equal(html`${new Markup('<b>')}${[html`${1}`, NOTHING, html`${2}`]}`.text, '<b>12')
})

t.test('stackOf()', async (t) => {
  const layers = (cow = makeCow()) => stackOf(cow).map((point) => point.layers)
  await t.test(
    'gives regions, and takes what the child counted beyond them for data',
    async (t) => {
      const samples = [
        makeSample(1, null, 3),
        makeSample(2, { data: 10, meta: 2, rest: 5 }),
        makeSample(3, null, 27),
        makeSample(4, null, 4),
      ]
      t.strictSame(layers(makeCow({ samples })), [
        [3, 0, 0, 0, 0, 0],
        [10, 2, 0, 0, 0, 5],
        [20, 2, 0, 0, 0, 5],
        [0, 2, 0, 0, 0, 5],
      ])
    },
  )
})

t.test('Steps of axes are round', async (t) => {
  t.strictSame(
    [0, 1, 9, 41, 100, 7999].map((span) => decimalStep(span, 4)),
    [1, 1, 5, 20, 50, 2000],
  )
  t.strictSame(
    [0, 5, 4096, 4097].map((span) => byteStep(span, 4)),
    [1, 2, 1024, 2048],
  )
})

t.test('Numbers are there or a dash', async (t) => {
  const of = (record: SaveRecord) => MEASURES.map((measure) => formatMeasure(measure, record))
  const all = ['1.50 ms', '250.00 ms', '3.0 MiB', '6.0 MiB', '5.0 MiB', '1,234', '7']
  t.strictSame(of(makeRecord()), all)
  const none = makeRecord({ cow: null, forkMicros: null, bytes: 0, durationMs: 180_000 })
  t.strictSame(of(none), ['-', '3.0 min', '0 B', '-', '-', '-', '-'])
  t.equal(formatTime(Date.UTC(2026, 0, 2, 3, 4, 5)), '2026-01-02 03:04:05 UTC')
  t.equal(formatTime(1e300), 'at an unknown time')
})

t.test('reportPage()', async (t) => {
  const failed = makeRecord({
    ...{ outcome: 'failed', kind: 'rewrite', cow: null, pid: null, forkMicros: null, bytes: 0 },
    ...{ error: { code: EVIL, message: EVIL }, path: EVIL, startedAtMs: 1e300 },
  })
  const heated = makeRecord({ cow: makeCow({ heatMap: HEAT_MAP }) })
  const cold = makeRecord({ cow: makeCow({ heatMap: { ...HEAT_MAP, pages: [0, 0] } }) })
  const bare = makeRecord({ cow: makeCow({ samples: [] }), durationMs: 0 })
  const CASES: Record<string, SaveRecord[]> = {
    'one save': [heated],
    'one that failed': [failed],
    'saves of every kind': [heated, failed, cold, bare, makeRecord({ outcome: 'canceled' })],
    '32 saves': Array.from({ length: 32 }, () => ({ ...heated })),
  }
  for (const [name, records] of Object.entries(CASES)) {
    await t.test(`is whole and loads nothing, of ${name}`, async (t) => {
      const page = reportPage(EVIL, records)
      t.equal(faultIn(page), null)
      t.notMatch(page, /<script|@import|url\(|https?:|NaN|Infinity|undefined|null/)
      t.equal(page.match(/<details class="card"/g)?.length, records.length)
      t.equal(page.match(/<details class="card" open/g)?.length, 1)
      t.match(page, /@media \(prefers-color-scheme: dark\)/)
    })
  }

  await t.test('has the curve, the heat and the error in it', async (t) => {
    const page = reportPage('a', [failed, heated])
    t.match(page, /<polygon class="data"/)
    t.match(page, /<polyline class="moved"/)
    for (const heat of [0, 1, 2, 3, 4, 5]) t.match(page, new RegExp(`<path class="heat${heat}"`))
    t.match(page, /&lt;script&gt;/)
    t.match(page, /What the last 2 saves cost/)
    t.match(page, />7</)
  })

  await t.test('shows the last save that succeeded', async (t) => {
    const page = reportPage('a', [makeRecord({ durationMs: 4321 }), failed])
    t.match(page, /<div class="value">4\.32 s<\/div>/)
    t.match(page, /class="bar failed"/)
    t.match(page, /class="bar snapshot shown"/)
  })
})
