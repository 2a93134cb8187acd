/**
 * Options as a save takes them.
 *
 * @module
 */

import type { Clock } from '../commands/context.js'
import type { ResolvedOptions } from '../options.js'
import type { SnapshotSettings } from '../persist/snapshotter.js'
import { childSettings } from './child-settings.js'
import { REDIS_VERSION } from './info.js'

/** @param path Absolute path of the file. */
export function snapshotSettings(
  options: ResolvedOptions,
  path: string,
  now: Clock,
): Omit<SnapshotSettings, 'guard' | 'watch'> {
  return {
    dir: options.dir,
    path,
    compression: options.rdbcompression,
    checksum: options.rdbchecksum,
    version: options.rdbversion,
    serverVersion: REDIS_VERSION,
    ...childSettings(options),
    stallTimeoutMs: options.saveStallTimeoutMs,
    timeLimitMs: options.saveTimeLimitMs,
    now,
  }
}
