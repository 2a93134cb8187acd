/**
 * snapfork, in this very process.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sumOf } from '../../dist/cow/cow-report.js'
import { type Mapping, parseSmaps } from '../../dist/cow/smaps.js'
import {
  type OpenOptions,
  open,
  type Snapfork,
  SnapforkError,
  type SnapshotReport,
} from '../../dist/index.js'
import type { NativeEngine } from '../../dist/native/engine.js'
import { allowedBy, type Pace } from '../pace.js'
import { percentileOf } from '../stats.js'
import { fillOf, keyName, makeValues, PAIR_KEYS, type Update } from '../workload.js'
import type {
  Driver,
  DurableFigures,
  LoadFigures,
  LogPolicy,
  SaveFigures,
  WriteFigures,
} from './driver.js'

/** Writes between two looks at the clock. */
const BATCH = 200
/** Between two turns of the event loop, as a server would have them. */
const SLICE_MS = 2
/** Until more writes are due. */
const PACE_MS = 1
/** The engine backs its spare memory in the background. */
const SETTLE_MS = 500
const NANOS_PER_MS = 1e6

export class SnapforkDriver implements Driver {
  readonly pid = process.pid
  readonly #values: readonly string[]
  #db: Snapfork | null = null
  #saving: Promise<SnapshotReport> | null = null
  /** Of one row. Touched before it is used, and kept: its pages are none of a save's cost. */
  #nanos = new Float64Array(0)

  constructor(valueBytes: number) {
    this.#values = makeValues(valueBytes)
  }

  async open(dir: string, policy: LogPolicy = 'none'): Promise<LoadFigures> {
    const startedAt = performance.now()
    this.#db = await open({ dir, ...logOptions(policy) })
    const keys = this.#db.dbsize()
    const seconds = (performance.now() - startedAt) / 1000
    return { keys, seconds, reportedSeconds: seconds }
  }

  /** The rest of the process is Node and the heap in which commands are put together. */
  storeBytes(): number {
    const { native } = this.#opened as unknown as { native: NativeEngine }
    const regions = native.regions()
    const mappings = parseSmaps(readFileSync('/proc/self/smaps', 'latin1'))
    const isOurs = (mapping: Mapping) =>
      regions.some(({ start, end }) => mapping.start >= start && mapping.end <= end)
    return sumOf(mappings.filter(isOurs)).rssBytes
  }

  async settle(): Promise<void> {
    setFlagsFromString('--expose-gc')
    const collectGarbage: unknown = runInNewContext('gc')
    if (typeof collectGarbage === 'function') collectGarbage()
    await sleep(SETTLE_MS)
  }

