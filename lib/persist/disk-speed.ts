/**
 * Measures how fast a directory's disk takes what a saving child writes. What a disk says of itself
 * is not asked: virtual ones call themselves rotational, or not, as it happens.
 *
 * A temporary file is written in pieces that double, each synced, until a limit of bytes or of time
 * is near. The last piece is at least half of all, and gives the rate, its sync included: what a
 * cache takes without passing it on is not counted. Then small writes are synced one by one.
 *
 * Writing is done in the thread pool, in one call a piece. An event loop that is busy makes a disk
 * look slower, not faster. A sync cannot be given up: a disk that stands still holds up the caller
 * of `measureDisk`, and one thread of the pool, but nobody else.
 *
 * The file is named as that of a save, so that one that a dead process left is removed in the same
 * way; it is removed at the end, whatever happens.
 *
 * @module
 */

import { randomFill } from 'node:crypto'
import { type FileHandle, open, rm, statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { SnapforkError } from '../errors.js'
import { monotonicMs } from '../util/clock.js'
import { makeTemporaryPath } from './temp-files.js'
import type { DiskRates } from './typical-disks.js'

export interface DiskMeasureOptions {
  /** At most so much is written. @defaultValue 64 MiB */
  readonly bytesMax?: number
  /** No piece is begun that would probably end later than this. @defaultValue 300 ms */
  readonly msMax?: number
  /** So much of the disk is to stay free. @defaultValue 64 MiB */
  readonly reserveBytes?: number
}

export interface DiskSpeed extends DiskRates {
  /** The longest of the small writes with a sync, in milliseconds; `syncMs` is their median. */
  readonly syncMsMax: number
  /** Small writes that were synced. */
  readonly syncs: number
  /** Bytes of the piece that gave the rate. */
  readonly measuredBytes: number
  /** All that was written. */
  readonly writtenBytes: number
  /** From the first write to the end, in milliseconds. */
  readonly durationMs: number
}

const MIB = 2 ** 20
/** As the child's output buffer. */
const BLOCK_BYTES = MIB
const SMALL_BYTES = 4096
const SMALL_WRITES = 8
/** The part of the time for small writes. */
const SMALL_SHARE = 1 / 3
/** Without knowing more, a median takes so many. */
const SMALL_WRITES_MIN = 3

const fillRandomly = promisify<Buffer, Buffer>(randomFill)

/**
 * Takes about 0.1 to 0.5 s, and writes up to 64 MiB.
 *
 * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_NO_SPACE` if the disk has less free than the
 *   reserve and 1 MiB, or becomes full; `ERR_SNAPFORK_IO` with `cause`.
 */
export async function measureDisk(
  dir: string,
  options: DiskMeasureOptions = {},
): Promise<DiskSpeed> {
  const { bytesMax = 64 * MIB, msMax = 300, reserveBytes = 64 * MIB } = options
  try {
    const { bavail, bsize } = await statfs(dir)
    const bytes = Math.min(bytesMax, bavail * bsize - reserveBytes) - SMALL_WRITES * SMALL_BYTES
    if (bytes < BLOCK_BYTES) throw new SnapforkError('ERR_SNAPFORK_NO_SPACE', tooFull(dir))
    return await measureIn(dir, bytes, msMax)
  } catch (cause) {
    if (cause instanceof SnapforkError) throw cause
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new SnapforkError('ERR_SNAPFORK_NO_SPACE', tooFull(dir), { cause })
    }
    const detail = `How fast the disk of ${dir} is could not be measured.`
    throw new SnapforkError('ERR_SNAPFORK_IO', detail, { cause })
  }
}

function tooFull(dir: string): string {
  return `The disk of ${dir} is too full to be measured.`
}

async function measureIn(dir: string, bytesMax: number, msMax: number): Promise<DiskSpeed> {
  const path = makeTemporaryPath(dir)
  const block = await fillRandomly(Buffer.allocUnsafeSlow(BLOCK_BYTES))
  // What is there already is not ours.
  const file = await open(path, 'wx', 0o600)
  try {
    const startedAtMs = monotonicMs()
    const smallMs = await timeSmallWrites(file, block, msMax * SMALL_SHARE)
    const sorted = smallMs.toSorted((a, b) => a - b)
    const syncMs = sorted[sorted.length >> 1] as number
    const limits = { bytesMax, endMs: startedAtMs + msMax, syncMs }
    const pieces = await timePieces(file, block, limits)
    const { bytes, ms } = pieces.last
    return {
      bytesPerSecond: Math.round((bytes / ms) * 1000),
      syncMs,
      syncMsMax: sorted.at(-1) as number,
      syncs: sorted.length,
      measuredBytes: bytes,
      writtenBytes: pieces.bytes + sorted.length * SMALL_BYTES,
      durationMs: monotonicMs() - startedAtMs,
    }
  } finally {
    await file.close().catch(() => {})
    await rm(path, { force: true })
  }
}

/** How long each took, in milliseconds. Appended, as a log is: the file's length is synced too. */
async function timeSmallWrites(
  file: FileHandle,
  block: Uint8Array,
  msMax: number,
): Promise<number[]> {
  const times: number[] = []
  const startedAtMs = monotonicMs()
  while (times.length < SMALL_WRITES) {
    const isLate = monotonicMs() - startedAtMs > msMax
    if (isLate && times.length >= SMALL_WRITES_MIN) break
    const beganAtMs = monotonicMs()
    await write(file, [block.subarray(0, SMALL_BYTES)])
    await file.datasync()
    times.push(monotonicMs() - beganAtMs)
  }
  return times
}

async function timePieces(
  file: FileHandle,
  block: Uint8Array,
  { bytesMax, endMs, syncMs }: { bytesMax: number; endMs: number; syncMs: number },
): Promise<{ bytes: number; last: { bytes: number; ms: number } }> {
  let written = 0
  let last = { bytes: 0, ms: 0 }
  for (let bytes = BLOCK_BYTES; written + bytes <= bytesMax; bytes *= 2) {
    // Writing takes twice as long as it did, and the sync as long.
    if (written > 0 && monotonicMs() + Math.max(last.ms, 2 * last.ms - syncMs) > endMs) break
    const beganAtMs = monotonicMs()
    await write(file, Array<Uint8Array>(bytes / BLOCK_BYTES).fill(block))
    await file.sync()
    last = { bytes, ms: Math.max(monotonicMs() - beganAtMs, Number.EPSILON) }
    written += bytes
  }
  return { bytes: written, last }
}

/** Appends all of it. A short write is a disk that is full: the next one then says so. */
async function write(file: FileHandle, blocks: readonly Uint8Array[]): Promise<void> {
  const length = blocks.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const { bytesWritten } = await file.writev(blocks)
  if (bytesWritten === length) return
  const error: NodeJS.ErrnoException = new Error('The disk took only a part of a write.')
  error.code = 'ENOSPC'
  throw error
}
