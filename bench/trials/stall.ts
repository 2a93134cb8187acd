/**
 * The trial `stall`: writes and reads, one pair after the other, while the disk of the log stands
 * still. Runs in a fresh process, once an engine and a policy.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, LogPolicy } from '../drivers/driver.js'
import { percentileOf } from '../stats.js'

export interface StallFigures {
  readonly fast: PairFigures
  /** With the disk frozen for `STALL_SECONDS`. */
  readonly stalled: PairFigures
}

export interface PairFigures {
  readonly pairs: number
  readonly percentile99Ms: number
  readonly longestMs: number
}

export interface StallJob {
  readonly dir: string
  readonly policy: LogPolicy
  /** Where the file system is mounted that is frozen. */
  readonly mount: string
}

export const STALL_SECONDS = 5
const PAUSE_MS = 1
const FAST_MS = 3000
/** Before the disk stands still. */
const LEAD_MS = 500

export async function measureStall(
  driver: Driver,
  { dir, policy, mount }: StallJob,
): Promise<StallFigures> {
  await driver.open(dir, policy)
  const fast = await pairs(driver, sleep(FAST_MS))
  const script = `fsfreeze -f "$1" && sleep ${STALL_SECONDS}; fsfreeze -u "$1"`
  const stall = async () => {
    await sleep(LEAD_MS)
    const [status] = await once(spawn('sh', ['-c', script, 'sh', mount]), 'exit')
    if (status !== 0) throw new Error('the disk could not be frozen')
  }
  return { fast, stalled: await pairs(driver, stall()) }
}

/** Until `end` has come. */
async function pairs(driver: Driver, end: Promise<unknown>): Promise<PairFigures> {
  const times: number[] = []
  let isOver = false
  const over = end.finally(() => {
    isOver = true
  })
  for (let index = 0; !isOver; ++index) {
    const startedAt = performance.now()
    await driver.setOne(index)
    await driver.getOne(index)
    times.push(performance.now() - startedAt)
    await sleep(PAUSE_MS)
  }
  await over
  const sorted = Float64Array.from(times).sort()
  return {
    pairs: times.length,
    percentile99Ms: percentileOf(sorted, 0.99),
    longestMs: percentileOf(sorted, 1),
  }
}
