/**
 * The trial `types`: what the elements of a collection cost, in memory, to save and to load. Runs
 * in a fresh process, once an engine, a shape and a round.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../drivers/driver.js'
import { residentBytes } from '../processes.js'
import { commandsOf, shapeOf } from '../shapes.js'

export interface TypesFigures {
  readonly bytesPerElement: number
  /** Of SAVE, in the foreground: no fork, no other work. */
  readonly saveSeconds: number
  readonly fileBytes: number
}

/** Fills an empty engine with elements of one shape and saves it. */
export async function measureTypes(
  driver: Driver,
  dir: string,
  shape: string,
  elements: number,
): Promise<TypesFigures> {
  await driver.open(dir)
  await driver.settle()
  const emptyBytes = residentBytes(driver.pid)
  await driver.run(commandsOf(shapeOf(shape), elements))
  await driver.settle()
  const bytesPerElement = (residentBytes(driver.pid) - emptyBytes) / elements
  const startedAt = performance.now()
  await driver.run([['SAVE']])
  const saveSeconds = (performance.now() - startedAt) / 1000
  return { bytesPerElement, saveSeconds, fileBytes: statSync(join(dir, 'dump.rdb')).size }
}
