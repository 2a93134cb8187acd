/**
 * What the background saves and rewrites of one engine have cost, over its life.
 *
 * @module
 */

import { type CowByRegion, NO_REGIONS } from '../cow/cow-report.js'
import type { SnapforkError } from '../errors.js'
import { ReportFile } from '../persist/report-file.js'
import type { SaveRecord } from '../persist/save-record.js'
import { LatencyHistogram } from '../util/latency-histogram.js'

export const KINDS = ['snapshot', 'rewrite'] as const
export const OUTCOMES = ['saved', 'failed', 'canceled'] as const

export const REGION_NAMES = Object.keys(NO_REGIONS) as (keyof CowByRegion)[]

/** `jsHeap` as `js_heap`: how INFO and metrics name it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Of one kind of child. */
export interface KindCosts {
  /** How long forks held up this process, in microseconds. */
  readonly forks: LatencyHistogram
  /** From the start to the end of the child, in microseconds; of those that succeeded. */
  readonly durations: LatencyHistogram
  readonly ended: Readonly<Record<SaveRecord['outcome'], number>>
}

/** What is known of all children so far. */
export interface SaveCostFacts {
  readonly kinds: Readonly<Record<SaveRecord['kind'], KindCosts>>
  /** Pages the kernel copied, by region: those of each child's peak. */
  readonly copiedPages: CowByRegion
  /** Huge pages that writes have split, where they were counted. */
  readonly splitHugePages: number
  /** The last one that had a child, or null. */
  readonly last: SaveRecord | null
}

type Mutable<T> = { -readonly [name in keyof T]: T[name] }

export class SaveCosts {
  readonly #file: ReportFile | null
  readonly #kinds = { snapshot: newKind(), rewrite: newKind() }
  readonly #copiedPages: Mutable<CowByRegion> = { ...NO_REGIONS }
  #splitHugePages = 0
  #last: SaveRecord | null = null

  /** Records go to the file of this path as well; `fileFailed` is told if that cannot be. */
  constructor(path: string | null, fileFailed: (error: SnapforkError) => void) {
    this.#file = path === null ? null : new ReportFile(path, fileFailed)
  }

  add(record: SaveRecord): void {
    const { kind, outcome, forkMicros, durationMs, cow } = record
    const { forks, durations, ended } = this.#kinds[kind]
    ended[outcome] += 1
    if (forkMicros !== null) forks.record(forkMicros)
    if (outcome === 'saved') durations.record(Math.round(durationMs * 1000))
    if (cow !== null) {
      for (const name of REGION_NAMES) this.#copiedPages[name] += cow.copiedPages[name]
      this.#splitHugePages += cow.hugePages?.split ?? 0
      this.#last = record
    }
    this.#file?.add(record)
  }

  get facts(): SaveCostFacts {
    return {
      kinds: this.#kinds,
      copiedPages: this.#copiedPages,
      splitHugePages: this.#splitHugePages,
      last: this.#last,
    }
  }

  /** Resolves when all records are in the file, or could not be written. */
  settled(): Promise<void> {
    return this.#file?.settled() ?? Promise.resolve()
  }
}

function newKind() {
  return {
    forks: new LatencyHistogram(),
    durations: new LatencyHistogram(),
    ended: { saved: 0, failed: 0, canceled: 0 },
  }
}
