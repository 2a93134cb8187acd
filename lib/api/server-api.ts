/**
 * Typed methods of the commands about whole databases.
 *
 * @module
 */

import { KeyApi } from './key-api.js'
import { checkInteger, checkKey } from './values.js'

/** Accepted for Redis's sake: memory comes back off the event loop either way. */
export type FlushMode = 'SYNC' | 'ASYNC'

export abstract class ServerApi extends KeyApi {
  /** How many keys the database has; expired ones count until they are removed. */
  dbsize(): number {
    return this.native.databaseSize(this.dbIndex)
  }

  /** Exchanges two databases: who uses one sees the keys of the other from then on. */
  swapdb(first: number, second: number): 'OK' {
    const indices = [checkInteger(first, 'first'), checkInteger(second, 'second')]
    return this.runText('SWAPDB', ...indices) as 'OK'
  }

  /** Removes all keys of this database. */
  flushdb(mode?: FlushMode): 'OK' {
    return this.#flush('FLUSHDB', mode)
  }

  /** Removes all keys of all databases. */
  flushall(mode?: FlushMode): 'OK' {
    return this.#flush('FLUSHALL', mode)
  }

  #flush(command: string, mode?: FlushMode): 'OK' {
    return (
      mode === undefined ? this.runText(command) : this.runText(command, checkKey(mode))
    ) as 'OK'
  }
}
