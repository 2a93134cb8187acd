/**
 * What clients are told of failures.
 *
 * @module
 */

import { asReply } from '../commands/propagation.js'
import { ReplyError, SnapforkError } from '../errors.js'

/** The error reply for what a handler has thrown: whatever it is, the server's host goes on. */
export function toReplyError(thrown: unknown): ReplyError {
  const error = asReply(thrown)
  if (error instanceof ReplyError) return error
  if (error instanceof SnapforkError && error.code === 'ERR_SNAPFORK_BUSY') return loadingError()
  const text = error instanceof Error ? error.message : String(error)
  const prefix = error instanceof SnapforkError ? 'ERR' : 'ERR internal error:'
  return Object.assign(new ReplyError(`${prefix} ${text}`), { cause: error })
}

/** What clients are told while the engine does not hold what its files hold. */
export function loadingError(): ReplyError {
  return new ReplyError('LOADING Redis is loading the dataset in memory')
}
