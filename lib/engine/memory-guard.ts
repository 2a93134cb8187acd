/**
 * Keeps saves from taking more memory than the machine, or the control groups around this process,
 * have left.
 *
 * Before a fork the forecast is compared with what is left; while the child lives, what is left is
 * read ten times a second. If it would be used up before the child is done, writers are slowed down
 * to what still fits; if that does not suffice, the child is ended. What the policy allows:
 *
 *     none   nothing is looked at
 *     end    a save that might not fit is not begun; one that does not is ended
 *     wait   the same, but `bgsave` waits until it fits
 *     slow   a save is begun if it fits with slowed writers; then they are slowed
 *
 * Invariants
 *  (M1) Limits that are not known limit nothing.
 *  (M2) No reading is awaited in the turn of a fork: the last one counts.
 *
 * @module
 */

import { SnapshotError } from '../errors.js'
import { type MemoryLimit, type MemoryLimits, readMemoryLimits } from '../host/memory-limits.js'
import { readTogether } from '../host/read-text.js'
import type { NativeEngine } from '../native/engine.js'
import type { ResolvedOptions } from '../options.js'
import type { GuardedChild, SaveGuard } from '../persist/save-guard.js'
import { monotonicMs } from '../util/clock.js'
import { allowedGrowth, fixedBytes, nextRate, reserveBytes } from './memory-policy.js'

export type SaveMemoryPolicy = ResolvedOptions['saveMemoryPolicy']

export interface SaveMemoryEvent {
  /** `slowed`: writers, from now on until the child ends. */
  readonly action: 'refused' | 'waiting' | 'slowed' | 'ended'
  /** What the save is expected to take yet. Bytes. */
  readonly neededBytes: number
  /** What this process can still get. Bytes. */
  readonly headroomBytes: number
  /** Who limits that. */
  readonly tightest: MemoryLimit
}

export interface MemoryGuardParts {
  readonly native: NativeEngine
  readonly policy: () => SaveMemoryPolicy
  /** What the next save will take at the present rate of change, in bytes. */
  readonly forecastBytes: () => number
  readonly notify: (event: SaveMemoryEvent) => void
  /** For tests. */
  readonly read?: () => Promise<MemoryLimits>
}

/** Between two readings: with no child, and with one. */
const IDLE_READ_MS = 1000
const WATCH_MS = 100
const WAIT_MS = 500

interface Headroom {
  readonly bytes: number
  readonly tightest: MemoryLimit
}

export class MemoryGuard implements SaveGuard {
  readonly #parts: MemoryGuardParts
  readonly #readLimits: () => Promise<MemoryLimits>
  #headroom: Headroom | null = null
  #readAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null

  constructor(parts: MemoryGuardParts) {
    this.#parts = parts
    const readText = readTogether(async (paths) => parts.native.readTexts(paths))
    this.#readLimits = parts.read ?? (() => readMemoryLimits(readText))
  }

