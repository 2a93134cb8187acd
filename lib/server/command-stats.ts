/**
 * How often each command was called, and how long it took.
 *
 * @module
 */

import type { CommandSpec } from '../commands/spec.js'
import type { NativeEngine } from '../native/engine.js'

export interface CommandUse {
  calls: number
  micros: number
  /** Refused before it ran. */
  rejected: number
  /** Ended with an error. */
  failed: number
}

export class CommandStats {
  readonly #native: Pick<NativeEngine, 'lanesUses'>
  readonly #uses = new Map<string, CommandUse>()
  readonly #errors = new Map<string, number>()
  #errorReplies = 0

  constructor(native: Pick<NativeEngine, 'lanesUses'>) {
    this.#native = native
  }

  /** @param micros Time it took, in microseconds. */
  called(spec: CommandSpec, micros: number, failed: boolean): void {
    const use = this.#useOf(spec.fullName)
    use.calls += 1
    use.micros += micros
    if (failed) use.failed += 1
  }

  rejected(spec: CommandSpec): void {
    this.#useOf(spec.fullName).rejected += 1
  }

  /** Counts an error reply by its first word. */
  failedWith(prefix: string): void {
    this.#errorReplies += 1
    this.#errors.set(prefix, (this.#errors.get(prefix) ?? 0) + 1)
  }

  /** All commands that were called, in lower case. */
  uses(): Map<string, CommandUse> {
    const uses = new Map([...this.#uses].map(([name, use]) => [name, { ...use }]))
    const hot = this.#native.lanesUses(false)
    for (let at = 0; at < hot.length; at += 3) {
      const calls = hot[at + 1] as number
      if (calls === 0) continue
      const name = String(hot[at]).toLowerCase()
      const use = uses.get(name) ?? { calls: 0, micros: 0, rejected: 0, failed: 0 }
      use.calls += calls
      use.micros += hot[at + 2] as number
      uses.set(name, use)
    }
    return uses
  }

  get calls(): number {
    let calls = 0
    for (const use of this.uses().values()) calls += use.calls
    return calls
  }

  get errors(): ReadonlyMap<string, number> {
    return this.#errors
  }

  get errorReplies(): number {
    return this.#errorReplies
  }

  reset(): void {
    this.#uses.clear()
    this.#errors.clear()
    this.#errorReplies = 0
    this.#native.lanesUses(true)
  }

  #useOf(name: string): CommandUse {
    let use = this.#uses.get(name)
    if (use === undefined) {
      use = { calls: 0, micros: 0, rejected: 0, failed: 0 }
      this.#uses.set(name, use)
    }
    return use
  }
}
