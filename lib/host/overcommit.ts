/**
 * How much memory the kernel promises: whether a fork can be refused though memory is free.
 *
 * @module
 */

import { parseNumber, type ReadText, readText } from './read-text.js'

/** By the number in vm.overcommit_memory. */
const MODES = ['heuristic', 'always', 'strict'] as const

export type OvercommitMode = (typeof MODES)[number]

export interface Overcommit {
  /** null where it cannot be read. */
  readonly mode: OvercommitMode | null
  /** Percent of memory that strict mode promises, beside swap. */
  readonly ratio: number | null
}

export function parseOvercommit(mode: string | null, ratio: string | null): Overcommit {
  return { mode: MODES[parseNumber(mode) ?? -1] ?? null, ratio: parseNumber(ratio) }
}

export async function readOvercommit(read: ReadText = readText): Promise<Overcommit> {
  const [mode, ratio] = await Promise.all([
    read('/proc/sys/vm/overcommit_memory'),
    read('/proc/sys/vm/overcommit_ratio'),
  ])
  return parseOvercommit(mode, ratio)
}
