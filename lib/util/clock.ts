/**
 * Readings of time that are not the wall clock's.
 *
 * @module
 */

import { performance } from 'node:perf_hooks'

/** Milliseconds on a clock that never jumps. */
export type MonotonicClock = () => number

export const monotonicMs: MonotonicClock = () => performance.now()

/** Largest delay of a timer, in milliseconds. */
export const TIMER_MS_MAX = 2 ** 31 - 1
