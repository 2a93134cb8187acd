/**
 * The trial `collections`: what a save costs while elements of collections change. Runs in a fresh
 * process, once an engine, a shape and a round.
 *
 * The updates alone; then a save that is held until all of them are done; then one that runs as it
 * does, with updates until it has ended.
 *
 * @module
 */

import type { Driver, WriteFigures } from '../drivers/driver.js'
import type { Pace } from '../pace.js'
import { type LoadedSave, type OutsideSampler, saveWhileWriting } from '../saving.js'
import { commandsOf } from '../shapes.js'
import { Random } from '../workload.js'
import { randomWrite, writtenShapeOf } from '../written-shapes.js'

export interface CollectionsFigures {
  readonly calm: WriteFigures
  readonly held: LoadedSave
  readonly live: LoadedSave
}

export interface CollectionsJob {
  readonly dir: string
  readonly shape: string
  readonly elements: number
  readonly updates: number
}

/** Of each row: the engines get the same writes, however many of an earlier row they made. */
const SEEDS = { calm: 0xca13, held: 0x4e1d, live: 0x117e }

export async function measureCollections(
  driver: Driver,
  { dir, shape: name, elements, updates }: CollectionsJob,
  sampler: OutsideSampler,
): Promise<CollectionsFigures> {
  const shape = writtenShapeOf(name)
  await driver.open(dir)
  await driver.run(commandsOf(shape, elements)(0, elements))
  await driver.settle()
  const row = (seed: number, pace: Pace) => {
    const random = new Random(seed)
    const next = () => randomWrite(shape, elements, random)
    return (isOver: () => boolean) => driver.writeCommands(pace, shape.update, next, isOver)
  }
  const all = { count: updates }
  const calm = await row(SEEDS.calm, all)(() => false)
  const held = await saveWhileWriting(driver, row(SEEDS.held, all), sampler, 'held')
  const inside = { count: updates, endsWithChild: true }
  const live = await saveWhileWriting(driver, row(SEEDS.live, inside), sampler, 'live')
  return { calm, held, live }
}
