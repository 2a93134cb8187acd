/**
 * Parser of /proc/meminfo.
 *
 * @module
 */

import { type ReadText, readText } from './read-text.js'

const BYTES_PER_KIB = 1024

/** Bytes. */
export interface MemoryInfo {
  readonly totalBytes: number
  /** What the kernel could give to a program without swapping. */
  readonly availableBytes: number
  readonly swapTotalBytes: number
  readonly swapFreeBytes: number
  /** How much may be promised in strict overcommit. */
  readonly commitLimitBytes: number
  /** How much is promised. */
  readonly committedBytes: number
}

/** Fields that are not there are 0; null if the text holds no total. */
export function parseMeminfo(text: string | null): MemoryInfo | null {
  const fields = new Map<string, number>()
  for (const [, name, kibibytes] of (text ?? '').matchAll(/^(\w+): +(\d+) kB$/gm)) {
    fields.set(name as string, Number(kibibytes) * BYTES_PER_KIB)
  }
  const totalBytes = fields.get('MemTotal')
  if (totalBytes === undefined) return null
  return {
    totalBytes,
    // Kernels before 3.14 lack it.
    availableBytes: fields.get('MemAvailable') ?? fields.get('MemFree') ?? 0,
    swapTotalBytes: fields.get('SwapTotal') ?? 0,
    swapFreeBytes: fields.get('SwapFree') ?? 0,
    commitLimitBytes: fields.get('CommitLimit') ?? 0,
    committedBytes: fields.get('Committed_AS') ?? 0,
  }
}

export async function readMeminfo(read: ReadText = readText): Promise<MemoryInfo | null> {
  return parseMeminfo(await read('/proc/meminfo'))
}
