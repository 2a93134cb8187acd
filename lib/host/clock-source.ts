/**
 * What the kernel reads the time from: a slow source makes every look at the clock a system call.
 *
 * @module
 */

import { type ReadText, readText } from './read-text.js'

const DIRECTORY = '/sys/devices/system/clocksource/clocksource0'

export interface ClockSource {
  /** null where it cannot be read. */
  readonly current: string | null
  readonly available: readonly string[]
}

/** Read without entering the kernel. */
const FAST: ReadonlySet<string> = new Set([
  ...['tsc', 'kvm-clock', 'hyperv_clocksource_tsc_page', 'arch_sys_counter'],
])

export function isFastClock(name: string): boolean {
  return FAST.has(name)
}

export async function readClockSource(read: ReadText = readText): Promise<ClockSource> {
  const [current, available] = await Promise.all([
    read(`${DIRECTORY}/current_clocksource`),
    read(`${DIRECTORY}/available_clocksource`),
  ])
  const words = available?.trim().split(/\s+/) ?? []
  return { current: current?.trim() || null, available: words.filter((word) => word !== '') }
}
