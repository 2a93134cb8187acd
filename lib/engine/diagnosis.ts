/**
 * What the facts of a machine mean for an engine in a directory of it. Pure.
 *
 * @module
 */

import type { HugePageFitness } from '../cow/thp.js'
import { type ClockSource, isFastClock } from '../host/clock-source.js'
import type { CpuLimits } from '../host/cpus.js'
import type { DiskFacts } from '../host/disk.js'
import type { HugePageSettings } from '../host/huge-page-settings.js'
import type { MemoryInfo } from '../host/meminfo.js'
import type { MemoryLimit, MemoryLimits } from '../host/memory-limits.js'
import type { Overcommit } from '../host/overcommit.js'
import type { ProcessLimits } from '../host/process-limits.js'
import type { DiskSpeed } from '../persist/disk-speed.js'
import { formatBytes, formatCount, formatMs } from '../util/format.js'

/** `bad`: saves fail, or data is lost. `warn`: they are slow, or may fail. `note`: good to know. */
export type FindingLevel = 'ok' | 'note' | 'warn' | 'bad'

export interface Finding {
  /** Names what was looked at; the same in every report. */
  readonly id: string
  readonly level: FindingLevel
  readonly found: string
  /** What it costs, or ''. */
  readonly cost: string
  /** What to do, or ''. */
  readonly advice: string
}

export interface HostFacts {
  /** `uname -r` */
  readonly release: string
  readonly hugePageFitness: HugePageFitness
  readonly hugePages: HugePageSettings
  readonly overcommit: Overcommit
  /** null where /proc is not there. */
  readonly meminfo: MemoryInfo | null
  readonly memory: MemoryLimits
  readonly processLimits: ProcessLimits
  readonly cpus: CpuLimits
  readonly disk: DiskFacts
  /** Or why it was not measured; null if nobody asked for it. */
  readonly diskSpeed: DiskSpeed | Error | null
  readonly clock: ClockSource
  /** Length of the snapshot file; null if there is none. */
  readonly snapshotBytes: number | null
}

const MIB = 2 ** 20
/** With less than this not even a save of nothing is safe. */
const HEADROOM_BYTES_MIN = 64 * MIB
const INODES_MIN = 100
const PROCESSES_LEFT_MIN = 16
const OPEN_FILES_MIN = 256
const SYNC_MS_NOTE = 20
const SYNC_MS_WARN = 100
const SLOW_BYTES_PER_SECOND = 50e6

/** In the order of the report. */
const EXAMINATIONS: readonly ((facts: HostFacts) => Finding)[] = [
  kernel,
  hugePages,
  hugePageDefrag,
  khugepaged,
  overcommit,
  memory,
  swap,
  processLimits,
  pids,
  cpus,
  diskSpace,
  fileSystem,
  diskSpeed,
  clock,
]

export function diagnose(facts: HostFacts): Finding[] {
  return EXAMINATIONS.map((examine) => examine(facts))
}

/** The level, then what was found, what it costs, what to do. */
type Verdict = readonly [level: FindingLevel, cost: string, advice: string]

const OK: Verdict = ['ok', '', '']

function finding(id: string, found: string, [level, cost, advice]: Verdict): Finding {
  return { id, level, found, cost, advice }
}

function kernel({ release, hugePageFitness }: HostFacts): Finding {
  const found = `Linux ${release}`
  if (hugePageFitness !== 'old kernel') return finding('kernel', found, OK)
  return finding('kernel', found, [
    'warn',
    'A write to a shared huge page copies 2 MiB, so none are used: a fork takes about 18 ms a ' +
      'GiB instead of 0.1 to 0.4.',
    'Run Linux 5.8 or later.',
  ])
}

function hugePages({ hugePages, hugePageFitness }: HostFacts): Finding {
  const { enabled, shmemEnabled } = hugePages
  const found = `transparent huge pages: ${enabled ?? 'none'} (shared: ${shmemEnabled ?? 'none'})`
  const slow = 'A fork takes about 18 ms a GiB instead of 0.1 to 0.4.'
  if (enabled === null) {
    return finding('huge-pages', found, ['warn', slow, 'Run a kernel that has them.'])
  }
  if (enabled === 'never') {
    const advice = 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled'
    return finding('huge-pages', found, ['warn', slow, advice])
  }
  if (hugePageFitness === 'other page size') {
    return finding('huge-pages', `${found}; base pages are not 4 KiB`, ['note', slow, ''])
  }
  if (enabled === 'always') {
    const cost = 'snapfork gains nothing by it; other programs may take more memory.'
    return finding('huge-pages', found, ['note', cost, "'madvise' is enough."])
  }
  return finding('huge-pages', found, OK)
}

