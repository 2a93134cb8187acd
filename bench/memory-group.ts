/**
 * A control group of memory for some processes and their children: cgroup v1, as root.
 *
 * @module
 */

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { atExit, waitSync } from './cleanup.js'

const ROOT = '/sys/fs/cgroup/memory'
const NO_LIMIT = -1
/** Until processes that were killed are gone. */
const END_MS_MAX = 10_000
const POLL_MS = 50

export interface MemoryGroup {
  /** Puts a process into it; what it has already stays where it is counted. */
  add(pid: number): void
  limit(bytes: number): void
}

/** One that is there. */
export function memoryGroup(name: string): MemoryGroup {
  const write = (file: string, text: string) => writeFileSync(join(ROOT, name, file), text)
  return {
    add: (pid) => write('cgroup.procs', String(pid)),
    limit: (bytes) => write('memory.limit_in_bytes', String(Math.ceil(bytes))),
  }
}

/**
 * Makes one, and removes it when `use` is over or this program ends.
 *
 * @throws {Error} if there is no such controller, or no right to it.
 */
export async function withMemoryGroup<T>(name: string, use: () => Promise<T>): Promise<T> {
  mkdirSync(join(ROOT, name))
  const remove = atExit(() => removeGroup(name))
  try {
    return await use()
  } finally {
    remove()
  }
}

function removeGroup(name: string): void {
  const dir = join(ROOT, name)
  // A process that was killed while it looked for memory ends when there is some.
  memoryGroup(name).limit(NO_LIMIT)
  const isEmpty = () => readFileSync(join(dir, 'cgroup.procs'), 'utf8') === ''
  const endMs = performance.now() + END_MS_MAX
  while (!isEmpty() && performance.now() < endMs) waitSync(POLL_MS)
  rmdirSync(dir)
}
