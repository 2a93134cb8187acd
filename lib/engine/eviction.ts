/**
 * The limit of memory from the options to the native engine.
 *
 * @module
 */

import type { NativeEngine } from '../native/engine.js'
import { EVICTION_POLICIES, type EvictionSettings } from '../util/eviction.js'

export function limitMemory(native: NativeEngine, settings: EvictionSettings): void {
  native.limitMemory(
    settings.maxmemory,
    EVICTION_POLICIES.indexOf(settings.maxmemoryPolicy),
    settings.maxmemorySamples,
    settings.lfuLogFactor,
    settings.lfuDecayTime,
  )
}
