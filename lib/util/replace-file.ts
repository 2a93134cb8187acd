/**
 * A small file replaced at once: at every instant its path names a complete file.
 *
 * @module
 */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Writes latin1 text beside a file, and puts it in its place when it is on disk.
 *
 * @throws {Error} of the system; the file is as it was then.
 */
export function replaceFile(path: string, text: string, mode: number): void {
  const temporary = `${path}.tmp-${process.pid}-${Date.now()}`
  try {
    const fd = openSync(temporary, 'wx', mode)
    try {
      const bytes = Buffer.from(text, 'latin1')
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
