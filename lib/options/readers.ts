/**
 * Readers of single options: the value, or the default where none is given.
 *
 * Each throws a TypeError or RangeError with `ERR_SNAPFORK_INVALID_ARG` for anything else.
 *
 * @module
 */

import { invalidArgument, outOfRange } from '../errors.js'

export function oneOf<T extends string>(
  name: string,
  value: unknown,
  words: readonly T[],
  otherwise: T,
): T {
  if (value === undefined) return otherwise
  if (typeof value !== 'string') throw invalidArgument(`${name} must be a string.`)
  if (words.includes(value as T)) return value as T
  throw outOfRange(`${name} must be one of ${words.join(', ')}, not '${value}'.`)
}

export function boolean(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  if (typeof value !== 'boolean') throw invalidArgument(`${name} must be a boolean.`)
  return value
}

export function integer(
  name: string,
  value: unknown,
  otherwise: number,
  min: number,
  max: number,
): number {
  if (value === undefined) return otherwise
  if (typeof value !== 'number') throw invalidArgument(`${name} must be a number.`)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(`${name} must be an integer from ${min} to ${Math.floor(max)}, not ${value}.`)
  }
  return value
}
