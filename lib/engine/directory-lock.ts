/**
 * The lock of a directory: one engine at a time, and no tool changes its files meanwhile.
 *
 * @module
 */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SnapforkError } from '../errors.js'
import type { NativeAddon, NativeLock } from '../native/engine.js'

const LOCK_NAME = 'snapfork.lock'

/**
 * Makes the directory if there is none.
 *
 * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_LOCKED`, `ERR_SNAPFORK_IO`
 */
export async function takeDirectory(addon: NativeAddon, dir: string): Promise<NativeLock> {
  try {
    await mkdir(dir, { recursive: true })
  } catch (cause) {
    throw new SnapforkError('ERR_SNAPFORK_IO', `${dir} could not be made.`, { cause })
  }
  try {
    return addon.lockFile(join(dir, LOCK_NAME))
  } catch (error) {
    if (!(error instanceof SnapforkError)) throw error
    const { code, cause } = error
    const problem = code === 'ERR_SNAPFORK_LOCKED' ? 'is open already' : 'could not be locked'
    throw new SnapforkError(code, `${dir} ${problem}.`, cause === undefined ? {} : { cause })
  }
}
