/**
 * The trial `fork`: what a snapshot costs. Runs in a fresh process, once an engine and a round.
 *
 * Saves, in this order: one while nothing else happens; one while updates come as fast as they can;
 * one whose child is stopped (SIGSTOP) until all updates are done, so that the same number of them
 * falls inside for every engine; one with updates and reads in turn; then further ones, each with
 * some updates, and a last one whose fork shows what all those before it have left behind.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, SaveFigures, WriteFigures } from '../drivers/driver.js'
import { residentBytes } from '../processes.js'
import { type LoadedSave, type OutsideSampler, SavingChild, saveWhileWriting } from '../saving.js'
import { keyName, Random, randomUpdate, type Update } from '../workload.js'

/** Between two saves of a program that has points to save at. */
const REST_MS = 10_000
/** Updates during each of the later saves, as a share of those of the measured ones. */
const LATER_SHARE = 0.1
const SEED = 0x5eed
/** Updates, then as many reads: some 5 ms each. */
const TURN = 4000
const CALM_TURNS = 100

export interface ForkPlan {
  readonly dir: string
  readonly keys: number
  readonly updates: number
  /** Saves before the last one. */
  readonly saves: number
}

export interface IdleSave extends SaveFigures {
  /** From the command to the end of the child, seen from outside. */
  readonly seconds: number
  readonly fileBytes: number
}

/** Updates and reads in the same seconds. */
export interface TurnFigures {
  readonly updatesPerSecond: number
  readonly readsPerSecond: number
}

export interface ForkFigures {
  readonly fillSeconds: number
  readonly emptyBytes: number
  readonly filledBytes: number
  readonly idle: IdleSave
  readonly live: LoadedSave
  readonly held: LoadedSave
  /**
   * What a save takes from reads, the machine has taken: a read has nothing to move and no page to
   * copy. What updates lose beyond that is the engine's.
   */
  readonly turns: { readonly calm: TurnFigures; readonly live: TurnFigures }
  /** Of all saves in their order, the last one included. */
  readonly forkMicros: readonly number[]
  /** Of one more, after a rest. */
  readonly restedForkMicros: number
  /** The same writes with no child at all. */
  readonly calm: WriteFigures
}

export async function measureFork(
  driver: Driver,
  plan: ForkPlan,
  sampler: OutsideSampler,
): Promise<ForkFigures> {
  await driver.open(plan.dir)
  // Once before it is measured: what the program itself needs for it stays.
  await driver.settle()
  const emptyBytes = residentBytes(driver.pid)
  const startedAt = performance.now()
  await driver.fill(plan.keys)
  const fillSeconds = (performance.now() - startedAt) / 1000
  await driver.settle()
  const filledBytes = residentBytes(driver.pid)

  const random = new Random(SEED)
  const next = (to: Update) => randomUpdate(random, plan.keys, to)
  const updates = (isOver: () => boolean) => driver.write({ count: plan.updates }, next, isOver)
  const calm = await updates(() => true)
  await driver.settle()
  const idle = await saveIdle(driver, plan.dir)
  const live = await saveWhileWriting(driver, updates, sampler, 'live')
  const held = await saveWhileWriting(driver, updates, sampler, 'held')
  const turns = await measureTurns(driver, next, () => [keyName(random.below(plan.keys))])
  const forkMicros = [idle, live.save, held.save, turns].map((save) => save.forkMicros)
  const later = { count: Math.ceil(plan.updates * LATER_SHARE) }
  while (forkMicros.length < plan.saves + 1) {
    const child = await SavingChild.start(driver)
    await driver.write(later, next, () => child.isOver)
    await child.end()
    forkMicros.push((await driver.finishSave()).forkMicros)
  }
  await sleep(REST_MS)
  const { forkMicros: restedForkMicros } = await saveIdle(driver, plan.dir)
  const saves = { idle, live, held, turns, forkMicros, restedForkMicros }
  return { fillSeconds, emptyBytes, filledBytes, calm, ...saves }
}

async function measureTurns(
  driver: Driver,
  next: (to: Update) => void,
  name: () => readonly string[],
) {
  const inTurns = async (isOver: (turn: number) => boolean): Promise<TurnFigures> => {
    const pace = { count: TURN }
    const seconds = { updates: 0, reads: 0 }
    let turns = 0
    for (; !isOver(turns); ++turns) {
      seconds.updates += (await driver.write(pace, next, () => true)).seconds
      // Its reply is one line.
      seconds.reads += (await driver.writeCommands(pace, 'STRLEN', name, () => true)).seconds
    }
    const done = turns * TURN
    return { updatesPerSecond: done / seconds.updates, readsPerSecond: done / seconds.reads }
  }
  const isCalmOver = (turn: number) => turn === CALM_TURNS
  const before = await inTurns(isCalmOver)
  const child = await SavingChild.start(driver)
  const live = await inTurns(() => child.isOver)
  await child.end()
  const { forkMicros } = await driver.finishSave()
  const behind = await inTurns(isCalmOver)
  const calm = {
    updatesPerSecond: (before.updatesPerSecond + behind.updatesPerSecond) / 2,
    readsPerSecond: (before.readsPerSecond + behind.readsPerSecond) / 2,
  }
  return { calm, live, forkMicros }
}

async function saveIdle(driver: Driver, dir: string): Promise<IdleSave> {
  const child = await SavingChild.start(driver)
  await child.end()
  const save = await driver.finishSave()
  return { ...save, seconds: child.seconds, fileBytes: statSync(join(dir, 'dump.rdb')).size }
}
