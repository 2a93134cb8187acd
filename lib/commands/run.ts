/**
 * Calls the handler of a command that was found.
 *
 * Invariants
 *  (D1) `run` is the only place that calls a handler. What has to see every command that came by
 *       name (the log, a monitor, latency records) hooks in there. The typed methods that call the
 *       engine directly are the ones in lib/api that use `this.native`.
 *
 * @module
 */

import type { CommandContext } from './context.js'
import { settled } from './lookup-counts.js'
import { runGuarded } from './propagation.js'
import type { CommandSpec, Reply } from './spec.js'

/** (D1) */
export function run(command: CommandSpec, context: CommandContext): Reply {
  if (context.afterRun === null) return callHandler(command, context)
  try {
    return callHandler(command, context)
  } finally {
    // CONFIG SET may have ended it.
    context.afterRun?.(command, context)
  }
}

function callHandler(command: CommandSpec, context: CommandContext): Reply {
  const log = context.host?.log
  // One that waited has counted when it came.
  const rule = context.isRetry ? 'none' : command.lookups
  return settled(rule, context, () =>
    log?.guards ? runGuarded(command, context, log) : command.run(context),
  )
}
