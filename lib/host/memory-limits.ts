/**
 * How much more memory this process can get, and who sets the limit: the machine, or one of the
 * control groups it is in.
 *
 * A group's page cache counts as its use, though the kernel drops it before it ends a process: the
 * inactive part of it counts as free here.
 *
 * @module
 */

import { type CgroupPath, readCgroupPaths } from './cgroups.js'
import { type MemoryInfo, readMeminfo } from './meminfo.js'
import { type Overcommit, readOvercommit } from './overcommit.js'
import { parseNumber, parsePairs, type ReadText, readText } from './read-text.js'

/** Version 1 writes "no limit" as the largest whole number of pages. */
const NO_LIMIT_BYTES = 2 ** 60

/** What limits: all of the machine's memory, what it may promise, or a setting of a group. */
export type MemoryLimitKind =
  | 'machine'
  | 'strict overcommit'
  | 'memory.max'
  | 'memory.high'
  | 'memory.limit_in_bytes'
  | 'memory.memsw.limit_in_bytes'
  | 'hierarchical_memory_limit'

/** One limit. Bytes. */
export interface MemoryLimit {
  readonly kind: MemoryLimitKind
  /** Directory of the control group; null for the machine. */
  readonly group: string | null
  readonly limitBytes: number
  /** What is used of it and cannot be dropped. */
  readonly usedBytes: number
  /** What is left, 0 at least. */
  readonly freeBytes: number
}

export interface SwapLimit {
  /** Directory of the control group; null for the machine. */
  readonly group: string | null
  readonly limitBytes: number
  readonly usedBytes: number
}

export interface MemoryLimits {
  /** The least that is left at any level; null if nothing is known. */
  readonly headroomBytes: number | null
  /** The level that is. */
  readonly tightest: MemoryLimit | null
  /** The machine first, then groups from that of the process upwards. */
  readonly levels: readonly MemoryLimit[]
  readonly swap: readonly SwapLimit[]
}

/** Reads some ten small files in the thread pool; takes a millisecond or less. */
export async function readMemoryLimits(read: ReadText = readText): Promise<MemoryLimits> {
  const [memory, overcommit, paths] = await Promise.all([
    readMeminfo(read),
    readOvercommit(read),
    readCgroupPaths('memory', read),
  ])
  const groups = await Promise.all(paths.flatMap((path) => readGroups(path, read)))
  const found = groups.flatMap(({ levels }) => levels)
  const levels = [...machineLevels(memory, overcommit), ...found.filter(isNoRepetition)]
  const swap = [...machineSwap(memory), ...groups.flatMap(({ swap }) => swap)]
  const tightest = tightestOf(levels)
  return { headroomBytes: tightest?.freeBytes ?? null, tightest, levels, swap }
}

export function tightestOf(levels: readonly MemoryLimit[]): MemoryLimit | null {
  let least: MemoryLimit | null = null
  for (const level of levels) {
    if (least === null || level.freeBytes < least.freeBytes) least = level
  }
  return least
}

/** What version 1 says of the lowest ancestor is news only if that one cannot be seen. */
function isNoRepetition(
  { kind, limitBytes }: MemoryLimit,
  _: number,
  levels: readonly MemoryLimit[],
): boolean {
  if (kind !== 'hierarchical_memory_limit') return true
  const isSame = (other: MemoryLimit) =>
    other.kind === 'memory.limit_in_bytes' && other.limitBytes === limitBytes
  return !levels.some(isSame)
}

function machineLevels(memory: MemoryInfo | null, overcommit: Overcommit): MemoryLimit[] {
  if (memory === null) return []
  const { totalBytes, availableBytes, commitLimitBytes, committedBytes } = memory
  const levels = [limit('machine', null, totalBytes, totalBytes - availableBytes)]
  // Elsewhere the promise is not kept to.
  if (overcommit.mode === 'strict') {
    levels.push(limit('strict overcommit', null, commitLimitBytes, committedBytes))
  }
  return levels
}

function machineSwap(memory: MemoryInfo | null): SwapLimit[] {
  if (memory === null) return []
  const { swapTotalBytes: limitBytes, swapFreeBytes } = memory
  return [{ group: null, limitBytes, usedBytes: limitBytes - swapFreeBytes }]
}

interface GroupLimits {
  readonly levels: readonly MemoryLimit[]
  readonly swap: readonly SwapLimit[]
}

function readGroups({ version, directories }: CgroupPath, read: ReadText): Promise<GroupLimits>[] {
  const readGroup = version === 2 ? readGroup2 : readGroup1
  return directories.map((group) => readGroup(group, (name) => read(`${group}/${name}`)))
}

type ReadFileOf = (name: string) => Promise<string | null>

async function readGroup2(group: string, file: ReadFileOf): Promise<GroupLimits> {
  const names = ['max', 'high', 'current', 'swap.max', 'swap.current'] as const
  const [stat, ...values] = await Promise.all([
    file('memory.stat').then(parsePairs),
    ...names.map(async (name) => parseNumber(await file(`memory.${name}`))),
  ])
  const [max = null, high = null, current = null, swapMax = null, swapUsed = null] = values
  const levels: MemoryLimit[] = []
  if (current !== null) {
    const used = current - (stat.get('inactive_file') ?? 0)
    if (max !== null) levels.push(limit('memory.max', group, max, used))
    if (high !== null) levels.push(limit('memory.high', group, high, used))
  }
  const swap = swapMax === null ? [] : [{ group, limitBytes: swapMax, usedBytes: swapUsed ?? 0 }]
  return { levels, swap }
}

async function readGroup1(group: string, file: ReadFileOf): Promise<GroupLimits> {
  const names = ['limit_in_bytes', 'usage_in_bytes', 'memsw.limit_in_bytes', 'memsw.usage_in_bytes']
  const [stat, ...values] = await Promise.all([
    file('memory.stat').then(parsePairs),
    ...names.map(async (name) => parseNumber(await file(`memory.${name}`))),
  ])
  const [max = null, current = null, bothMax = null, bothUsed = null] = values
  if (current === null) return { levels: [], swap: [] }
  const cacheBytes = stat.get('total_inactive_file') ?? stat.get('inactive_file') ?? 0
  const used = current - cacheBytes
  const levels: MemoryLimit[] = []
  const add = (kind: MemoryLimitKind, bytes: number | null, usedBytes: number) => {
    if (bytes !== null && bytes < NO_LIMIT_BYTES) levels.push(limit(kind, group, bytes, usedBytes))
  }
  add('memory.limit_in_bytes', max, used)
  add('memory.memsw.limit_in_bytes', bothMax, (bothUsed ?? current) - cacheBytes)
  // The lowest one of all ancestors, those included that cannot be seen from here.
  const lowest = stat.get('hierarchical_memory_limit') ?? null
  if (lowest !== max) add('hierarchical_memory_limit', lowest, used)
  return { levels, swap: [] }
}

function limit(
  kind: MemoryLimitKind,
  group: string | null,
  limitBytes: number,
  used: number,
): MemoryLimit {
  const usedBytes = Math.max(0, used)
  return { kind, group, limitBytes, usedBytes, freeBytes: Math.max(0, limitBytes - usedBytes) }
}
