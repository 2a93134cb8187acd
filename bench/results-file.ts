/**
 * Where results are kept.
 *
 * @module
 */

import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = 'bench/results'

/** Appends JSON lines to a file there. Returns its path from the root. */
export function appendResults(name: string, lines: readonly object[]): string {
  mkdirSync(join(ROOT, FOLDER), { recursive: true })
  const path = join(FOLDER, name)
  appendFileSync(join(ROOT, path), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return path
}
