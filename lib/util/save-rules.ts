/**
 * Save points: after how long, with how many changes, a save is due. They decide when, never how.
 *
 * @module
 */

/** A save is due when both are reached. */
export interface SaveRule {
  /** Since the last save, at least 1. More than so many. */
  readonly seconds: number
  /** Since the last save. So many or more; with 0 it is saved whatever happens. */
  readonly changes: number
}

/** How it stands with saves, on a monotonic clock. */
export interface SaveState {
  readonly nowMs: number
  /** When the last save that succeeded ended, or the engine was opened. */
  readonly savedAtMs: number
  /** When the last one began, however it ended; null if none did. */
  readonly attemptedAtMs: number | null
  /** Saves that failed since the last one that succeeded. */
  readonly failures: number
  readonly changes: number
}

/** Redis's CONFIG_BGSAVE_RETRY_DELAY: between a save that failed and the next attempt. */
const RETRY_MS = 5000
/** After so many failures in a row the delay begins to double. */
const STEADY_FAILURES = 3
const RETRY_MS_MAX = 320_000

/**
 * How long after an attempt the next one has to wait. Redis waits 5 s however often a save has
 * failed; here it is up to 5 minutes and 20 seconds, since each attempt costs a fork and what the
 * disk has left.
 */
export function retryDelayMs(failures: number): number {
  if (failures === 0) return 0
  return Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** Math.max(0, failures - STEADY_FAILURES))
}

/** Whether a save that failed is long enough ago for another one. */
export function mayRetry({ nowMs, attemptedAtMs, failures }: SaveState): boolean {
  if (attemptedAtMs === null || failures === 0) return true
  return nowMs - attemptedAtMs > retryDelayMs(failures)
}

/** Whether one of the save points asks for a save now. */
export function isSaveDue(rules: readonly SaveRule[], state: SaveState): boolean {
  const elapsedMs = state.nowMs - state.savedAtMs
  const isReached = ({ seconds, changes }: SaveRule) =>
    state.changes >= changes && elapsedMs > seconds * 1000
  return rules.some(isReached) && mayRetry(state)
}

/**
 * Save points as an option has them: pairs, or Redis's text (`'3600 1 300 100'`, `''` for none).
 *
 * @returns null if they are not pairs of integers, or a number is too small.
 */
export function parseSaveRules(value: string | readonly unknown[]): readonly SaveRule[] | null {
  const pairs = typeof value === 'string' ? pairsOf(value) : value
  const rules: SaveRule[] = []
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return null
    const [seconds, changes] = pair as unknown[]
    if (!isCount(seconds, 1) || !isCount(changes, 0)) return null
    rules.push({ seconds, changes })
  }
  return rules
}

function pairsOf(text: string): unknown[][] {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const numbers = words.map((word) => (/^\d+$/.test(word) ? Number(word) : Number.NaN))
  return Array.from({ length: Math.ceil(numbers.length / 2) }, (_, index) =>
    numbers.slice(2 * index, 2 * index + 2),
  )
}

function isCount(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min
}
