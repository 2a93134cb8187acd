/**
 * What had to wait for a child that read the same memory.
 *
 * @module
 */

import type { NativeEngine } from '../native/engine.js'

/** Deferred frees done in one turn of the event loop: well below a millisecond. */
const THAW_LIMIT = 2000

/** Frees it, a little in each turn of the event loop, until `isOver` or there is nothing left. */
export function thaw(native: NativeEngine, isOver: () => boolean): void {
  if (isOver()) return
  if (native.thaw(THAW_LIMIT) > 0) setImmediate(() => thaw(native, isOver))
}
