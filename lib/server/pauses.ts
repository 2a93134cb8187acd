/**
 * CLIENT PAUSE: commands that wait until a time.
 *
 * @module
 */

import type { CommandSpec } from '../commands/spec.js'
import { TIMER_MS_MAX } from '../util/clock.js'
import type { Client, StoredCommand } from './client.js'

/** Commands of clients that wait, to be run when the pause is over. */
type Resume = (client: Client, command: StoredCommand) => void

/** Reads that others may see the effect of, or that may write. */
const COUNT_AS_WRITES: ReadonlySet<string> = new Set([
  ...['PUBLISH', 'SPUBLISH', 'PFCOUNT', 'EVAL', 'EVALSHA', 'FCALL', 'EXEC'],
])

export class Pauses {
  readonly #resume: Resume
  readonly #changed: () => void
  readonly #waiting = new Map<Client, StoredCommand>()
  #timer: NodeJS.Timeout | null = null
  #untilMs = 0
  #stopsReads = false

  constructor(resume: Resume, changed: () => void) {
    this.#resume = resume
    this.#changed = changed
  }

  get isOn(): boolean {
    return this.#timer !== null
  }

  get stopsReads(): boolean {
    return this.isOn && this.#stopsReads
  }

  /** Of two pauses the longer one counts, and the stricter one. */
  begin(stopsReads: boolean, timeoutMs: number): void {
    const until = Math.max(Date.now() + timeoutMs, this.isOn ? this.#untilMs : 0)
    this.#stopsReads = stopsReads || this.stopsReads
    this.#untilMs = until
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.end(), Math.min(until - Date.now(), TIMER_MS_MAX))
    this.#changed()
  }

  /** Forgets it, and those who wait. */
  stop(): void {
    this.#waiting.clear()
    this.end()
  }

  end(): void {
    if (this.#timer === null) return
    clearTimeout(this.#timer)
    this.#timer = null
    this.#stopsReads = false
    this.#changed()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [client, command] of waiting) this.#resume(client, command)
  }

  /** Whether a command has to wait. */
  stops(spec: CommandSpec, client: Client): boolean {
    if (!this.isOn) return false
    if (this.#stopsReads) return true
    if (spec.name === 'EXEC') {
      return client.transaction?.commands.some((one) => isWrite(one.spec)) ?? false
    }
    return isWrite(spec)
  }

  hold(client: Client, command: StoredCommand): void {
    this.#waiting.set(client, command)
  }

  forget(client: Client): void {
    this.#waiting.delete(client)
  }
}

function isWrite(spec: CommandSpec): boolean {
  return spec.flags.includes('write') || COUNT_AS_WRITES.has(spec.name)
}
