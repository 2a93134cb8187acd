/**
 * Writes the TypeScript that repeats a fact kept elsewhere.
 *
 *     node scripts/generate.mjs           writes the files
 *     node scripts/generate.mjs --check   fails if one of them is not as it would be written
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const GENERATED = {
  'lib/native/status-codes.ts': statusCodes,
  'lib/util/version.ts': version,
}

const isCheck = process.argv.includes('--check')
let stale = 0
for (const [path, make] of Object.entries(GENERATED)) {
  const text = make()
  if (read(path) === text) continue
  if (isCheck) {
    console.error(`${path} is not as it is generated: run npm run generate`)
    stale += 1
  } else {
    writeFileSync(join(ROOT, path), text)
    console.error(`wrote ${path}`)
  }
}
process.exitCode = stale > 0 ? 1 : 0

function read(path) {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch {
    return null
  }
}

function statusCodes() {
  const source = readFileSync(join(ROOT, 'native/base/status_codes.def'), 'utf8')
  const rows = [...source.matchAll(/^SF_STATUS_CODE\((\d+), (\w+)\)$/gm)]
  if (rows.length === 0) throw new Error('status_codes.def has no codes')
  return [
    '/**',
    ' * Numbers of the native status codes. GENERATED from native/base/status_codes.def by',
    ' * `npm run generate`: do not edit.',
    ' *',
    ' * @module',
    ' */',
    '',
    'export const STATUS = {',
    ...rows.map(([, number, name]) => `  ${name}: ${number},`),
    '} as const',
    '',
    'export type StatusName = keyof typeof STATUS',
    'export type StatusNumber = (typeof STATUS)[StatusName]',
    '',
  ].join('\n')
}

function version() {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  return [
    '/**',
    ' * The version of this package. GENERATED from package.json by `npm run generate`:',
    ' * do not edit.',
    ' *',
    ' * @module',
    ' */',
    '',
    `export const SNAPFORK_VERSION = '${version}'`,
    '',
  ].join('\n')
}
