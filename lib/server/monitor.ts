/**
 * Who sees every command that is run, and what is printed of one.
 *
 * A command is told of behind it, so that those of a transaction come before its EXEC; a script
 * before what it calls.
 *
 * @module
 */

import type { CommandContext } from '../commands/context.js'
import type { CommandSpec } from '../commands/spec.js'
import type { Client, ClientContext } from './client.js'
import { visibleWords } from './redaction.js'

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
}

/** Text in quotes, as redis-cli reads it. */
export function quoted(latin1: string): string {
  const text = latin1.replace(/[^ -~]|["\\]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0')
    return ESCAPES[character] ?? `\\x${code}`
  })
  return `"${text}"`
}

/** A command that is to be told of. */
export interface Sight {
  readonly spec: CommandSpec
  readonly words: readonly string[]
}

export class Monitors {
  readonly #clients = new Set<Client>()
  readonly #send: (client: Client, line: string) => void

  /** @param send Sends a line; to who has sent the command, behind its reply. */
  constructor(send: (client: Client, line: string) => void) {
    this.#send = send
  }

  get isEmpty(): boolean {
    return this.#clients.size === 0
  }

  add(client: Client): void {
    client.isMonitor = true
    this.#clients.add(client)
  }

  /** Whether it was one. */
  delete(client: Client): boolean {
    client.isMonitor = false
    return this.#clients.delete(client)
  }

  /** What is to be told of the command that is about to be run, or null. */
  look(spec: CommandSpec, context: ClientContext): Sight | null {
    // One that waited was told of when it came.
    if (this.isEmpty || spec.flags.includes('admin') || context.isRetry) return null
    const sight = { spec, words: visibleWords(spec, context.allBytes()) }
    if (!spec.flags.includes('skip_monitor')) return sight
    this.tell(sight, context)
    return null
  }

  /** Tells of the command that a client has run. */
  tell({ words }: Sight, { client, db, now }: ClientContext): void {
    const { remote, isUnix } = client.address
    const from = isUnix ? `unix:${remote.slice(0, -':0'.length)}` : remote
    this.#tellAll(now(), `${db} ${from}`, words, client)
  }

  /** Tells of one that a script has run. */
  tellOfScript(spec: CommandSpec, context: CommandContext, nowMs: number): void {
    if (this.isEmpty || spec.flags.includes('admin')) return
    this.#tellAll(nowMs, `${context.db} lua`, visibleWords(spec, context.allBytes()), null)
  }

  #tellAll(nowMs: number, from: string, words: readonly string[], sender: Client | null): void {
    const seconds = (nowMs / 1000).toFixed(6)
    const line = `+${seconds} [${from}] ${words.map(quoted).join(' ')}\r\n`
    for (const monitor of this.#clients) {
      const { replyMode } = monitor
      // SKIP begins behind the command that has asked for it.
      const hears = replyMode === 'on' || (replyMode === 'skip-next' && monitor === sender)
      if (hears) this.#send(monitor, line)
    }
  }
}
