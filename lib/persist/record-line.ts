/**
 * A save record as a line of JSON. What is read is checked: the file may be anybody's. Pure.
 *
 * @module
 */

import type { SaveRecord } from './save-record.js'

const VERSION = 1

/** Whether a value is what it must be. */
type Test = (value: unknown) => boolean

const number: Test = (value) => typeof value === 'number' && Number.isFinite(value)
const amount: Test = (value) => number(value) && (value as number) >= 0
const size: Test = (value) => number(value) && (value as number) >= 1
const text: Test = (value) => typeof value === 'string'
const oneOf = (...words: readonly unknown[]): Test => {
  return (value) => words.includes(value)
}
const orNull = (test: Test): Test => {
  return (value) => value === null || test(value)
}
const listOf = (test: Test): Test => {
  return (value) => Array.isArray(value) && value.every(test)
}
const fields = (tests: Readonly<Record<string, Test>>): Test => {
  const entries = Object.entries(tests)
  return (value) => {
    if (typeof value !== 'object' || value === null) return false
    return entries.every(([name, test]) => test((value as Record<string, unknown>)[name]))
  }
}

const REGIONS = fields({
  ...{ data: amount, meta: amount, index: amount, scratch: amount, jsHeap: amount, rest: amount },
})
const OWNER = fields({ duplicatedBytes: amount, growthBytes: number })
const SAMPLE = fields({
  ...{ atMs: amount, childPrivateDirtyBytes: amount, childPrivateBytes: amount },
  ...{ childRssBytes: orNull(amount), parentRssBytes: amount, byRegion: orNull(REGIONS) },
  ...{ movedEntries: amount, movedBytes: amount, keys: amount, bytes: amount },
})
const COW = fields({
  ...{ duplicatedBytes: amount, extraBytes: amount, movedEntries: amount, movedBytes: amount },
  byRegion: fields({ data: OWNER, engine: OWNER, jsHeap: OWNER, rest: OWNER }),
  byRegionAtMs: orNull(amount),
  copiedPages: REGIONS,
  pageBytes: size,
  hugePages: orNull(fields({ atFork: amount, atEnd: amount, split: amount })),
  heatMap: orNull(fields({ cellBytes: size, pages: listOf(amount) })),
  samples: listOf(SAMPLE),
})
const RECORD = fields({
  version: oneOf(VERSION),
  kind: oneOf('snapshot', 'rewrite'),
  outcome: oneOf('saved', 'failed', 'canceled'),
  error: orNull(fields({ code: text, message: text })),
  ...{ startedAtMs: number, path: text, pid: orNull(amount), keys: amount, bytes: amount },
  ...{ durationMs: amount, forkMicros: orNull(amount), cow: orNull(COW) },
})

export function formatRecord(record: SaveRecord): string {
  return JSON.stringify({ version: VERSION, ...record })
}

/** null if the line is no record of this version. */
export function parseRecord(line: string): SaveRecord | null {
  try {
    const { version, ...record } = JSON.parse(line)
    return RECORD({ version, ...record }) ? record : null
  } catch {
    return null
  }
}