  /** To be called often. Once a second, some small files are read in the thread pool. */
  sample(): void {
    if (this.#parts.policy() === 'none') return
    if (monotonicMs() - this.#readAtMs >= IDLE_READ_MS) void this.#read()
  }

  admit(): void {
    const shortage = this.#shortage()
    if (shortage === null) return
    this.#parts.notify({ action: 'refused', ...shortage })
    throw new SnapshotError('ERR_SNAPFORK_SAVE_MEMORY', explain(shortage))
  }

  /** Whether the next save might not fit, or would have to slow writers. */
  get isShort(): boolean {
    const { policy, native, forecastBytes } = this.#parts
    if (policy() === 'none' || this.#headroom === null) return false
    const { bytes, tightest } = this.#headroom
    const needed = Math.max(fixedBytes(native.stats().metaBytes), forecastBytes())
    return bytes - reserveBytes(tightest.limitBytes) < needed
  }

  /**
   * Resolves at once, or with the policy `wait` when a save fits.
   *
   * @param assertOpen Throws when there is no use in waiting any more.
   */
  async whenItFits(assertOpen: () => void): Promise<void> {
    if (this.#parts.policy() !== 'wait') return
    await this.#read()
    for (let isFirst = true; ; isFirst = false) {
      const shortage = this.#shortage()
      if (shortage === null) return
      if (isFirst) this.#parts.notify({ action: 'waiting', ...shortage })
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
      assertOpen()
      await this.#read()
    }
  }

  watch(child: GuardedChild): () => void {
    if (this.#parts.policy() === 'none') return () => {}
    const watch = new Watch(this.#parts, child)
    const look = async () => {
      await this.#read()
      if (this.#headroom !== null) watch.look(this.#headroom)
    }
    const timer = setInterval(() => void look(), WATCH_MS)
    timer.unref()
    return () => {
      clearInterval(timer)
      watch.end()
    }
  }

  /** Why no save can be begun, or null. */
  #shortage(): Omit<SaveMemoryEvent, 'action'> | null {
    const { policy, native, forecastBytes } = this.#parts
    if (policy() === 'none' || this.#headroom === null) return null
    const { bytes: headroomBytes, tightest } = this.#headroom
    const least = fixedBytes(native.stats().metaBytes)
    const neededBytes = policy() === 'slow' ? least : Math.max(least, forecastBytes())
    if (headroomBytes - reserveBytes(tightest.limitBytes) >= neededBytes) return null
    return { neededBytes, headroomBytes, tightest }
  }

  /** (M1) */
  #read(): Promise<void> {
    this.#readAtMs = monotonicMs()
    this.#reading ??= this.#readLimits()
      .then(({ headroomBytes, tightest }) => {
        const isKnown = headroomBytes !== null && tightest !== null
        this.#headroom = isKnown ? { bytes: headroomBytes, tightest } : null
      })
      .catch(() => {
        this.#headroom = null
      })
      .finally(() => {
        this.#reading = null
      })
    return this.#reading
  }
}

/** One child, from one reading to the next. */
class Watch {
  readonly #parts: MemoryGuardParts
  readonly #child: GuardedChild
  #isOver = false
  #isSlow = false
  #rate = 0
  #last: { readonly atMs: number; readonly bytes: number; readonly moved: number } | null = null
  #growth = 0

  constructor(parts: MemoryGuardParts, child: GuardedChild) {
    this.#parts = parts
    this.#child = child
  }

  end(): void {
    this.#isOver = true
  }

  look({ bytes, tightest }: Headroom): void {
    if (this.#isOver) return
    const { native, policy, notify } = this.#parts
    const reserve = reserveBytes(tightest.limitBytes)
    const left = this.#remainingSeconds()
    const allocated = this.#noteGrowth(bytes)
    const event = { neededBytes: this.#growth * left, headroomBytes: bytes, tightest }
    if (bytes < (policy() === 'slow' ? reserve / 2 : reserve)) {
      notify({ action: 'ended', ...event })
      this.#isOver = true
      this.#child.cancel('ERR_SNAPFORK_SAVE_MEMORY')
      return
    }
    if (policy() !== 'slow') return
    const allowed = allowedGrowth(bytes - reserve, left)
    this.#rate = nextRate({ rate: this.#rate, allocated, growth: this.#growth, allowed })
    native.limitGrowth(this.#rate)
    if (this.#rate === 0 || this.#isSlow) return
    this.#isSlow = true
    notify({ action: 'slowed', ...event })
  }

  /** Bytes that writers took a second since the last look. */
  #noteGrowth(bytes: number): number {
    const atMs = monotonicMs()
    const moved = this.#parts.native.stats().movedBytes
    const last = this.#last
    this.#last = { atMs, bytes, moved }
    if (last === null) return 0
    const seconds = Math.max(1, atMs - last.atMs) / 1000
    const growth = (last.bytes - bytes) / seconds
    // Of the child and its buffers too, which come at once: half of it is news.
    this.#growth = (this.#growth + Math.max(0, growth)) / 2
    return (moved - last.moved) / seconds
  }

  /** By how much of the keys the child has written. */
  #remainingSeconds(): number {
    const { progress, elapsedMs } = this.#child
    const share = progress === null ? 1 : progress.keys / Math.max(1, progress.totalKeys)
    return (elapsedMs / 1000) * (1 / Math.max(share, 0.01) - 1)
  }
}

function explain({
  neededBytes,
  headroomBytes,
  tightest,
}: Omit<SaveMemoryEvent, 'action'>): string {
  const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`
  const where = tightest.group === null ? '' : ` of ${tightest.group}`
  return (
    `A save may take ${mib(neededBytes)}, and ${mib(headroomBytes)} are left ` +
    `(${tightest.kind}${where}: ${mib(tightest.limitBytes)}).`
  )
}
