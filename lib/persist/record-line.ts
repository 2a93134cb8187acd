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
  ...{ data: number, meta: number, index: number, scratch: number, jsHeap: number, rest: number },
})
const OWNER = fields({ duplicatedBytes: number, growthBytes: number })
const SAMPLE = fields({
  ...{ atMs: number, childPrivateDirtyBytes: number, childPrivateBytes: number },
  ...{ childRssBytes: orNull(number), parentRssBytes: number, byRegion: orNull(REGIONS) },
  ...{ movedEntries: number, movedBytes: number, keys: number, bytes: number },
})
const COW = fields({
  ...{ duplicatedBytes: number, extraBytes: number, movedEntries: number, movedBytes: number },
  byRegion: fields({ data: OWNER, engine: OWNER, jsHeap: OWNER, rest: OWNER }),
  byRegionAtMs: orNull(number),
  copiedPages: REGIONS,
  pageBytes: number,
  hugePages: orNull(fields({ atFork: number, atEnd: number, split: number })),
  heatMap: orNull(fields({ cellBytes: number, pages: listOf(number) })),
  samples: listOf(SAMPLE),
})
const RECORD = fields({
  version: oneOf(VERSION),
  kind: oneOf('snapshot', 'rewrite'),
  outcome: oneOf('saved', 'failed', 'canceled'),
  error: orNull(fields({ code: text, message: text })),
  ...{ startedAtMs: number, path: text, pid: orNull(number), keys: number, bytes: number },
  ...{ durationMs: number, forkMicros: orNull(number), cow: orNull(COW) },
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
