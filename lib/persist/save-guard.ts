/**
 * Who watches over the memory that a saving child costs, as a job sees it.
 *
 * @module
 */

import type { SnapforkErrorCode } from '../errors.js'
import type { ChildProgress } from '../native/engine.js'

/** A child that is being watched. */
export interface GuardedChild {
  readonly elapsedMs: number
  readonly progress: ChildProgress | null
  /** Kills it; its save then rejects with `code`. */
  cancel(code: SnapforkErrorCode): void
}

export interface SaveGuard {
  /**
   * Called before a fork.
   *
   * @throws {SnapshotError} `ERR_SNAPFORK_SAVE_MEMORY` if there must be none now.
   */
  admit(): void
  /** Called behind a fork; what it returns is called when the child has ended. */
  watch(child: GuardedChild): () => void
}