function hugePageDefrag({ hugePages: { defrag } }: HostFacts): Finding {
  const found = `defragmentation for huge pages: ${defrag ?? 'none'}`
  if (defrag === 'always') {
    const cost = 'Any first touch of memory may wait for the kernel to move pages.'
    return finding('huge-page-defrag', found, ['note', cost, "Set it to 'madvise'."])
  }
  if (defrag === 'never') {
    const cost = 'Where memory is in pieces, new chunks get small pages, and forks become longer.'
    return finding('huge-page-defrag', found, ['note', cost, "Set it to 'madvise'."])
  }
  return finding('huge-page-defrag', found, OK)
}

function khugepaged({ hugePages: { khugepaged } }: HostFacts): Finding {
  const { isOn, pagesToScan, scanSleepMs, maxPtesNone } = khugepaged
  if (isOn === null) return finding('khugepaged', 'khugepaged: none', OK)
  const pace = `${pagesToScan} pages every ${scanSleepMs} ms, max_ptes_none ${maxPtesNone}`
  if (isOn) return finding('khugepaged', `khugepaged: on, ${pace}`, OK)
  return finding('khugepaged', `khugepaged: off, ${pace}`, [
    'note',
    'Huge pages that were split by writes during a save are not merged again: forks get longer.',
    'echo 1 > /sys/kernel/mm/transparent_hugepage/khugepaged/defrag',
  ])
}

function overcommit({ overcommit, meminfo, snapshotBytes }: HostFacts): Finding {
  const { mode, ratio } = overcommit
  if (mode !== 'strict' || meminfo === null) {
    return finding('overcommit', `overcommit: ${mode ?? 'unknown'}`, OK)
  }
  const left = Math.max(0, meminfo.commitLimitBytes - meminfo.committedBytes)
  const found = `overcommit: strict, ratio ${ratio} %; ${formatBytes(left)} can still be promised`
  const isTooLittle = left < Math.max(HEADROOM_BYTES_MIN, 2 * (snapshotBytes ?? 0))
  return finding('overcommit', found, [
    isTooLittle ? 'bad' : 'warn',
    'A fork must be promised all that the child could write: it is refused ' +
      '(ERR_SNAPFORK_FORK_FAILED) though memory is free.',
    'sysctl vm.overcommit_memory=1, or raise vm.overcommit_ratio',
  ])
}

function memory({ memory, snapshotBytes }: HostFacts): Finding {
  const { headroomBytes, tightest } = memory
  if (headroomBytes === null || tightest === null) {
    return finding('memory', 'how much memory is left cannot be read', [
      'note',
      'Forecasts say nothing of memory.',
      'Mount /proc.',
    ])
  }
  const found = `${formatBytes(headroomBytes)} left, limited by ${nameOf(tightest)}`
  const file = snapshotBytes ?? 0
  if (headroomBytes < HEADROOM_BYTES_MIN) {
    const cost = 'A save, or any growth, may end in the out-of-memory killer.'
    return finding('memory', found, ['bad', cost, raise(tightest)])
  }
  if (headroomBytes < file) {
    const cost =
      `The snapshot of ${formatBytes(file)} cannot be loaded beside what is in use, unless that ` +
      'is the process that has it.'
    return finding('memory', found, ['warn', cost, raise(tightest)])
  }
  if (headroomBytes < 2 * file) {
    const cost = 'Loaded, and changed throughout during a save, the data would not fit.'
    return finding('memory', found, ['note', cost, 'See the forecast for what a save takes.'])
  }
  return finding('memory', found, OK)
}

function nameOf({ kind, group, limitBytes }: MemoryLimit): string {
  const limit = formatBytes(limitBytes)
  if (kind === 'machine') return `the machine (${limit})`
  return group === null ? `${kind} (${limit})` : `${kind} of ${group} (${limit})`
}

