/**
 * Limits of this process that a save can run into.
 *
 * @module
 */

import { readCgroupPaths } from './cgroups.js'
import { parseNumber, type ReadText, readText } from './read-text.js'

/** Names in /proc/self/limits. */
const NAMES = {
  processes: 'Max processes',
  fileBytes: 'Max file size',
  addressSpaceBytes: 'Max address space',
  openFiles: 'Max open files',
} as const

/** Soft limits; null for none. */
export type ResourceLimits = Readonly<Record<keyof typeof NAMES, number | null>>

export interface PidsLimit {
  /** Directory of the control group. */
  readonly group: string
  /** Processes and threads. */
  readonly limit: number
  readonly used: number
}

export interface ProcessLimits {
  /** null where they cannot be read. */
  readonly resources: ResourceLimits | null
  /** The control group with the fewest processes left; null if none is limited. */
  readonly pids: PidsLimit | null
}

export function parseLimits(text: string | null): ResourceLimits | null {
  const line = (name: string) =>
    new RegExp(`^${name} +(\\d+|unlimited) `, 'm').exec(text ?? '')?.[1] ?? null
  if (line(NAMES.openFiles) === null) return null
  return {
    processes: parseNumber(line(NAMES.processes)),
    fileBytes: parseNumber(line(NAMES.fileBytes)),
    addressSpaceBytes: parseNumber(line(NAMES.addressSpaceBytes)),
    openFiles: parseNumber(line(NAMES.openFiles)),
  }
}

export async function readProcessLimits(read: ReadText = readText): Promise<ProcessLimits> {
  const [limits, paths] = await Promise.all([
    read('/proc/self/limits'),
    readCgroupPaths('pids', read),
  ])
  const groups = paths.flatMap(({ directories }) => directories)
  const pids = await Promise.all(groups.map((group) => readPids(group, read)))
  let least: PidsLimit | null = null
  for (const found of pids) {
    if (found === null) continue
    if (least === null || found.limit - found.used < least.limit - least.used) least = found
  }
  return { resources: parseLimits(limits), pids: least }
}

async function readPids(group: string, read: ReadText): Promise<PidsLimit | null> {
  const [max, current] = await Promise.all([
    read(`${group}/pids.max`),
    read(`${group}/pids.current`),
  ])
  const limit = parseNumber(max)
  const used = parseNumber(current)
  return limit === null || used === null ? null : { group, limit, used }
}
