/**
 * A control group of memory for one process and its children: cgroup v1, as root.
 *
 * @module
 */

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup/memory'

export interface MemoryGroup {
  /** Puts a process into it; what it has already stays where it is counted. */
  add(pid: number): void
  limit(bytes: number): void
  /** Bytes that were refused or had to be reclaimed at the limit so often. */
  readonly failures: number
  remove(): void
}

/** @throws {Error} if there is no such controller, or no right to it. */
export function makeMemoryGroup(name: string): MemoryGroup {
  const dir = join(ROOT, name)
  mkdirSync(dir)
  const write = (file: string, text: string) => writeFileSync(join(dir, file), text)
  return {
    add: (pid) => write('cgroup.procs', String(pid)),
    limit: (bytes) => write('memory.limit_in_bytes', String(Math.ceil(bytes))),
    get failures() {
      return Number(readFileSync(join(dir, 'memory.failcnt'), 'utf8'))
    },
    remove: () => {
      // Its processes are those of this program, which may still be in it.
      try {
        for (const pid of readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n')) {
          if (pid !== '') writeFileSync(join(ROOT, 'cgroup.procs'), pid)
        }
        rmdirSync(dir)
      } catch {
        // A process on its way out holds it; it takes no memory.
      }
    },
  }
}
