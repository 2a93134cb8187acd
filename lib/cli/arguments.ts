/**
 * From the words of the command line to a command with checked options.
 *
 * @module
 */

import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './errors.js'
import { KEYS_MAX } from './tour-data.js'

export const HELP = `usage: snapfork <command> [options]

commands:
  check PATH    check a snapshot, an append-only file, a manifest, or a directory of them
  doctor [DIR]  look at this machine, and at the disk of DIR (default: the current directory)
  report FILE   show what the last saves cost, from the file of the option reportFile
  serve [CONF]  serve Redis clients, with a redis.conf and its directives as options
  tour          fill a store, save it by fork() while writing, load the file, compare

options of check:
  --fix                       cut the last file of a log where it is damaged
  --truncate-to-timestamp T   cut off what was logged after T, Unix time in seconds
  --json                      print the findings as JSON

options of doctor:
  --json            print the report as JSON

options of report:
  --html OUT        write a page with charts, which loads nothing
  --json            print the records as JSON

options of serve:
  -                 read more of the configuration from standard input
  --name value ...  a directive of redis.conf, such as --port 6380 --appendonly yes

options of tour:
  --keys N          number of keys, 1 to 100,000,000 (default 1,000,000)
  --value-bytes B   length of each value, 1 to 1,048,576 (default 64)
  --dir D           where to put the temporary directory (default: that of the system)

  -h, --help        print this
  -v, --version     print the version

snapfork is a library as well: import { open, createServer } from 'snapfork'.
`

export interface TourOptions {
  readonly keys: number
  readonly valueBytes: number
  /** Parent of the temporary directory; null for the system's. */
  readonly dir: string | null
}

export interface CheckCommandOptions {
  readonly path: string
  readonly fix: boolean
  readonly truncateToTimestamp: number | null
  readonly json: boolean
}

export interface DoctorCommandOptions {
  readonly dir: string
  readonly json: boolean
}

export interface ReportCommandOptions {
  readonly path: string
  /** Where to write the page; null for nowhere. */
  readonly htmlPath: string | null
  readonly json: boolean
}

export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'tour'; readonly options: TourOptions }
  | { readonly name: 'check'; readonly options: CheckCommandOptions }
  | { readonly name: 'doctor'; readonly options: DoctorCommandOptions }
  | { readonly name: 'report'; readonly options: ReportCommandOptions }
  | { readonly name: 'serve'; readonly args: readonly string[] }
  | { readonly name: 'load-report'; readonly dir: string }

/** What the tour starts in a fresh process; no part of the command line people use. */
export const LOAD_REPORT_COMMAND = '_load-report'

const KEYS_DEFAULT = 1_000_000
const VALUE_BYTES_DEFAULT = 64
const VALUE_BYTES_MAX = 1024 * 1024

/**
 * @param words the command line after the program's name
 * @throws {UsageError} if it cannot be understood
 */
export function parseCommand(words: readonly string[]): Command {
  const [name, ...rest] = words
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    return { name: 'help' }
  }
  if (name === '--version' || name === '-v') return { name: 'version' }
  if (name === 'serve') {
    return rest.includes('--help') ? { name: 'help' } : { name: 'serve', args: rest }
  }
  if (name === 'tour') return parseTour(rest)
  if (name === 'check') return parseCheck(rest)
  if (name === 'doctor') return parseDoctor(rest)
  if (name === 'report') return parseReport(rest)
  if (name === LOAD_REPORT_COMMAND) return { name: 'load-report', dir: onlyWord(rest) }
  if (name.startsWith('-')) throw new UsageError(`Unknown option '${name}'.`)
  throw new UsageError(`Unknown command '${name}'.`)
}

function parseTour(words: readonly string[]): Command {
  const { values } = parseStrictly({
    args: [...words],
    options: {
      keys: { type: 'string' },
      'value-bytes': { type: 'string' },
      dir: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return { name: 'help' }
  if (values.dir === '') throw new UsageError('--dir must be a path.')
  return {
    name: 'tour',
    options: {
      keys: integer('--keys', values.keys, KEYS_DEFAULT, KEYS_MAX),
      valueBytes: integer(
        '--value-bytes',
        values['value-bytes'],
        VALUE_BYTES_DEFAULT,
        VALUE_BYTES_MAX,
      ),
      dir: values.dir ?? null,
    },
  }
}

function parseCheck(words: readonly string[]): Command {
  const { values, positionals } = parseStrictly({
    args: [...words],
    allowPositionals: true,
    options: {
      fix: { type: 'boolean', default: false },
      'truncate-to-timestamp': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return { name: 'help' }
  const [path = ''] = positionals
  if (path === '' || positionals.length > 1) throw new UsageError('check needs one path.')
  const text = values['truncate-to-timestamp']
  if (values.fix && text !== undefined) {
    throw new UsageError('--fix and --truncate-to-timestamp exclude each other.')
  }
  const truncateToTimestamp =
    text === undefined ? null : integer('--truncate-to-timestamp', text, 0, 999_999_999_999)
  const { fix, json } = values
  return { name: 'check', options: { path, fix, truncateToTimestamp, json } }
}

function parseDoctor(words: readonly string[]): Command {
  const { values, positionals } = parseStrictly({
    args: [...words],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return { name: 'help' }
  const [dir = '.'] = positionals
  if (dir === '' || positionals.length > 1) throw new UsageError('doctor takes one directory.')
  return { name: 'doctor', options: { dir, json: values.json } }
}

function parseReport(words: readonly string[]): Command {
  const { values, positionals } = parseStrictly({
    args: [...words],
    allowPositionals: true,
    options: {
      html: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return { name: 'help' }
  const [path = ''] = positionals
  if (path === '' || positionals.length > 1) throw new UsageError('report needs one file.')
  if (values.html === '') throw new UsageError('--html must be a path.')
  return { name: 'report', options: { path, htmlPath: values.html ?? null, json: values.json } }
}

/** `parseArgs` with its errors as ours. */
function parseStrictly<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new UsageError(error instanceof Error ? `${error.message}.` : String(error))
  }
}

function integer(name: string, text: string | undefined, otherwise: number, max: number): number {
  if (text === undefined) return otherwise
  const number = /^[0-9]{1,12}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > max) {
    throw new UsageError(`${name} must be an integer from 1 to ${max}, not '${text}'.`)
  }
  return number
}

function onlyWord(words: readonly string[]): string {
  const [word] = words
  if (word === undefined || words.length > 1) throw new UsageError('One directory is needed.')
  return word
}
