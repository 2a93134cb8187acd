/**
 * Runs a row that is in no table yet, as a server would: what goes on the wire.
 *
 * @module
 */

import { CommandContext } from '../../dist/commands/context.js'
import { type Protocol, shapeOf } from '../../dist/commands/reply-shapes.js'
import { encodeError, encodeReply } from '../../dist/commands/resp-encoder.js'
import { type CommandSpec, fits } from '../../dist/commands/spec.js'
import { ReplyError } from '../../dist/errors.js'
import { BULK_LATIN1, type NativeEngine } from '../../dist/native/engine.js'

/** @param args A container's name, that of a subcommand, and its arguments. */
export function runSubcommand(
  native: NativeEngine,
  rows: readonly CommandSpec[],
  protocol: Protocol,
  args: readonly string[],
): string {
  const context = new CommandContext(native, 0)
  const bytes = args.map((text) => Buffer.from(text, 'latin1'))
  context.begin(native.setArguments(bytes), BULK_LATIN1)
  const container = rows.find(({ name }) => name === args[0]?.toUpperCase())
  const row = container?.subcommands?.get(args[1]?.toUpperCase() ?? '')
  if (row === undefined || !fits(row, args.length)) throw new Error(`no ${args.join(' ')}`)
  try {
    return encodeReply(row.run(context), protocol, shapeOf(row, context, protocol))
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
    return encodeError(error)
  }
}
