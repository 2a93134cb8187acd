/**
 * Records of saves, for tests of what is made of them.
 *
 * @module
 */

import type { CowByRegion, CowReport, CowSample, SaveRecord } from '../../dist/index.js'

const REGIONS: CowByRegion = { data: 0, meta: 0, index: 0, scratch: 0, jsHeap: 0, rest: 0 }

export function makeSample(
  atMs: number,
  byRegion: Partial<CowByRegion> | null,
  own = 0,
): CowSample {
  const regions = byRegion === null ? null : { ...REGIONS, ...byRegion }
  const bytes = Object.values(regions ?? { own }).reduce((sum, more) => sum + more, 0)
  return {
    atMs,
    ...{ childPrivateDirtyBytes: bytes, childPrivateBytes: bytes, childRssBytes: null },
    ...{ parentRssBytes: 1, byRegion: regions, movedEntries: 0, movedBytes: 0, keys: 0, bytes: 0 },
  }
}

export function makeCow(changes: Partial<CowReport> = {}): CowReport {
  const owner = { duplicatedBytes: 0, growthBytes: -1 }
  return {
    ...{ duplicatedBytes: 5 << 20, extraBytes: 6 << 20, movedEntries: 1234, movedBytes: 99_000 },
    byRegion: { data: owner, engine: owner, jsHeap: owner, rest: owner },
    byRegionAtMs: 10,
    copiedPages: { ...REGIONS, data: 1280, meta: 2 },
    pageBytes: 4096,
    hugePages: { atFork: 40, atEnd: 33, split: 7 },
    heatMap: null,
    samples: [makeSample(10, { data: 4 << 20, rest: 1 << 20 }), makeSample(60, null, 5 << 20)],
    ...changes,
  }
}

export function makeRecord(changes: Partial<SaveRecord> = {}): SaveRecord {
  return {
    ...{ kind: 'snapshot', outcome: 'saved', error: null, startedAtMs: Date.UTC(2026, 0, 2) },
    ...{ path: '/data/dump.rdb', pid: 77, keys: 1000, bytes: 3 << 20, durationMs: 250 },
    ...{ forkMicros: 1500, cow: makeCow() },
    ...changes,
  }
}
