/**
 * Temporary files of snapshots: `temp-snapfork-<pid>-<number>.rdb`, with the pid of the process
 * that started the save.
 *
 * A save that ends removes its own. Only a process that was killed leaves one behind, for the next
 * one that opens the directory.
 *
 * @module
 */

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const PATTERN = /^temp-snapfork-\d+-\d+\.rdb$/

let count = 0

/** A name that no other save of this process has. */
export function makeTemporaryPath(dir: string): string {
  count += 1
  return join(dir, `temp-snapfork-${process.pid}-${count}.rdb`)
}

/**
 * Removes what dead processes left in `dir`; returns the names.
 *
 * REQUIRES: the lock of the directory. With it no save of anybody else can be under way, so a file
 * of the pattern is stale even if its pid lives: that is then another process with the same number.
 */
export async function removeStaleTemporaryFiles(dir: string): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => PATTERN.test(name))
  await Promise.all(names.map((name) => rm(join(dir, name), { force: true })))
  return names
}
