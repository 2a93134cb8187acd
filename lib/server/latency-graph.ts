/**
 * The picture of LATENCY GRAPH: a column for each sample, and below it how long ago that was.
 *
 * @module
 */

import type { LatencySample } from './latency-monitor.js'

const COLUMNS = 80
const ROWS = 4
/** The top of a column, by how much of its row it takes; all below it is drawn as a line. */
const TOPS = '_o#'
const LEVELS = ROWS * TOPS.length

interface Column {
  /** 0 to LEVELS - 1. */
  readonly level: number
  readonly age: string
}

/** @param samples At least one. */
export function latencyGraph(
  name: string,
  samples: readonly LatencySample[],
  maxMs: number,
  nowMs: number,
): string {
  const times = samples.map(({ ms }) => ms)
  const low = Math.min(...times)
  const high = Math.max(...times)
  const range = Math.max(1, high - low)
  const columns = samples.map(({ second, ms }) => {
    const level = Math.min(LEVELS - 1, Math.floor(((ms - low) * LEVELS) / range))
    return { level, age: ageOf(Math.floor(nowMs / 1000) - second) }
  })
  const blocks: string[] = []
  for (let at = 0; at < columns.length; at += COLUMNS) {
    blocks.push(block(columns.slice(at, at + COLUMNS)))
  }
  const title = `${name} - high ${high} ms, low ${low} ms (all time high ${maxMs} ms)`
  return `${title}\n${'-'.repeat(COLUMNS)}\n${blocks.join('\n')}`
}

function ageOf(seconds: number): string {
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}

function block(columns: readonly Column[]): string {
  const lines: string[] = []
  for (let row = ROWS - 1; row >= 0; --row) {
    lines.push(columns.map(({ level }) => mark(level - row * TOPS.length)).join(''))
  }
  lines.push(' '.repeat(columns.length))
  const depth = Math.max(...columns.map(({ age }) => age.length))
  for (let at = 0; at < depth; ++at) lines.push(columns.map(({ age }) => age[at] ?? ' ').join(''))
  return lines.map((line) => `${line}\n`).join('')
}

/** @param above How much of a column lies above the foot of a row. */
function mark(above: number): string {
  if (above < 0) return ' '
  return TOPS[above] ?? '|'
}
