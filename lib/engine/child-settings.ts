/**
 * How a saving child takes what it needs of CPU, memory and disk.
 *
 * @module
 */

import { type ForkOptions, IO_PRIORITY } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'

type ChildSettings = Pick<
  ForkOptions,
  'nice' | 'oomScoreAdj' | 'ioPriority' | 'bytesPerSecond' | 'dropsCache'
>

/** Of a snapshot and of a base alike. */
export function childSettings(options: ResolvedOptions): ChildSettings {
  return {
    nice: options.nice,
    oomScoreAdj: options.oomScoreAdj,
    ioPriority: IO_PRIORITY[options.saveIoPriority],
    bytesPerSecond: options.saveRateLimit,
    dropsCache: options.saveDropsCache,
  }
}
