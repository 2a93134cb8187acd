/**
 * The trial `fork`: what a snapshot costs. Runs in a fresh process, once an engine and a round.
 *
 * Saves, in this order: one while nothing else happens; one while updates come as fast as they can;
 * one whose child is stopped (SIGSTOP) until all updates are done, so that the same number of them
 * falls inside for every engine; then further ones, each with some updates, and a last one whose
 * fork shows what all those before it have left behind.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, SaveFigures, WriteFigures } from '../drivers/driver.js'
import { childrenOf, isRunning, residentBytes } from '../processes.js'
import type { SaveCost } from '../sampler.js'
import { Random, randomUpdate, type Update } from '../workload.js'

/** Between two saves of a program that has points to save at. */
const REST_MS = 10_000
const POLL_MS = 1
/** Updates during each of the later saves, as a share of those of the measured ones. */
const LATER_SHARE = 0.1
const SEED = 0x5eed

export interface ForkPlan {
  readonly dir: string
  readonly keys: number
  readonly updates: number
  /** Saves before the last one. */
  readonly saves: number
}

/** Asks the process outside, which measures both engines in the same way. */
export interface OutsideSampler {
  start(pid: number): Promise<void>
  read(): Promise<SaveCost>
  stop(): Promise<SaveCost>
}

export interface IdleSave extends SaveFigures {
  /** From the command to the end of the child, seen from outside. */
  readonly seconds: number
  readonly fileBytes: number
}

export interface LoadedSave {
  readonly save: SaveFigures
  readonly seconds: number
  readonly write: WriteFigures
  readonly cost: SaveCost
}

export interface ForkFigures {
  readonly fillSeconds: number
  readonly emptyBytes: number
  readonly filledBytes: number
  readonly idle: IdleSave
  readonly live: LoadedSave
  readonly held: LoadedSave
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
  const calm = await driver.write(plan.updates, next, () => true)
  await driver.settle()
  const idle = await saveIdle(driver, plan.dir)
  const live = await saveWhileWriting(driver, plan.updates, next, sampler, false)
  const held = await saveWhileWriting(driver, plan.updates, next, sampler, true)
  const forkMicros = [idle.forkMicros, live.save.forkMicros, held.save.forkMicros]
  while (forkMicros.length < plan.saves + 1) {
    const child = await Child.start(driver)
    await driver.write(Math.ceil(plan.updates * LATER_SHARE), next, () => child.isOver)
    await child.end()
    forkMicros.push((await driver.finishSave()).forkMicros)
  }
  await sleep(REST_MS)
  const { forkMicros: restedForkMicros } = await saveIdle(driver, plan.dir)
  const saves = { idle, live, held, forkMicros, restedForkMicros }
  return { fillSeconds, emptyBytes, filledBytes, calm, ...saves }
}

async function saveIdle(driver: Driver, dir: string): Promise<IdleSave> {
  const child = await Child.start(driver)
  await child.end()
  const save = await driver.finishSave()
  return { ...save, seconds: child.seconds, fileBytes: statSync(join(dir, 'dump.rdb')).size }
}

async function saveWhileWriting(
  driver: Driver,
  updates: number,
  next: (to: Update) => void,
  sampler: OutsideSampler,
  isHeld: boolean,
): Promise<LoadedSave> {
  await driver.settle()
  await sampler.start(driver.pid)
  const child = await Child.start(driver)
  if (isHeld) child.signal('SIGSTOP')
  const write = await driver.write(updates, next, () => child.isOver)
  // It stands still: one reading is exact, and none is taken of what happens from here on.
  const heldCost = isHeld ? await sampler.read() : null
  if (isHeld) child.signal('SIGCONT')
  await child.end()
  const cost = await sampler.stop()
  const save = await driver.finishSave()
  return { save, seconds: child.seconds, write, cost: heldCost ?? cost }
}

/** The saving child, seen from outside by its pid, whichever engine it belongs to. */
class Child {
  readonly #pid: number
  readonly #startedAt: number
  #lookedAt = 0
  #endedAt: number | null = null

  private constructor(pid: number, startedAt: number) {
    this.#pid = pid
    this.#startedAt = startedAt
  }

  static async start(driver: Driver): Promise<Child> {
    const others = new Set(childrenOf(driver.pid))
    const startedAt = performance.now()
    await driver.startSave()
    const pid = childrenOf(driver.pid).find((child) => !others.has(child))
    if (pid === undefined) throw new Error('the child ended too soon: take more keys')
    return new Child(pid, startedAt)
  }

  /** As of a millisecond ago at most. */
  get isOver(): boolean {
    const now = performance.now()
    if (this.#endedAt === null && now - this.#lookedAt >= POLL_MS) {
      this.#lookedAt = now
      if (!isRunning(this.#pid)) this.#endedAt = now
    }
    return this.#endedAt !== null
  }

  get seconds(): number {
    return ((this.#endedAt ?? performance.now()) - this.#startedAt) / 1000
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.#pid, name)
  }

  async end(): Promise<void> {
    while (!this.isOver) await sleep(POLL_MS)
  }
}
