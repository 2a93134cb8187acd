/**
 * Errors of scripts that statistics know already, as those of the commands that came to them.
 *
 * @module
 */

import type { ReplyError } from '../errors.js'

const COUNTED = new WeakSet<ReplyError>()

export function noteCounted(error: ReplyError): void {
  COUNTED.add(error)
}

export function isCounted(error: ReplyError): boolean {
  return COUNTED.has(error)
}
