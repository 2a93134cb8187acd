/**
 * Counts the assertions in a folder of TAP files, as "N passed, N failed, N skipped".
 *
 *     node .ci/count.mjs FOLDER
 *
 * A test point behind deeper ones sums these up and is not counted itself. A file that was cut off,
 * and so has no plan, counts as a failure. Fails if a point failed or there is none.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const counts = { passed: 0, failed: 0, skipped: 0 }
for (const path of readdirSync(process.argv[2], { recursive: true })) {
  if (path.endsWith('.tap')) countFile(readFileSync(join(process.argv[2], path), 'utf8'))
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0

function countFile(text) {
  if (!/^1\.\.\d+/m.test(text)) counts.failed += 1
  let deepestSince = -1
  for (const line of text.split('\n')) {
    const match = /^( *)(not )?ok\b(.*)$/.exec(line)
    if (match === null) continue
    const [, indent, not, rest] = match
    const isSum = deepestSince > indent.length
    deepestSince = indent.length
    const isSkipped = /# (SKIP|TODO)\b/i.test(rest)
    if (isSum && (!not || isSkipped)) continue
    if (isSkipped) counts.skipped += 1
    else if (not) counts.failed += 1
    else counts.passed += 1
  }
}
