/**
 * What the kernel says about children of this process, for tests that watch or disturb a save.
 *
 * @module
 */

import { readFileSync } from 'node:fs'

/** Pids of the children that the main thread has, zombies included. */
export function childPids(): number[] {
  const path = `/proc/${process.pid}/task/${process.pid}/children`
  return readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** The one child that a call of `start` made. */
export function childOf(start: () => void): number {
  const before = new Set(childPids())
  start()
  const made = childPids().filter((pid) => !before.has(pid))
  if (made.length !== 1) throw new Error(`${made.length} children were made`)
  return made[0] as number
}

/** Whether there is a process of that number, be it a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
