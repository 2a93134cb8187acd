/**
 * Reads the small files in which the kernel tells of itself, off the event loop.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'

/** The content of a file, or null if it is not there or may not be read. Tests bring their own. */
export type ReadText = (path: string) => Promise<string | null>

export const readText: ReadText = (path) => readFile(path, 'utf8').catch(() => null)

/**
 * A reader of many files: all that is asked for in one turn is read by one call of `readAll`. If
 * that fails, there is none of them.
 */
export function readTogether(
  readAll: (paths: readonly string[]) => Promise<(string | null)[]>,
): ReadText {
  let asked: { readonly path: string; readonly resolve: (text: string | null) => void }[] = []
  const readAsked = async () => {
    const batch = asked
    asked = []
    const texts = await readAll(batch.map(({ path }) => path)).catch(() => [])
    batch.forEach(({ resolve }, index) => {
      resolve(texts[index] ?? null)
    })
  }
  return (path) =>
    new Promise((resolve) => {
      if (asked.push({ path, resolve }) === 1) queueMicrotask(() => void readAsked())
    })
}

/** The number a file or a line holds; null for `max`, for no file, and for what is no number. */
export function parseNumber(text: string | null): number | null {
  const word = text?.trim() ?? ''
  return /^-?\d+$/.test(word) ? Number(word) : null
}

/** A file of lines `name number`, such as memory.stat. */
export function parsePairs(text: string | null): ReadonlyMap<string, number> {
  const pairs = new Map<string, number>()
  for (const line of text?.split('\n') ?? []) {
    const [name, value] = line.split(' ')
    const number = parseNumber(value ?? null)
    if (name !== undefined && number !== null) pairs.set(name, number)
  }
  return pairs
}
