/**
 * The time of an engine.
 *
 * @module
 */

import type { Clock } from '../commands/context.js'
import type { NativeEngine } from '../native/engine.js'

/** The clock of commands. One that is given sets the engine's as well. */
export function makeClock(native: NativeEngine, given: Clock | null): Clock {
  if (given === null) return Date.now
  return () => {
    const nowMs = given()
    native.setClock(nowMs)
    return nowMs
  }
}
