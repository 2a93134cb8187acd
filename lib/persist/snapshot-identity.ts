/**
 * Tells one snapshot file from another by what is in it, also in a copy of the directory.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { SnapforkError } from '../errors.js'
import { isMissing } from './log-files.js'

/** The first bytes hold the time of the save; the last ones the checksum of all. */
const HEAD_BYTES = 256
const TAIL_BYTES = 8

export const NO_SNAPSHOT = 'none'

/** {@link NO_SNAPSHOT} if there is no file. Reads a few hundred bytes. */
export async function identifySnapshot(path: string): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const head = Buffer.alloc(HEAD_BYTES)
      const tail = Buffer.alloc(TAIL_BYTES)
      await file.read(head, 0, HEAD_BYTES, 0)
      await file.read(tail, 0, TAIL_BYTES, Math.max(0, size - TAIL_BYTES))
      return createHash('sha256').update(`${size} `).update(head).update(tail).digest('hex')
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (isMissing(cause)) return NO_SNAPSHOT
    throw new SnapforkError('ERR_SNAPFORK_IO', `${path} could not be read.`, { cause })
  }
}
