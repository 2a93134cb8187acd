/**
 * A client whose replies read as text.
 *
 * @module
 */

import type { Test } from 'tap'
import { ErrorReply, RespClient, type RespReply, SimpleString } from './resp-client.js'

/** Replies are text where they are no more than that; errors begin with a dash. */
export class Talker {
  readonly #client: RespClient

  constructor(client: RespClient) {
    this.#client = client
  }

  static async connect(t: Test, path: string): Promise<Talker> {
    const client = await RespClient.connect({ path })
    t.teardown(() => client.close())
    return new Talker(client)
  }

  async send(...args: string[]): Promise<RespReply | string> {
    const reply = await this.#client.send(...args)
    if (reply instanceof ErrorReply) return `-${reply.text}`
    return reply instanceof SimpleString ? reply.text : reply
  }
}
