/**
 * Rows of commands that only a server has.
 *
 * @module
 */

import { help } from '../../commands/help.js'
import type { Reply } from '../../commands/reply.js'
import type { CommandFlag, CommandRow, KeyRange } from '../../commands/spec.js'
import type { ClientContext } from '../client.js'
import type { ServerCore } from '../server-core.js'

export type ServerContext = ClientContext<ServerCore>
export type ClientHandler = (context: ServerContext) => Reply

/** A row whose handler needs a client, which a server's contexts have. */
export function clientRow(
  name: string,
  arity: number,
  flags: readonly CommandFlag[],
  keys: KeyRange | null,
  since: string,
  summary: string,
  run: ClientHandler,
): CommandRow {
  return {
    name,
    arity,
    flags,
    keys,
    since,
    summary,
    method: null,
    run: (context) => run(context as ServerContext),
  }
}

/** The subcommand HELP of `command`; `lines` are the others and what is said of them. */
export function helpRow(command: string, since: string, lines: readonly string[]): CommandRow {
  const handler = help(command, lines)
  return clientRow('HELP', 2, ['loading', 'stale'], null, since, 'The subcommands.', handler)
}
