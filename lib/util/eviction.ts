/**
 * The limit of memory and what goes when it is reached: Redis's directives in camel case.
 *
 * @module
 */

/** Redis's names, in the order in which the native engine numbers them. */
export const EVICTION_POLICIES = [
  'noeviction',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
] as const

export type EvictionPolicy = (typeof EVICTION_POLICIES)[number]

export interface EvictionSettings {
  /**
   * Bytes that keys, values and what finds them may take (`used_memory` of INFO, less
   * `mem_not_counted_for_evict`); 0: no limit. Before a command that takes memory, keys are
   * evicted until it is within the limit, for about a millisecond at most; the rest goes behind,
   * a millisecond at a time. If nothing can go, the command is refused: `ERR_SNAPFORK_MAXMEMORY`,
   * and Redis's `OOM` from `call`. The limit is not one of the process: V8, and what is copied
   * while a child saves, come on top.
   *
   * @defaultValue 0
   */
  maxmemory: number
  /**
   * Which keys are evicted: those longest without use (`-lru`), least often used (`-lfu`), any
   * (`-random`), or next to expire (`volatile-ttl`), of all keys or of those with an expiry
   * (`volatile-`). LRU and LFU take 3 bytes a key while they are on; changed from one of them to
   * another kind, all keys begin anew.
   *
   * @defaultValue `'noeviction'`
   */
  maxmemoryPolicy: EvictionPolicy
  /** Keys drawn for each that is evicted, 1 to 64; more is closer to the policy. @defaultValue 5 */
  maxmemorySamples: number
  /** The higher, the more uses it takes for LFU's counter to be full. @defaultValue 10 */
  lfuLogFactor: number
  /** Minutes without use that take one from LFU's counter; 0: never. @defaultValue 1 */
  lfuDecayTime: number
}
