/**
 * The trial `disk`: what a save costs that a slow disk keeps alive for longer. Runs in a fresh
 * process, once an engine, a disk and a round.
 *
 * Updates come at one pace for every engine, so that how many fall inside follows from how long
 * the child lives, and not from how fast the engine takes them.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../drivers/driver.js'
import { type LoadedSave, type OutsideSampler, saveWhileWriting } from '../saving.js'
import { Random, randomUpdate, type Update } from '../workload.js'

export interface DiskFigures extends LoadedSave {
  readonly fileBytes: number
}

export interface DiskJob {
  readonly dir: string
  readonly keys: number
  readonly updatesPerSecond: number
}

const SEED = 0xd15c
/** Before the save: what the program itself needs for its writes is there then. */
const CALM_MS = 1000
/** No save may last longer. */
const SECONDS_MAX = 120

export async function measureDisk(
  driver: Driver,
  { dir, keys, updatesPerSecond }: DiskJob,
  sampler: OutsideSampler,
): Promise<DiskFigures> {
  await driver.open(dir)
  await driver.fill(keys)
  await driver.settle()
  const random = new Random(SEED)
  const next = (to: Update) => randomUpdate(random, keys, to)
  const pace = {
    count: updatesPerSecond * SECONDS_MAX,
    perSecond: updatesPerSecond,
    endsWithChild: true,
  }
  const endMs = performance.now() + CALM_MS
  await driver.write(pace, next, () => performance.now() > endMs)
  const write = (isOver: () => boolean) => driver.write(pace, next, isOver)
  const save = await saveWhileWriting(driver, write, sampler, 'live')
  return { ...save, fileBytes: statSync(join(dir, 'dump.rdb')).size }
}
