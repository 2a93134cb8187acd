/**
 * The options of the limit of memory.
 *
 * @module
 */

import { EVICTION_POLICIES, type EvictionSettings } from '../util/eviction.js'
import { integer, oneOf } from './readers.js'

export const EVICTION_NAMES = [
  'maxmemory',
  'maxmemoryPolicy',
  'maxmemorySamples',
  'lfuLogFactor',
  'lfuDecayTime',
] as const satisfies readonly (keyof EvictionSettings)[]

const SAMPLES_MAX = 64
const INT32_MAX = 2 ** 31 - 1

/**
 * @throws {TypeError | RangeError} `ERR_SNAPFORK_INVALID_ARG`.
 */
export function evictionOptions(options: Partial<EvictionSettings>): EvictionSettings {
  const { maxmemory, maxmemoryPolicy, maxmemorySamples, lfuLogFactor, lfuDecayTime } = options
  return {
    maxmemory: integer('maxmemory', maxmemory, 0, 0, Number.MAX_SAFE_INTEGER),
    maxmemoryPolicy: oneOf('maxmemoryPolicy', maxmemoryPolicy, EVICTION_POLICIES, 'noeviction'),
    maxmemorySamples: integer('maxmemorySamples', maxmemorySamples, 5, 1, SAMPLES_MAX),
    lfuLogFactor: integer('lfuLogFactor', lfuLogFactor, 10, 0, INT32_MAX),
    lfuDecayTime: integer('lfuDecayTime', lfuDecayTime, 1, 0, INT32_MAX),
  }
}
