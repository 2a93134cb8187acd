/**
 * Arithmetic of expiry times: int64 milliseconds, exact, with Redis's rules about overflow.
 *
 * @module
 */

import type { Int64 } from '../native/engine.js'
import { expireTimeError } from './args.js'

export const INT64_MIN = -(2n ** 63n)
export const INT64_MAX = 2n ** 63n - 1n

/** Below it a number of seconds plus any clock stays a safe integer in milliseconds. */
const PLAIN_SECONDS_MAX = 4e12

export type ExpiryUnit = 'EX' | 'PX' | 'EXAT' | 'PXAT'

/** A number if it is safe, as the engine returns them. */
export function toInt64(value: bigint): Int64 {
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

/** `time` of `unitMs` each, after `baseMs`; null if that is no int64. */
export function addTime(time: Int64, unitMs: 1 | 1000, baseMs: number): Int64 | null {
  if (typeof time === 'number' && Math.abs(time) <= PLAIN_SECONDS_MAX) return time * unitMs + baseMs
  const product = BigInt(time) * BigInt(unitMs)
  const sum = product + BigInt(baseMs)
  if (product < INT64_MIN || product > INT64_MAX || sum > INT64_MAX) return null
  return toInt64(sum)
}

/**
 * When a value expires that is set with `time`.
 *
 * @throws {ReplyError} for a time that is not positive or too far, in the name of `command`.
 */
export function expireAt(time: Int64, unit: ExpiryUnit, nowMs: number, command: string): Int64 {
  const unitMs = unit === 'EX' || unit === 'EXAT' ? 1000 : 1
  const baseMs = unit === 'EX' || unit === 'PX' ? nowMs : 0
  const at = time > 0 ? addTime(time, unitMs, baseMs) : null
  if (at === null) throw expireTimeError(command)
  return at
}

/** Milliseconds as the nearest second, a half rounded up. */
export function roundToSeconds(ms: Int64): Int64 {
  if (typeof ms === 'number') return Math.floor((ms + 500) / 1000)
  return toInt64((ms + 500n) / 1000n)
}

/** What remains of the time until `atMs`, never less than 0. */
export function remaining(atMs: Int64, nowMs: number): Int64 {
  if (typeof atMs === 'number') return Math.max(0, atMs - nowMs)
  return toInt64(atMs - BigInt(nowMs))
}
