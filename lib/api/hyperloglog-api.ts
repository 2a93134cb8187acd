/**
 * Typed methods of the hyperloglog commands.
 *
 * @module
 */

import { BitmapApi } from './bitmap-api.js'
import { checkKey, type Key, toBytes, type Value } from './values.js'

export abstract class HyperLogLogApi extends BitmapApi {
  /** Counts elements in: 1 if the estimate may have changed, else 0. */
  pfadd(key: Key, ...elements: readonly Value[]): number {
    return this.runText('PFADD', checkKey(key), ...elements.map(toBytes)) as number
  }

  /** About how many different elements all keys together have seen. */
  pfcount(...keys: readonly Key[]): number {
    return this.runText('PFCOUNT', ...keys.map(checkKey)) as number
  }

  /** Merges several into one. */
  pfmerge(destination: Key, ...sources: readonly Key[]): 'OK' {
    return this.runText('PFMERGE', checkKey(destination), ...sources.map(checkKey)) as 'OK'
  }
}
