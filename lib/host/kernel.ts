/**
 * Which kernel this is.
 *
 * @module
 */

import { release } from 'node:os'

export interface KernelVersion {
  /** `uname -r` */
  readonly release: string
  readonly major: number
  readonly minor: number
}

/** A part that is no number is 0. */
export function parseRelease(release: string): KernelVersion {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10) || 0)
  return { release, major, minor }
}

export function readKernel(): KernelVersion {
  return parseRelease(release())
}

/** Whether it is that version or a later one. */
export function isAtLeast(kernel: KernelVersion, major: number, minor: number): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor)
}
