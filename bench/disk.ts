/**
 * A disk of its own for trials that disturb it: a file with a file system, mounted. Needs root,
 * loop devices and mkfs.ext4(8).
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { atExit } from './cleanup.js'

/** Of cgroup v1, for all processes of the root group: the kernel's own writes count there too. */
const THROTTLE = '/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device'
/** So much of its rate a disk is tried with, and at least so much. */
const PROBE_SECONDS = 1
const PROBE_BYTES_MIN = 30 * 2 ** 20
const MEGABYTE = 1e6
/** How much faster a throttled disk may be; by itself it may be slower. */
const TOLERANCE = 0.25

export interface Disk {
  /** Where it is mounted. */
  readonly dir: string
  /** Megabytes a second of a write with a sync: measured. */
  measure(): number
  /** Lets through so many megabytes a second at most, or all; throws if that does not hold. */
  throttle(megabytesPerSecond: number | null): void
  /** Waits until all is written. */
  flush(): void
}

/** Makes the disk, and removes it when `use` is over or this program ends. */
export async function withDisk<T>(
  parent: string,
  bytes: number,
  use: (disk: Disk) => Promise<T>,
): Promise<T> {
  const dir = join(parent, 'disk')
  const image = join(parent, 'disk.img')
  mkdirSync(dir, { recursive: true })
  writeFileSync(image, '')
  truncateSync(image, bytes)
  command('mkfs.ext4', '-q', image)
  command('mount', '-o', 'loop', image, dir)
  const disk = diskAt(dir)
  let isThrottled = false
  const remove = atExit(() => {
    spawnSync('fsfreeze', ['-u', dir], { stdio: 'ignore' })
    // The device will be somebody else's.
    if (isThrottled) disk.throttle(null)
    command('umount', '--lazy', dir)
    rmdirSync(dir)
    rmSync(image)
  })
  try {
    return await use({
      ...disk,
      throttle: (rate) => {
        isThrottled = true
        disk.throttle(rate)
      },
    })
  } finally {
    remove()
  }
}

function diskAt(dir: string): Disk {
  const device = deviceOf(dir)
  let probeBytes = PROBE_BYTES_MIN
  const measure = () => measureDisk(dir, probeBytes)
  const throttle = (rate: number | null) => {
    try {
      writeFileSync(THROTTLE, `${device} ${(rate ?? 0) * MEGABYTE}`)
    } catch (cause) {
      throw new Error(`no disk can be throttled here: ${THROTTLE} takes nothing`, { cause })
    }
    probeBytes = Math.max(PROBE_BYTES_MIN, (rate ?? 0) * MEGABYTE * PROBE_SECONDS)
    if (rate === null) return
    const measured = measure()
    if (measured / rate <= 1 + TOLERANCE) return
    throw new Error(
      `the throttle does not hold: ${measured.toFixed(1)} MB/s instead of ${rate}; ` +
        'are these processes in the root group of the blkio controller?',
    )
  }
  return { dir, measure, throttle, flush: () => command('sync', '-f', dir) }
}

/** The numbers of the device that is mounted, as the kernel writes them. */
function deviceOf(dir: string): string {
  const { dev } = statSync(dir)
  return `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`
}

function measureDisk(dir: string, probeBytes: number): number {
  const path = join(dir, 'probe')
  const bytes = Buffer.alloc(2 ** 20, 'x')
  const fd = openSync(path, 'w')
  const startedAt = performance.now()
  let written = 0
  for (; written < probeBytes; written += bytes.length) writeSync(fd, bytes)
  fdatasyncSync(fd)
  const seconds = (performance.now() - startedAt) / 1000
  closeSync(fd)
  rmSync(path)
  return written / MEGABYTE / seconds
}

function command(program: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`)
}
