/**
 * A background save beside writes, measured in the same way for every engine: its child is seen
 * from outside, by its pid.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver, SaveFigures, WriteFigures } from './drivers/driver.js'
import { childrenOf, isRunning } from './processes.js'
import type { SaveCost } from './sampler.js'

/** A look takes 30 us, of an engine in this very process as well. */
const POLL_MS = 5

/** Asks the process outside, which measures both engines in the same way. */
export interface OutsideSampler {
  start(pid: number): Promise<void>
  read(): Promise<SaveCost>
  stop(): Promise<SaveCost>
}

export interface LoadedSave {
  readonly save: SaveFigures
  /** From the command to the end of the child. */
  readonly seconds: number
  readonly write: WriteFigures
  readonly cost: SaveCost
}

/**
 * `live`: the child runs as it does. `held`: it is stopped (SIGSTOP) until the writes are done, so
 * that the same number of them falls inside for every engine.
 */
export type SaveKind = 'live' | 'held'

/** Saves while `write` runs; its argument tells when the child has ended. */
export async function saveWhileWriting(
  driver: Driver,
  write: (isOver: () => boolean) => Promise<WriteFigures>,
  sampler: OutsideSampler,
  kind: SaveKind,
): Promise<LoadedSave> {
  const isHeld = kind === 'held'
  await driver.settle()
  await sampler.start(driver.pid)
  const child = await SavingChild.start(driver)
  if (isHeld) child.signal('SIGSTOP')
  const written = await write(() => child.isOver)
  // It stands still: one reading is exact, and none is taken of what happens from here on.
  const heldCost = isHeld ? await sampler.read() : null
  if (isHeld) child.signal('SIGCONT')
  await child.end()
  const cost = await sampler.stop()
  const save = await driver.finishSave()
  return { save, seconds: child.seconds, write: written, cost: heldCost ?? cost }
}

/** The saving child, whichever engine it belongs to. */
export class SavingChild {
  readonly #pid: number
  readonly #startedAt: number
  #lookedAt = 0
  #endedAt: number | null = null

  private constructor(pid: number, startedAt: number) {
    this.#pid = pid
    this.#startedAt = startedAt
  }

  static async start(driver: Driver): Promise<SavingChild> {
    const others = new Set(childrenOf(driver.pid))
    const startedAt = performance.now()
    await driver.startSave()
    const pid = childrenOf(driver.pid).find((child) => !others.has(child))
    if (pid === undefined) throw new Error('the child ended too soon: take more keys')
    return new SavingChild(pid, startedAt)
  }

  /** As of POLL_MS ago at most. */
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
