/**
 * The trial `log`: writes with and without an append-only log. Runs in a fresh process, once an
 * engine, a policy and a round.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, LogPolicy } from '../drivers/driver.js'
import { Random, randomUpdate, type Update } from '../workload.js'

export interface LogFigures {
  readonly writesPerSecond: number
  /** Of `DURABLE_WRITERS` that wait for the disk; with `always` only. */
  readonly durablePerSecond: number | null
}

const DURABLE_WRITERS = 50
const DURABLE_SECONDS = 3
const SEED = 0x5eed
const LAST_WRITE_MS = 3000

export interface LogJob {
  readonly dir: string
  readonly policy: LogPolicy
  readonly keys: number
  readonly updates: number
}

/** Fills an empty engine and sets its keys anew, in random order. */
export async function measureLog(
  driver: Driver,
  { dir, policy, keys, updates }: LogJob,
): Promise<LogFigures> {
  await driver.open(dir, policy)
  await driver.fill(keys)
  await driver.settle()
  const random = new Random(SEED)
  const next = (to: Update) => randomUpdate(random, keys, to)
  const { seconds } = await driver.write({ count: updates }, next, () => false)
  const isDurable = policy === 'always'
  const durable = isDurable ? await driver.writeDurably(DURABLE_SECONDS, DURABLE_WRITERS) : null
  return {
    writesPerSecond: updates / seconds,
    durablePerSecond: durable && durable.writes / durable.seconds,
  }
}

export interface LogFilesFigures {
  readonly commands: number
}

/** Leaves a log behind: a base of all keys, and an incremental file of the updates. */
export async function makeLogFiles(
  driver: Driver,
  { dir, policy, keys, updates }: LogJob,
): Promise<LogFilesFigures> {
  await driver.open(dir, policy)
  await driver.fill(keys)
  await driver.rewriteLog()
  const random = new Random(SEED)
  await driver.write(
    { count: updates },
    (to) => randomUpdate(random, keys, to),
    () => false,
  )
  // A server that is killed has written what it logged by then.
  await sleep(LAST_WRITE_MS)
  return { commands: updates }
}
