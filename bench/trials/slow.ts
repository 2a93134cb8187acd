/**
 * The trial `slow`: writes that come faster than the disk of the log takes them, and reads beside
 * them. Runs in a fresh process, once an engine, a policy and a disk.
 *
 * Operations are due at times that do not depend on the engine, and the time of each is counted
 * from then: what waits behind another one that is slow counts as slow too.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, LogPolicy } from '../drivers/driver.js'
import { percentileOf } from '../stats.js'
import { PAIR_KEYS } from '../workload.js'

export interface SlowFigures {
  /** From the call to its return here, to the reply there. */
  readonly writes: Latencies
  readonly reads: Latencies
  /** Of some writes, until they are on disk; null where nothing tells. */
  readonly durable: Latencies | null
  /** Writes that the engine did not take. */
  readonly refused: number
  /** Between two turns of the event loop of the program that makes the load. */
  readonly longestPauseMs: number
}

/** In milliseconds. */
export interface Latencies {
  readonly count: number
  readonly median: number
  readonly percentile99: number
  readonly percentile999: number
  readonly longest: number
}

export interface SlowJob {
  readonly dir: string
  readonly policy: LogPolicy
  readonly valueBytes: number
  /** Of values; more than the disk takes. */
  readonly megabytesPerSecond: number
  readonly seconds: number
}

const READS_PER_SECOND = 200
/** Of so many writes, one is waited for until it is on disk. */
const DURABLE_EVERY = 100
/** Until the code is compiled; not counted. */
const WARM_UP_MS = 1000
/** Between two turns of the event loop: part of every time. */
const TICK_MS = 1
const POLL_MS = 5

export async function measureSlow(driver: Driver, job: SlowJob): Promise<SlowFigures> {
  const { dir, policy, valueBytes, megabytesPerSecond, seconds } = job
  await driver.open(dir, policy)
  await driver.fill(PAIR_KEYS)
  await driver.settle()
  const startMs = performance.now()
  const writesPerSecond = (megabytesPerSecond * 1e6) / valueBytes
  const writes = new Row(startMs, writesPerSecond, (index) => driver.setOne(index))
  const reads = new Row(startMs, READS_PER_SECOND, (index) => driver.getOne(index))
  const tellsDurable = policy === 'always' && driver.untilDurable() !== undefined
  const durable = tellsDurable
    ? new Row(startMs, writesPerSecond / DURABLE_EVERY, () => driver.untilDurable())
    : null
  const rows = [writes, reads, ...(durable === null ? [] : [durable])]
  let longestPauseMs = 0
  const endMs = startMs + WARM_UP_MS + seconds * 1000
  for (let nowMs = startMs; nowMs < endMs; ) {
    for (const row of rows) row.runUntil(nowMs)
    await sleep(TICK_MS)
    const afterMs = performance.now()
    if (nowMs > startMs + WARM_UP_MS) longestPauseMs = Math.max(longestPauseMs, afterMs - nowMs)
    nowMs = afterMs
  }
  while (rows.some((row) => row.pending > 0)) await sleep(POLL_MS)
  const failure = rows.find((row) => row.failure !== null)?.failure
  if (failure) throw failure
  const isToldByReply = policy === 'always' && durable === null
  return {
    writes: writes.latencies(),
    reads: reads.latencies(),
    durable: (isToldByReply ? writes : durable)?.latencies() ?? null,
    refused: writes.refused,
    longestPauseMs,
  }
}

/** Operations that are due at a steady rate. */
class Row {
  pending = 0
  refused = 0
  failure: Error | null = null
  readonly #startMs: number
  readonly #intervalMs: number
  readonly #run: (index: number) => Promise<unknown> | boolean | undefined
  readonly #times: number[] = []
  #count = 0

  constructor(
    startMs: number,
    perSecond: number,
    run: (index: number) => Promise<unknown> | boolean | undefined,
  ) {
    this.#startMs = startMs
    this.#intervalMs = 1000 / perSecond
    this.#run = run
  }

  /** Starts what is due by then. */
  runUntil(nowMs: number): void {
    for (;;) {
      const dueMs = this.#startMs + this.#count * this.#intervalMs
      if (dueMs > nowMs) return
      const result = this.#run(this.#count)
      this.#count += 1
      if (result instanceof Promise) this.#await(result, dueMs)
      else this.#note(result !== false, dueMs)
    }
  }

  latencies(): Latencies {
    const sorted = Float64Array.from(this.#times).sort()
    return {
      count: sorted.length,
      median: percentileOf(sorted, 0.5),
      percentile99: percentileOf(sorted, 0.99),
      percentile999: percentileOf(sorted, 0.999),
      longest: percentileOf(sorted, 1),
    }
  }

  #await(result: Promise<unknown>, dueMs: number): void {
    this.pending += 1
    const ended = (error: Error | null) => {
      this.pending -= 1
      this.failure ??= error
      this.#note(error === null, dueMs)
    }
    result.then(() => ended(null), ended)
  }

  #note(isDone: boolean, dueMs: number): void {
    if (!isDone) this.refused += 1
    else if (dueMs > this.#startMs + WARM_UP_MS) this.#times.push(performance.now() - dueMs)
  }
}
