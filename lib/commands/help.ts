/**
 * What HELP of a command with subcommands replies.
 *
 * @module
 */

import { Status } from './reply.js'
import type { Handler } from './spec.js'

/** A handler of the subcommand HELP. `lines` are the other subcommands and what is said of them. */
export function help(command: string, lines: readonly string[]): Handler {
  const text = [
    `${command} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    ...lines,
    'HELP',
    '    Prints this help.',
  ]
  return () => text.map((line) => new Status(line))
}
