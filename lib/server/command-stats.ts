/**
 * How often each command was called, and how long it took.
 *
 * @module
 */

import type { ScriptCall } from '../commands/context.js'
import { EncodedReply, type Reply } from '../commands/reply.js'
import type { CommandSpec } from '../commands/spec.js'
import type { CommandLatencyFacts } from '../engine/server-info.js'
import type { NativeEngine } from '../native/engine.js'
import { DurationHistogram } from './duration-histogram.js'

export interface CommandUse {
  calls: number
  micros: number
  /** Refused before it ran. */
  rejected: number
  /** Ended with an error. */
  failed: number
}

export interface CallFacts {
  readonly failed: boolean
  /** Whether it counts in the durations. */
  readonly isTimed: boolean
  /** Whether the call was counted before: it had to wait. */
  readonly isAgain: boolean
}

type Native = Pick<NativeEngine, 'lanesUses' | 'lanesDurations'>

export class CommandStats {
  readonly #native: Native
  readonly #uses = new Map<string, CommandUse>()
  readonly #durations = new Map<string, DurationHistogram>()
  readonly #errors = new Map<string, number>()
  #errorReplies = 0

  constructor(native: Native) {
    this.#native = native
  }

  /** Counts a call that took so many microseconds. */
  called(spec: CommandSpec, micros: number, { failed, isTimed, isAgain }: CallFacts): void {
    const use = this.#useOf(spec.fullName)
    if (!isAgain) use.calls += 1
    use.micros += micros
    if (failed) use.failed += 1
    if (isTimed) this.#lasted(spec.fullName, micros)
  }

  #lasted(name: string, micros: number): void {
    let durations = this.#durations.get(name)
    if (durations === undefined) {
      durations = new DurationHistogram()
      this.#durations.set(name, durations)
    }
    durations.record(Math.round(micros * 1000))
  }

  /** A call that was counted has failed behind its turn. */
  failedLater(spec: CommandSpec): void {
    this.#useOf(spec.fullName).failed += 1
  }

  rejected(spec: CommandSpec): void {
    this.#useOf(spec.fullName).rejected += 1
  }

  /** Counts a call of a script's, and the error that it has come to. */
  calledByScript({ command, micros, isRejected, error }: ScriptCall, isTimed: boolean): void {
    if (error !== null) this.failedWith(error)
    if (command === null) return
    const spec = command as CommandSpec
    if (isRejected) this.rejected(spec)
    else this.called(spec, micros, { failed: error !== null, isTimed, isAgain: false })
  }

  /** Whether there are errors in a reply; those that no command has come to are counted. */
  failsWith(reply: Reply): boolean {
    if (!(reply instanceof EncodedReply)) return false
    for (const error of reply.errors) this.failedWith(error)
    return reply.isFailure
  }

  /** Counts an error reply by its first word. */
  failedWith(text: string): void {
    const [prefix = ''] = text.split(' ', 1)
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

  /** For INFO: percentiles in microseconds. */
  latencies(percents: readonly number[]): CommandLatencyFacts[] {
    return [...this.durations()].map(([name, durations]) => {
      return { name, percentiles: percents.map((one) => [one, durations.percentile(one) / 1000]) }
    })
  }

  /** How long calls of commands took, by their names in lower case. */
  durations(): ReadonlyMap<string, DurationHistogram> {
    const all = new Map(this.#durations)
    const hot = this.#native.lanesDurations()
    for (let at = 0; at < hot.length; at += 2) {
      const counts = hot[at + 1] as number[]
      if (counts.length === 0) continue
      const name = String(hot[at]).toLowerCase()
      const durations = new DurationHistogram(this.#durations.get(name))
      all.set(name, durations)
      for (let place = 0; place < counts.length; place += 2) {
        durations.add(counts[place] as number, counts[place + 1] as number)
      }
    }
    return all
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
    this.#durations.clear()
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
