/**
 * What took longer than `latency-monitor-threshold`: a short history of each kind of event.
 *
 * @module
 */

/** Samples kept of an event, one a second at most. */
const SAMPLES_MAX = 160

export interface LatencySample {
  /** Unix time in seconds. */
  readonly second: number
  readonly ms: number
}

interface LatencyEvent {
  samples: LatencySample[]
  maxMs: number
}

export class LatencyMonitor {
  readonly #events = new Map<string, LatencyEvent>()

  /** Of one second the longest counts. */
  add(name: string, ms: number, nowMs: number): void {
    const event = this.#events.get(name) ?? { samples: [], maxMs: 0 }
    const second = Math.floor(nowMs / 1000)
    const last = event.samples.at(-1)
    if (last?.second === second) event.samples.pop()
    const longest = last?.second === second ? Math.max(last.ms, ms) : ms
    event.samples = [...event.samples, { second, ms: longest }].slice(-SAMPLES_MAX)
    event.maxMs = Math.max(event.maxMs, ms)
    this.#events.set(name, event)
  }

  /** The last sample of each event, and its longest of all times. */
  latest(): { name: string; last: LatencySample; maxMs: number }[] {
    return [...this.#events].map(([name, { samples, maxMs }]) => {
      return { name, last: samples.at(-1) as LatencySample, maxMs }
    })
  }

  history(name: string): readonly LatencySample[] {
    return this.#events.get(name)?.samples ?? []
  }

  /** @returns How many events were forgotten: those that are named, or all. */
  reset(names: readonly string[]): number {
    const gone = names.length === 0 ? [...this.#events.keys()] : names
    return gone.filter((name) => this.#events.delete(name)).length
  }
}