function raise({ kind, group }: MemoryLimit): string {
  if (kind === 'machine') return 'Use a machine with more memory, or free some.'
  return group === null ? 'Raise vm.overcommit_ratio.' : `Raise ${kind} of the control group.`
}

function swap({ memory: { swap } }: HostFacts): Finding {
  const usedBytes = Math.max(0, ...swap.map((level) => level.usedBytes))
  const machine = swap.find(({ group }) => group === null)?.limitBytes ?? 0
  const found = `swap: ${formatBytes(machine)}, ${formatBytes(usedBytes)} of it in use`
  if (usedBytes === 0) return finding('swap', found, OK)
  return finding('swap', found, [
    'note',
    'What is swapped out is read again by every save, and commands that need it wait for the disk.',
    'Give the machine more memory, or lower vm.swappiness.',
  ])
}

function processLimits({ processLimits, snapshotBytes }: HostFacts): Finding {
  const { resources } = processLimits
  if (resources === null) return finding('limits', 'limits of processes cannot be read', OK)
  const { processes, fileBytes, addressSpaceBytes, openFiles } = resources
  const found =
    `limits: ${countOf(processes)} processes, ${countOf(openFiles)} open files, files of ` +
    `${sizeOf(fileBytes)}, address space of ${sizeOf(addressSpaceBytes)}`
  if (addressSpaceBytes !== null) {
    const cost = 'The engine reserves address space of terabytes: it may not open at all.'
    return finding('limits', found, ['bad', cost, 'ulimit -v unlimited'])
  }
  if (fileBytes !== null) {
    const isTooShort = fileBytes < (snapshotBytes ?? 0) * 2
    const cost = 'A file that becomes longer is not written: the save fails.'
    return finding('limits', found, [isTooShort ? 'bad' : 'warn', cost, 'ulimit -f unlimited'])
  }
  if (openFiles !== null && openFiles < OPEN_FILES_MIN) {
    const cost = 'Files of a save compete with those of the program for descriptors.'
    return finding('limits', found, ['warn', cost, 'ulimit -n 1024'])
  }
  if (processes !== null && processes < PROCESSES_LEFT_MIN) {
    const cost = 'fork(2) is refused when the user has as many processes: saves fail.'
    return finding('limits', found, ['warn', cost, 'ulimit -u unlimited'])
  }
  return finding('limits', found, OK)
}

function countOf(limit: number | null): string {
  return limit === null ? 'unlimited' : formatCount(limit)
}

function sizeOf(limit: number | null): string {
  return limit === null ? 'any size' : formatBytes(limit)
}

function pids({ processLimits: { pids } }: HostFacts): Finding {
  if (pids === null) return finding('pids', 'no control group limits processes', OK)
  const { group, limit, used } = pids
  const left = Math.max(0, limit - used)
  const found = `${formatCount(left)} of ${formatCount(limit)} processes left in ${group}`
  if (left >= PROCESSES_LEFT_MIN) return finding('pids', found, OK)
  const cost = 'fork(2) is refused when none are left: saves fail.'
  return finding('pids', found, [left === 0 ? 'bad' : 'warn', cost, 'Raise its pids.max.'])
}

function cpus({ cpus: { count, quota } }: HostFacts): Finding {
  const limit = quota === null ? '' : `, of which ${quota.group} allows ${quota.cpus.toFixed(1)}`
  const found = `processors: ${count}${limit}`
  if (quota !== null && quota.cpus < 2) {
    const cost =
      'A saving child uses up the time of the group: all of it, the event loop too, then stands ' +
      'still until the next period.'
    return finding('cpus', found, ['warn', cost, 'Allow two processors, or lift the quota.'])
  }
  if (count < 2) {
    const cost = 'A saving child takes turns with the event loop.'
    return finding('cpus', found, ['note', cost, 'Use two processors.'])
  }
  return finding('cpus', found, OK)
}

