/**
 * What INFO counts from CONFIG RESETSTAT on: what was counted until then is taken off.
 *
 * The engine itself counts on: metrics never go back.
 *
 * @module
 */

import type { EngineStats } from '../native/engine.js'
import type { InfoFacts } from './info.js'

/** Fields of the engine's statistics that begin anew. */
const COUNTS = [
  ...(['expiredKeys', 'expiredFields', 'evictedKeys', 'totalOverLimitMicros'] as const),
  ...(['keyspaceHits', 'keyspaceMisses', 'defragMovedObjects', 'forks'] as const),
] as const satisfies readonly (keyof EngineStats)[]

export class StatisticsBase {
  #base: InfoFacts | null = null

  /** Begins anew. */
  reset(facts: InfoFacts): void {
    this.#base = facts
  }

  /** The same facts, counted since then. */
  since(facts: InfoFacts): InfoFacts {
    const base = this.#base
    if (base === null) return facts
    const stats = { ...facts.stats }
    for (const name of COUNTS) stats[name] -= base.stats[name]
    stats.overLimitMicros = Math.min(stats.overLimitMicros, stats.totalOverLimitMicros)
    const snapshots = {
      ...facts.snapshots,
      saves: facts.snapshots.saves - base.snapshots.saves,
      lastForkMicros: stats.forks === 0 ? 0 : facts.snapshots.lastForkMicros,
    }
    const { log } = facts
    const rewrites = (log?.rewrites ?? 0) - (base.log?.rewrites ?? 0)
    // A log that was switched on since has counted anew itself.
    const isSameLog = rewrites >= 0
    return { ...facts, stats, snapshots, log: log && isSameLog ? { ...log, rewrites } : log }
  }
}
