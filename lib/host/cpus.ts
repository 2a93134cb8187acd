/**
 * How many processors this process can use: those there are, less what control groups allow.
 *
 * @module
 */

import { availableParallelism } from 'node:os'
import { type CgroupPath, readCgroupPaths } from './cgroups.js'
import { parseNumber, type ReadText, readText } from './read-text.js'

export interface CpuQuota {
  /** Directory of the control group. */
  readonly group: string
  /** Processors' worth of time, such as 1.5. */
  readonly cpus: number
}

export interface CpuLimits {
  /** Processors that the process may run on. */
  readonly count: number
  /** The least quota of its groups; null for none. */
  readonly quota: CpuQuota | null
}

/** Content of version 2's cpu.max, such as `150000 100000` or `max 100000`, as processors. */
export function parseCpuMax(text: string | null): number | null {
  const [quota, period] = (text ?? '').trim().split(' ')
  return quotient(parseNumber(quota ?? null), parseNumber(period ?? null))
}

export async function readCpuLimits(read: ReadText = readText): Promise<CpuLimits> {
  const paths = await readCgroupPaths('cpu', read)
  const quotas = await Promise.all(paths.flatMap((path) => readQuotas(path, read)))
  let least: CpuQuota | null = null
  for (const { group, cpus } of quotas) {
    if (cpus !== null && cpus < (least?.cpus ?? Number.POSITIVE_INFINITY)) least = { group, cpus }
  }
  return { count: availableParallelism(), quota: least }
}

function readQuotas({ version, directories }: CgroupPath, read: ReadText) {
  return directories.map(async (group) => {
    if (version === 2) return { group, cpus: parseCpuMax(await read(`${group}/cpu.max`)) }
    const [quota, period] = await Promise.all([
      read(`${group}/cpu.cfs_quota_us`),
      read(`${group}/cpu.cfs_period_us`),
    ])
    return { group, cpus: quotient(parseNumber(quota), parseNumber(period)) }
  })
}

/** A quota of -1 is none. */
function quotient(quota: number | null, period: number | null): number | null {
  if (quota === null || period === null || quota <= 0 || period <= 0) return null
  return quota / period
}
