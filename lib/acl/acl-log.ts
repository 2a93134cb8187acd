/**
 * What was denied, for ACL LOG: the newest first, and the same within a minute as one entry.
 *
 * @module
 */

import type { Denial } from './selector.js'

const GROUPING_MS_MAX = 60_000

export interface AclEvent {
  readonly reason: Denial['reason'] | 'auth'
  readonly context: 'toplevel' | 'multi' | 'lua' | 'module'
  /** What was denied; of a failed login the command's name as it was sent. */
  readonly object: string
  /** Who it was denied to, or the name that was given. */
  readonly username: string
  /** Of the client: as CLIENT INFO shows it. */
  readonly clientInfo: string
}

export interface AclLogEntry extends AclEvent {
  readonly count: number
  /** Unix time of the last one in milliseconds. */
  readonly atMs: number
}

export class AclLog {
  #entries: AclLogEntry[] = []
  #lengthMax: number

  /** @param lengthMax Entries that are kept: `acllog-max-len`. */
  constructor(lengthMax = 128) {
    this.#lengthMax = lengthMax
  }

  setLengthMax(lengthMax: number): void {
    this.#lengthMax = lengthMax
    this.#entries.length = Math.min(this.#entries.length, lengthMax)
  }

  add(event: AclEvent, atMs: number): void {
    const known = this.#entries.find((one) => isSame(one, event, atMs))
    if (known !== undefined) this.#entries.splice(this.#entries.indexOf(known), 1)
    this.#entries.unshift({ ...event, count: (known?.count ?? 0) + 1, atMs })
    if (this.#entries.length > this.#lengthMax) this.#entries.length = this.#lengthMax
  }

  /** The newest first. */
  entries(count: number): readonly AclLogEntry[] {
    return this.#entries.slice(0, Math.max(0, count))
  }

  reset(): void {
    this.#entries = []
  }
}

function isSame(entry: AclLogEntry, event: AclEvent, atMs: number): boolean {
  return (
    entry.reason === event.reason &&
    entry.context === event.context &&
    entry.object === event.object &&
    entry.username === event.username &&
    atMs - entry.atMs <= GROUPING_MS_MAX
  )
}
