/**
 * Runs the command in the engine's argument vector: finds its row, checks the number of arguments,
 * calls its handler.
 *
 * Replies are returned; errors that are part of the protocol are thrown as ReplyError.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { arityError, ECHOED_BYTES_MAX, echoed, readBytes, readCString, upperCase } from './args.js'
import type { CommandContext } from './context.js'
import { run } from './run.js'
import { type CommandSpec, type FindCommand, fits, type Reply } from './spec.js'
import { findCommand } from './table.js'

/** Finds and runs the command whose arguments `context.begin` announced. */
export function execute(context: CommandContext): Reply {
  return run(resolve(context), context)
}

/** The row of the announced command: of the subcommand, if it has some. */
export function resolve(context: CommandContext, find: FindCommand = findCommand): CommandSpec {
  const command = find(readBytes(context, 0))
  if (command === undefined) throw unknownCommandError(context)
  if (!fits(command, context.argc)) throw arityError(command.name.toLowerCase())
  if (command.subcommands === undefined || context.argc === 1) return command
  const subcommand = command.subcommands.get(upperCase(readBytes(context, 1)))
  if (subcommand === undefined) {
    const help = `Try ${command.name} HELP.`
    throw ReplyError.ofLatin1(
      `ERR unknown subcommand '${echoed(readCString(context, 1))}'. ${help}`,
    )
  }
  if (!fits(subcommand, context.argc)) {
    throw arityError(`${command.name}|${subcommand.name}`.toLowerCase())
  }
  return subcommand
}

/** Redis repeats the name and as many arguments as start within its limit, quotes counted. */
function unknownCommandError(context: CommandContext): ReplyError {
  let length = 0
  let rest = ''
  for (let index = 1; index < context.argc && length < ECHOED_BYTES_MAX; ++index) {
    const bytes = readCString(context, index).slice(0, ECHOED_BYTES_MAX - length)
    length += bytes.length + "'' ".length
    rest += `'${echoed(bytes)}' `
  }
  const name = echoed(readCString(context, 0))
  return ReplyError.ofLatin1(`ERR unknown command '${name}', with args beginning with: ${rest}`)
}
