/**
 * What a client's commands run in.
 *
 * @module
 */

import { type Clock, CommandContext } from '../commands/context.js'
import type { CommandHost } from '../commands/host.js'
import { type Reply, Status } from '../commands/reply.js'
import type { CommandFlag, CommandRow, CommandSpec, Handler, KeyRange } from '../commands/spec.js'
import type { NativeEngine } from '../native/engine.js'
import type { Client } from './client.js'
import type { ServerCore } from './server-core.js'

/** A handler has written its replies itself, or will. */
export const NO_REPLY = new Status('')

export class ClientContext extends CommandContext {
  readonly server: ServerCore
  /** Set by the client as it is made. */
  declare client: Client
  /** The row of the command that runs. */
  declare spec: CommandSpec
  /** Commands may wait: not within a transaction or a script. */
  mayWait = true

  constructor(native: NativeEngine, now: Clock, host: CommandHost, server: ServerCore) {
    super(native, 0, now, host)
    this.server = server
  }

  /**
   * Lets the client wait for what takes turns of the event loop. The handler returns what this
   * returns.
   */
  defer(reply: Promise<Reply>): Reply {
    return this.server.waiters.defer(this, reply)
  }

  override wait(
    keys: readonly number[],
    timeoutMs: number,
    words?: ReadonlyMap<number, string>,
  ): Reply {
    if (!this.mayWait) return null
    return this.server.waiters.wait(this, keys, timeoutMs, words)
  }
}

export type ClientHandler = (context: ClientContext) => Reply

/** A handler of a command that needs a client, which the server's contexts have. */
export function withClient(run: ClientHandler): Handler {
  return (context) => run(context as ClientContext)
}

/** A row of a command that only a server has. */
export function clientRow(
  name: string,
  arity: number,
  flags: readonly CommandFlag[],
  keys: KeyRange | null,
  since: string,
  summary: string,
  run: ClientHandler,
): CommandRow {
  return { name, arity, flags, keys, since, summary, method: null, run: withClient(run) }
}
