/**
 * Writes what repeats a fact kept elsewhere: TypeScript from tables, pages from the compiled lib/.
 *
 * The pages need dist/: build first.
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
  'docs/commands.md': commandsPage,
  'docs/errors.md': errorsPage,
  'docs/metrics.md': metricsPage,
}

const isCheck = process.argv.includes('--check')
let stale = 0
for (const [path, make] of Object.entries(GENERATED)) {
  const text = await make()
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

/** One table a family, in the order of the command table. */
async function commandsPage() {
  const { COMMANDS } = await import('../dist/commands/table.js')
  const { ALL_COMMANDS } = await import('../dist/server/commands/table.js')
  const families = new Map()
  for (const command of ALL_COMMANDS.values()) {
    const rows = families.get(command.family) ?? []
    const { subcommands } = command
    rows.push(
      ...(subcommands === undefined
        ? [[command]]
        : [...subcommands.values()].map((sub) => [sub, command])),
    )
    families.set(command.family, rows)
  }
  const sections = [...families].map(([family, rows]) => {
    const lines = rows.map(([command, parent]) => {
      return commandRow(command, parent, COMMANDS.has((parent ?? command).name))
    })
    return [`## ${family}`, '', '| command | method | since | |', '|---|---|---|---|', ...lines]
  })
  return [
    '# Commands',
    '',
    'GENERATED from the command table (`lib/commands`) by `npm run generate`: do not edit.',
    '',
    'Every command is reached by its name, `db.call(name, ...args)`, and by the method named here.',
    '"Since" is the version of Redis that brought it. Replies and errors are those of Redis 7.0.',
    '',
    sections.map((lines) => lines.join('\n')).join('\n\n'),
    '',
  ].join('\n')
}

function commandRow({ name, method, since, summary }, parent, isOfEngine) {
  const fullName = parent === undefined ? name : `${parent.name} ${name}`
  const reached = (parent ?? { method }).method
  const way = reached === null ? '' : `\`${reached}\``
  return `| ${fullName} | ${isOfEngine ? way : 'a server only'} | ${since} | ${summary} |`
}

async function errorsPage() {
  const { ERROR_CODES } = await import('../dist/errors.js')
  const rows = Object.entries(ERROR_CODES).map(([code, { retryable, summary }]) => {
    return `| \`${code}\` | ${retryable ? 'yes' : 'no'} | ${summary} |`
  })
  return [
    '# Errors',
    '',
    'GENERATED from the table in `lib/errors.ts` by `npm run generate`: do not edit.',
    '',
    'What goes wrong in the world is a `SnapforkError` (a save: `SnapshotError`, with `pid` and',
    '`exit`; a file: `CorruptFileError`, with `path`, `offset` and `reason`) with one of these codes,',
    'and `cause` is the error of the system call if there was one. What Redis would answer with an',
    "error is a `ReplyError`, whose message is Redis's. Messages of the others may change.",
    '',
    '| code | may succeed later | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

async function metricsPage() {
  const { METRICS } = await import('../dist/engine/metric-table.js')
  const rows = METRICS.map(({ name, type, labels, help }) => {
    const words = labels.map((label) => `\`${label}\``).join(', ')
    return `| \`snapfork_${name}\` | ${type} | ${words} | ${help} |`
  })
  return [
    '# Metrics',
    '',
    'GENERATED from the table in `lib/engine/metric-table.ts` by `npm run generate`: do not edit.',
    '',
    '```js',
    "import { metrics, registerMetrics } from 'snapfork'",
    '',
    "response.setHeader('Content-Type', 'text/plain; version=0.0.4').end(metrics(db)) // no dependency",
    '',
    "import { register } from 'prom-client' // 14 or later; an optional peer dependency",
    'registerMetrics(db, { register })',
    '```',
    '',
    'Both give the same. Units are seconds and bytes; counters and histograms are over the life of the',
    'engine. `prefix` replaces `snapfork_`, for a second engine in one registry. Values are read when',
    'they are asked for, without a walk over page tables.',
    '',
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    '`kind` is `snapshot` or `rewrite`; `outcome` is `saved`, `failed` or `canceled`; `region` is whose',
    'pages they are: `data`, `meta`, `index` and `scratch` of the engine, `js_heap` of V8, or `rest`',
    '([memory.md](memory.md#regions)). Ends of the buckets are powers of two of a microsecond.',
    '',
    'What a save costs while it runs is told by the event `cow`; what each of the last saves cost, by',
    '`reportFile` and `snapfork report` ([fork.md](fork.md#what-a-snapshot-costs-the-report)).',
    '',
  ].join('\n')
}
