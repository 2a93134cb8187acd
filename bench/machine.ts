/**
 * What has to be known of a machine to judge a figure of it. No names of hosts, users or places.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, freemem, release, totalmem } from 'node:os'

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
}

export interface MachineFacts {
  readonly date: string
  readonly commit: string
  readonly kernel: string
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly freeBytes: number
  readonly hugePages: string
  readonly overcommit: string
  readonly governor: string
  readonly node: string
  readonly redis: string | null
  readonly fileSystem: string
}

/** @param dir where the engines write */
export function machineFacts(dir: string, redis: string | null): MachineFacts {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    kernel: release(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeBytes: freemem(),
    hugePages: setting('/sys/kernel/mm/transparent_hugepage/enabled'),
    overcommit: setting('/proc/sys/vm/overcommit_memory'),
    governor: setting('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor'),
    node: process.versions.node,
    redis,
    fileSystem: fileSystem(dir),
  }
}

/** Short hash, with a mark if the tree differs from it. */
function commit(): string {
  const head = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' })
  if (head.status !== 0) return 'unknown'
  const changes = spawnSync('git', ['status', '--porcelain', '-uno'], { encoding: 'utf8' })
  return `${head.stdout.trim()}${changes.stdout === '' ? '' : '+changes'}`
}

/** Of a list of choices, the one in brackets. */
function setting(path: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return /\[(.+)\]/.exec(text)?.[1] ?? text
  } catch {
    return 'unknown'
  }
}

function fileSystem(dir: string): string {
  const { type } = statfsSync(dir)
  return FILE_SYSTEMS[type >>> 0] ?? `0x${(type >>> 0).toString(16)}`
}
