/**
 * Removes what the build makes: all of it, or only the folders named.
 *
 *     node scripts/clean.mjs [folder ...]
 */

import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const BUILT = ['build', 'dist', 'prebuilds', '.bench', '.tap']

const named = process.argv.slice(2)
for (const folder of named.length > 0 ? named : BUILT) {
  if (!BUILT.includes(folder)) throw new Error(`${folder} is not made by the build`)
  rmSync(join(ROOT, folder), { recursive: true, force: true })
}
