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
  tour        fill a store, save it by fork() while writing, load the file, compare

options of tour:
  --keys N          number of keys, 1 to 10,000,000 (default 1,000,000)
  --value-bytes B   length of each value, 1 to 1,048,576 (default 64)
  --dir D           where to put the temporary directory (default: that of the system)

  -h, --help        print this
  -v, --version     print the version

snapfork is a library: import { open } from 'snapfork'. It has no server in this version.
`

export interface TourOptions {
  readonly keys: number
  readonly valueBytes: number
  /** Parent of the temporary directory; null for the system's. */
  readonly dir: string | null
}

export type Command =
  | { readonly name: 'help' }
  | { readonly name: 'version' }
  | { readonly name: 'tour'; readonly options: TourOptions }
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
  if (name === 'tour') return parseTour(rest)
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
