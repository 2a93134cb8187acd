/**
 * The trial `types`: what the elements of a collection cost, in memory, to save and to load. Runs
 * in a fresh process, once an engine, a shape and a round.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Driver } from '../drivers/driver.js'
import { commandsOf, LARGE_KEYS, shapeOf } from '../shapes.js'

export interface TypesFigures {
  /** What an element adds: growth of the resident memory from a quarter of the elements to all. */
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
  // Behind the first elements, so that what an engine takes once, however much it holds, is not
  // told as theirs. Large shapes have the same keys more then, not larger ones.
  const firstElements = elements / LARGE_KEYS
  const commands = commandsOf(shapeOf(shape), elements)
  await driver.run(commands(0, firstElements))
  await driver.settle()
  const firstBytes = driver.storeBytes()
  await driver.run(commands(firstElements, elements))
  await driver.settle()
  const bytesPerElement = (driver.storeBytes() - firstBytes) / (elements - firstElements)
  const startedAt = performance.now()
  await driver.run([['SAVE']])
  const saveSeconds = (performance.now() - startedAt) / 1000
  return { bytesPerElement, saveSeconds, fileBytes: statSync(join(dir, 'dump.rdb')).size }
}