  async fill(keys: number): Promise<void> {
    const db = this.#opened
    const update: Update = { key: 0, value: 0 }
    for (let index = 0; index < keys; ++index) {
      fillOf(index, update)
      db.set(keyName(update.key), this.#values[update.value] as string)
      if (index % 2000 === 0) await nextTurn()
    }
  }

  async run(commands: Iterable<readonly string[]>): Promise<void> {
    const db = this.#opened
    let done = 0
    for (const [name, ...args] of commands) {
      db.call(name as string, ...args)
      if (++done % BATCH === 0) await nextTurn()
    }
  }

  write(pace: Pace, next: (to: Update) => void, isOver: () => boolean): Promise<WriteFigures> {
    const db = this.#opened
    const update: Update = { key: 0, value: 0 }
    const make = () => {
      next(update)
      return { key: keyName(update.key), value: this.#values[update.value] as string }
    }
    return this.#writeRow(pace, make, ({ key, value }) => void db.set(key, value), isOver)
  }

  writeCommands(
    pace: Pace,
    name: string,
    next: () => readonly string[],
    isOver: () => boolean,
  ): Promise<WriteFigures> {
    const db = this.#opened
    return this.#writeRow(pace, next, (args) => void db.call(name, ...args), isOver)
  }

  async writeDurably(seconds: number, writers: number): Promise<DurableFigures> {
    const db = this.#opened
    const startedAt = performance.now()
    let writes = 0
    const writer = async (index: number) => {
      for (; performance.now() - startedAt < seconds * 1000; ++writes) {
        db.set(keyName(index), this.#values[writes % this.#values.length] as string)
        await db.durable()
      }
    }
    await Promise.all(Array.from({ length: writers }, (_, index) => writer(index)))
    return { writes, seconds: (performance.now() - startedAt) / 1000 }
  }

  setOne(index: number): boolean {
    const value = this.#values[index % this.#values.length] as string
    try {
      this.#opened.set(keyName(index % PAIR_KEYS), value)
      return true
    } catch (error) {
      const isRefused = error instanceof SnapforkError && error.code === 'ERR_SNAPFORK_LOG_FAILED'
      if (isRefused) return false
      throw error
    }
  }

  getOne(index: number): undefined {
    this.#opened.get(keyName(index % PAIR_KEYS))
  }

  untilDurable(): Promise<void> {
    return this.#opened.durable()
  }

  async size(): Promise<number> {
    return this.#opened.dbsize()
  }

  async rewriteLog(): Promise<void> {
    await this.#opened.bgrewriteaof()
  }

  async startSave(): Promise<void> {
    this.#saving = this.#opened.bgsave()
    this.#saving.catch(() => {})
  }

  async finishSave(): Promise<SaveFigures> {
    if (this.#saving === null) throw new Error('no save was started')
    const { forkMicros, cow } = await this.#saving
    this.#saving = null
    const { duplicatedBytes, extraBytes, movedEntries } = cow
    return { forkMicros, duplicatedBytes, extraBytes, movedEntries }
  }

  async close(): Promise<void> {
    await this.#db?.close()
    this.#db = null
  }

  get #opened(): Snapfork {
    if (this.#db === null) throw new Error('the engine is not open')
    return this.#db
  }

  async #writeRow<T>(
    pace: Pace,
    make: () => T,
    apply: (one: T) => void,
    isOver: () => boolean,
  ): Promise<WriteFigures> {
    if (this.#nanos.length < pace.count) this.#nanos = new Float64Array(pace.count).fill(1)
    const startedAt = performance.now()
    let inside = 0
    let done = 0
    let goesOn = true
    for (;;) {
      const endMs = performance.now() + SLICE_MS
      while (goesOn && performance.now() < endMs && done < allowedBy(pace, startedAt)) {
        const size = Math.min(BATCH, pace.count - done)
        timeBatch(this.#nanos.subarray(done, done + size), make, apply)
        done += size
        if (!isOver()) inside = done
        else goesOn = pace.endsWithChild !== true
      }
      if (!goesOn || done === pace.count) break
      await (done < allowedBy(pace, startedAt) ? nextTurn() : sleep(PACE_MS))
      if (isOver()) goesOn = pace.endsWithChild !== true
    }
    const seconds = (performance.now() - startedAt) / 1000
    const nanos = this.#nanos.subarray(0, done).sort()
    return {
      writes: done,
      inside,
      seconds,
      medianNanos: percentileOf(nanos, 0.5),
      percentile99Nanos: percentileOf(nanos, 0.99),
      percentile999Nanos: percentileOf(nanos, 0.999),
      longestNanos: percentileOf(nanos, 1),
    }
  }
}

/** Writes are made before the clock runs; a reading of it is part of every figure. */
function timeBatch<T>(nanos: Float64Array, make: () => T, apply: (one: T) => void): void {
  const batch: T[] = []
  while (batch.length < nanos.length) batch.push(make())
  let before = performance.now()
  for (let index = 0; index < nanos.length; ++index) {
    apply(batch[index] as T)
    const after = performance.now()
    nanos[index] = (after - before) * NANOS_PER_MS
    before = after
  }
}

/** Never rewritten: the files hold every write. */
function logOptions(policy: LogPolicy): OpenOptions {
  if (policy === 'none') return {}
  return { appendonly: true, appendfsync: policy, autoAofRewritePercentage: 0 }
}