function diskSpace({ disk, snapshotBytes }: HostFacts): Finding {
  const { freeBytes, totalBytes, freeInodes } = disk
  const inodes = freeInodes === null ? '' : `, ${formatCount(freeInodes)} inodes`
  const found = `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free${inodes}`
  const file = snapshotBytes ?? 0
  if (freeBytes < Math.max(MIB, file) || (freeInodes !== null && freeInodes < 1)) {
    const cost = 'The old snapshot stays until the new one is whole: the next save has no room.'
    return finding('disk-space', found, ['bad', cost, 'Free some, or use another directory.'])
  }
  if (freeBytes < 2 * file || (freeInodes !== null && freeInodes < INODES_MIN)) {
    const cost = 'A save needs room for a second file: there is little left for growth.'
    return finding('disk-space', found, ['warn', cost, 'Free some, or use another directory.'])
  }
  return finding('disk-space', found, OK)
}

function fileSystem({ disk: { dir, mount } }: HostFacts): Finding {
  if (mount === null) return finding('file-system', `${dir}: unknown`, OK)
  const { type, device, kind, options } = mount
  const found = `${dir}: ${type} on ${device} (${options.join(',')})`
  const verdict = (): Verdict => {
    if (options.includes('ro')) {
      return ['bad', 'Nothing can be saved.', 'Mount it for writing, or use another directory.']
    }
    if (kind === 'memory') {
      const cost = 'Files are in memory: they take as much of it, and are lost with the machine.'
      return ['warn', cost, 'Use a directory on a disk.']
    }
    if (kind === 'network') {
      const cost = 'Syncs go through the network; locks may not hold between machines.'
      return ['warn', cost, 'Use a local disk.']
    }
    if (kind === 'overlay') {
      const cost = 'Files are in the writable layer of a container, and are lost with it.'
      return ['warn', cost, 'Mount a volume.']
    }
    if (options.includes('nobarrier') || options.includes('barrier=0')) {
      const cost = 'A sync does not reach the disk: a power failure may lose what was synced.'
      return ['warn', cost, 'Mount it with barriers.']
    }
    if (!options.includes('sync')) return OK
    return ['warn', 'Every write waits for the disk.', "Mount it without 'sync'."]
  }
  return finding('file-system', found, verdict())
}

function diskSpeed({ diskSpeed }: HostFacts): Finding {
  if (diskSpeed === null) return finding('disk-speed', 'the disk was not measured', OK)
  if (diskSpeed instanceof Error) {
    const { message, cause } = diskSpeed
    const reason = cause instanceof Error ? ` (${cause.message})` : ''
    const isWritable = !/EACCES|EROFS|EPERM/.test(reason)
    const cost = isWritable ? 'Forecasts are for typical disks only.' : 'Nothing can be saved.'
    const advice = isWritable ? '' : 'Give the user the right to write.'
    const level = isWritable ? 'note' : 'bad'
    return finding('disk-speed', `${message}${reason}`, [level, cost, advice])
  }
  const { bytesPerSecond, syncMs, syncMsMax, measuredBytes } = diskSpeed
  const found =
    `${formatBytes(bytesPerSecond)}/s (${formatBytes(measuredBytes)} with a sync); a small sync ` +
    `takes ${formatMs(syncMs)}, at most ${formatMs(syncMsMax)}`
  const isSlow = bytesPerSecond < SLOW_BYTES_PER_SECOND || syncMs >= SYNC_MS_WARN
  if (isSlow) {
    const cost = 'Saves take long, so more is changed during them; durable() waits as long.'
    return finding('disk-speed', found, ['warn', cost, 'Use a faster disk.'])
  }
  if (syncMs >= SYNC_MS_NOTE) {
    const cost = "With appendfsync 'always' a change is durable only after so long."
    return finding('disk-speed', found, ['note', cost, "Use an SSD, or 'everysec'."])
  }
  return finding('disk-speed', found, OK)
}

function clock({ clock: { current, available } }: HostFacts): Finding {
  if (current === null) return finding('clock', 'the source of the clock cannot be read', OK)
  if (isFastClock(current)) return finding('clock', `clock source: ${current}`, OK)
  const better = available.find(isFastClock)
  const advice =
    better === undefined
      ? ''
      : `echo ${better} > /sys/devices/system/clocksource/clocksource0/current_clocksource`
  const cost = 'Every look at the clock is a system call of about a microsecond.'
  return finding('clock', `clock source: ${current}`, ['note', cost, advice])
}
