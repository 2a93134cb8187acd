/**
 * Takes the end of a file away, and keeps it beside the file.
 *
 * @module
 */

import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from './log-files.js'

/** A tail that was cut off a file. */
export interface CutTail {
  /** Absolute path of the file. */
  readonly path: string
  /** Where it ends now. */
  readonly offset: number
  readonly bytes: number
  /** Absolute path of the file that has the bytes. */
  readonly savedAs: string
}

const COPY_BYTES = 1 << 20

/** Copies the tail beside the file, durably, before it is cut off. */
export async function cutTail(path: string, offset: number): Promise<CutTail> {
  const savedAs = `${path}.tail-${offset}`
  const file = await open(path, 'r+')
  try {
    const tail = await open(savedAs, 'w')
    let bytes = 0
    try {
      const buffer = Buffer.alloc(COPY_BYTES)
      for (let at = offset; ; ) {
        const { bytesRead } = await file.read(buffer, 0, COPY_BYTES, at)
        if (bytesRead === 0) break
        await tail.writeFile(buffer.subarray(0, bytesRead))
        at += bytesRead
        bytes += bytesRead
      }
      await tail.sync()
    } finally {
      await tail.close()
    }
    await syncDirectory(dirname(path))
    await file.truncate(offset)
    await file.sync()
    return { path, offset, bytes, savedAs }
  } finally {
    await file.close()
  }
}
