/**
 * Which command the engine's argument vector names, be it fit to be run or not.
 *
 * @module
 */

import { readBytes, upperCase } from './args.js'
import type { CommandContext } from './context.js'
import type { CommandSpec, FindCommand } from './spec.js'

/** The row of the announced command, whatever its arguments; null if there is none. */
export function lookUp(context: CommandContext, find: FindCommand): CommandSpec | null {
  const command = find(readBytes(context, 0))
  if (command?.subcommands === undefined || context.argc < 2) return command ?? null
  return command.subcommands.get(upperCase(readBytes(context, 1))) ?? null
}
