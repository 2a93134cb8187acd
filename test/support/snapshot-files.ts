/**
 * Looks into directories of snapshots.
 *
 * @module
 */

import { readdirSync } from 'node:fs'
import { loadAddon } from '../../dist/native/addon.js'

/** The digest of what a file holds, as a fresh engine loads it. */
export async function digestOfFile(path: string, databases = 16): Promise<string> {
  const { Engine } = loadAddon()
  const native = new Engine({ databases, hugePages: false })
  try {
    await native.load({ path, checksum: true, deep: true, nowMs: 0 })
    return native.digest()
  } finally {
    await native.close()
  }
}

/** Names of files that are neither a snapshot nor the lock. */
export function strangeFiles(dir: string): string[] {
  return readdirSync(dir).filter((name) => name !== 'dump.rdb' && name !== 'snapfork.lock')
}
