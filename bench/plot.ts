/**
 * A picture of points with two logarithmic axes, as SVG.
 *
 * @module
 */

export interface Plot {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly Series[]
}

export interface Series {
  readonly name: string
  /** Joined by a line in their order; both numbers above 0. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly label: string }[]
}

interface Axis {
  readonly ticks: readonly number[]
  /** Where a number lies in the picture. */
  readonly at: (value: number) => number
}

const WIDTH = 760
const HEIGHT = 460
const FRAME = { left: 76, right: 736, top: 56, bottom: 396 }
/** Of labels, at most. */
const CHAR_WIDTH = 7
const NEAR = 20
const STEPS = [1, 2, 5]
const COLORS = ['#0b62a8', '#c2410c', '#3f7d20', '#6b21a8']
const STYLE =
  'text{font:13px sans-serif;fill:#1f1f1f;paint-order:stroke;stroke:#fff;stroke-width:4px}\n' +
  '.title{font-size:15px;font-weight:bold}' +
  '.grid{stroke:#dddddd}.frame{fill:none;stroke:#8a8a8a}'

export function plotOf({ title, xLabel, yLabel, series }: Plot): string {
  const points = series.flatMap((one) => one.points)
  const { left, right, top, bottom } = FRAME
  const x = axisOf(
    points.map((point) => point.x),
    left,
    right,
  )
  const y = axisOf(
    points.map((point) => point.y),
    bottom,
    top,
  )
  const middle = (left + right) / 2
  const height = (top + bottom) / 2
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(middle, 32, title, 'middle', 'class="title"'),
    ...x.ticks.flatMap((tick) => [
      line(x.at(tick), top, x.at(tick), bottom),
      text(x.at(tick), bottom + 20, String(tick), 'middle'),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(left, y.at(tick), right, y.at(tick)),
      text(left - 8, y.at(tick) + 4, String(tick), 'end'),
    ]),
    `<rect class="frame" x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/>`,
    text(middle, bottom + 46, xLabel, 'middle'),
    text(22, height, yLabel, 'middle', `transform="rotate(-90 22 ${height})"`),
    ...series.flatMap((one, index) => drawSeries(one, COLORS[index % COLORS.length] ?? '', x, y)),
    '</svg>\n',
  ].join('\n')
}

/** Ends at the ticks around all values. */
function axisOf(values: readonly number[], start: number, end: number): Axis {
  const [min, max] = [Math.min(...values), Math.max(...values)]
  const all: number[] = []
  for (let exponent = Math.floor(Math.log10(min)); 10 ** exponent <= max * 10; ++exponent) {
    all.push(...STEPS.map((step) => Number((step * 10 ** exponent).toPrecision(1))))
  }
  const first = all.findLastIndex((tick) => tick <= min)
  const last = all.findIndex((tick) => tick >= max)
  const ticks = all.slice(first, Math.max(last, first + 1) + 1)
  const low = Math.log(ticks[0] as number)
  const high = Math.log(ticks.at(-1) as number)
  const at = (value: number) => start + ((Math.log(value) - low) / (high - low)) * (end - start)
  return { ticks, at }
}

function drawSeries({ name, points }: Series, color: string, x: Axis, y: Axis): string[] {
  const at = points.map((point) => ({ ...point, x: x.at(point.x), y: y.at(point.y) }))
  const path = at.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(' ')
  const highest = at.reduce((one, other) => (other.y < one.y ? other : one))
  const isLeft = highest.x < (FRAME.left + FRAME.right) / 2
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>`,
    ...at.map(
      (point) =>
        `<circle cx="${point.x.toFixed(1)}" cy="${point.y.toFixed(1)}" r="4" fill="${color}"/>`,
    ),
    ...labelsOf(at),
    text(
      highest.x,
      highest.y - 12,
      name,
      isLeft ? 'start' : 'end',
      `style="fill:${color};font-weight:bold"`,
    ),
  ]
}

/** Points that lie on each other share one label. */
function labelsOf(points: readonly { x: number; y: number; label: string }[]): string[] {
  const groups: { x: number; y: number; labels: string[] }[] = []
  for (const { x, y, label } of points) {
    const near = groups.find((group) => Math.hypot(group.x - x, group.y - y) < NEAR)
    if (near === undefined) groups.push({ x, y, labels: [label] })
    else {
      near.labels.push(label)
      near.y = Math.max(near.y, y)
    }
  }
  return groups.map(({ x, y, labels }) => {
    const words = labels.join(', ')
    const hasRoom = x + words.length * CHAR_WIDTH < FRAME.right
    return text(hasRoom ? x : FRAME.right - 6, y + 20, words, hasRoom ? 'start' : 'end')
  })
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  const at = [x1, y1, x2, y2].map((value) => value.toFixed(1))
  return `<line class="grid" x1="${at[0]}" y1="${at[1]}" x2="${at[2]}" y2="${at[3]}"/>`
}

function text(x: number, y: number, words: string, anchor: string, more = ''): string {
  const at = `x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"`
  return `<text ${at}${more === '' ? '' : ` ${more}`}>${escapeXml(words)}</text>`
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
