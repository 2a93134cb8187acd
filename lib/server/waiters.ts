/**
 * Commands that wait: for keys, until a time, or both.
 *
 * A command that finds nothing is kept with its arguments. When one of its keys has changed it is
 * tried once more, in the order in which clients have come; what it then does is logged in one unit
 * with the change.
 *
 * @module
 */

import { readBytes } from '../commands/args.js'
import type { Reply } from '../commands/reply.js'
import { shapeOf } from '../commands/reply-shapes.js'
import { encodeReply } from '../commands/resp-encoder.js'
import type { CommandSpec } from '../commands/spec.js'
import { SnapforkError } from '../errors.js'
import { TIMER_MS_MAX } from '../util/clock.js'
import {
  type Client,
  type ClientContext,
  type ClientWaiter,
  keyName,
  NO_REPLY,
  type StoredCommand,
} from './client.js'
import type { KeyInterest } from './key-interest.js'

/** What it needs of the server. */
export interface WaitersCore {
  readonly interest: KeyInterest
  store(client: Client, spec: CommandSpec): StoredCommand
  restore(client: Client, command: StoredCommand): void
  encodeCall(client: Client, spec: CommandSpec): string
  encodeFailure(error: unknown): string
}

export class Waiters implements ClientWaiter {
  readonly #core: WaitersCore

  constructor(core: WaitersCore) {
    this.#core = core
  }

  /** As {@link ClientContext.wait}: what the handler returns is then NO_REPLY. */
  wait(
    context: ClientContext,
    keys: readonly number[],
    timeoutMs: number,
    words?: ReadonlyMap<number, string>,
  ): Reply {
    if (context.isRetry) return NO_REPLY
    const { client } = context
    const core = this.#core
    const { spec, args } = core.store(client, context.spec)
    const names = keys.map((index) => keyName(context.db, readBytes(context, index)))
    client.waiting = {
      command: { spec, args: args.map((arg, index) => replaced(arg, words?.get(index))) },
      keys: [...new Set(names)],
      timer: this.#timer(client, timeoutMs),
    }
    core.interest.wait(client, client.waiting.keys)
    return NO_REPLY
  }

  /** Lets the command at hand wait for a reply that takes turns of the event loop. */
  defer(context: ClientContext, reply: Promise<Reply>): void {
    const { client, spec } = context
    const core = this.#core
    const waiting = { command: core.store(client, spec), keys: [], timer: null }
    client.waiting = waiting
    const end = (text: string) => {
      if (client.waiting === waiting) this.end(client, text)
    }
    const told = reply.then(
      (value) => {
        core.restore(client, waiting.command)
        end(encodeReply(value, client.protocol, shapeOf(spec, context, client.protocol)))
      },
      (error: unknown) => end(core.encodeFailure(error)),
    )
    told.catch((error: unknown) => {
      const isClosed = error instanceof SnapforkError && error.code === 'ERR_SNAPFORK_CLOSED'
      if (!isClosed) throw error
      // Meanwhile the engine was closed: nobody can be told anything.
      client.output.close(false)
    })
  }

  #timer(client: Client, timeoutMs: number): NodeJS.Timeout | null {
    // A longer wait is as good as one without an end.
    if (timeoutMs === 0 || timeoutMs > TIMER_MS_MAX) return null
    return setTimeout(() => this.timeOut(client), timeoutMs)
  }

  /** Tries the commands that wait for a key. */
  serve(name: string): void {
    for (const client of this.#core.interest.waitersOf(name)) {
      const { waiting } = client
      if (waiting === null) continue
      const { context } = client
      this.#core.restore(client, waiting.command)
      context.isRetry = true
      const text = this.#core.encodeCall(client, waiting.command.spec)
      context.isRetry = false
      if (text !== '') this.end(client, text)
    }
  }

  /** Ends a wait as if its time were over. */
  timeOut(client: Client): void {
    const { waiting, context } = client
    if (waiting === null) return
    this.#core.restore(client, waiting.command)
    const shape = shapeOf(waiting.command.spec, context, client.protocol)
    this.end(client, encodeReply(null, client.protocol, shape))
  }

  /** Ends a wait with an encoded reply; with null nobody is there to read one. */
  end(client: Client, text: string | null): void {
    const { waiting } = client
    if (waiting === null) return
    client.waiting = null
    if (waiting.timer !== null) clearTimeout(waiting.timer)
    this.#core.interest.waitNoMore(client, waiting.keys)
    if (text === null) return
    client.reply(text)
    client.output.resume()
  }
}

function replaced(arg: Buffer, word: string | undefined): Buffer {
  return word === undefined ? arg : Buffer.from(word, 'latin1')
}
