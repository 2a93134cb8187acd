/**
 * What HELP of a command with subcommands replies.
 *
 * @module
 */

import { Status } from '../../commands/reply.js'
import type { ClientHandler } from './row.js'

/** A handler of the subcommand HELP. `lines` are the subcommands and what is said of them. */
export function help(command: string, lines: readonly string[]): ClientHandler {
  const text = [
    `${command} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...lines,
    'HELP',
    '    Prints this help.',
  ]
  return () => text.map((line) => new Status(line))
}
