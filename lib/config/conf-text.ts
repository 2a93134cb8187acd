/**
 * The syntax of redis.conf, and of the command line that stands behind it.
 *
 * Text is latin1, a character a byte.
 *
 * @module
 */

import { quoted, splitWords } from '../util/split-words.js'

export interface ConfLine {
  /** From 1 on. */
  readonly number: number
  /** Without blanks around it. */
  readonly text: string
  /** The directive, and its arguments. */
  readonly words: readonly string[]
}

/** A line that cannot be read, or is refused; its message is what Redis prints. */
export class ConfError extends Error {
  readonly number: number
  readonly line: string
  readonly reason: string

  constructor(number: number, line: string, reason: string) {
    super(
      '*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n' +
        `Reading the configuration file, at line ${number}\n>>> '${line}'\n${reason}`,
    )
    this.number = number
    this.line = line
    this.reason = reason
  }
}

/**
 * Lines with directives; comments and empty ones are left out.
 *
 * @throws {ConfError} if quotes are not balanced.
 */
export function parseConf(text: string): ConfLine[] {
  const lines: ConfLine[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
    if (line === '' || line.startsWith('#')) continue
    const words = splitWords(line)
    if (words === null) {
      throw new ConfError(index + 1, line, 'Unbalanced quotes in configuration line')
    }
    if (words.length > 0) lines.push({ number: index + 1, text: line, words })
  }
  return lines
}

/** What the command line of redis-server asks for. */
export interface CommandLine {
  /** Path of the file, or null. */
  readonly path: string | null
  /** Whether standard input holds more of it: `-`. */
  readonly readsStdin: boolean
  /** The other arguments as lines of a file. */
  readonly overrides: string
}

/** Arguments as redis-server takes them: `[path] [-] [--name value ...] ...`. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const [first, ...rest] = args
  const hasPath = first !== undefined && !first.startsWith('-')
  const lines: string[] = []
  let readsStdin = false
  let isBehindName = false
  for (const arg of hasPath ? rest : args) {
    const isName = arg.startsWith('--')
    // A value may look like a name; save without one takes all points away.
    if (isName && (!isBehindName || lines.at(-1) === 'save')) {
      if (isBehindName && lines.at(-1) === 'save') lines.push(`${lines.pop()} ""`)
      lines.push(arg.slice(2))
    } else if (arg === '-' && lines.length === 0) {
      readsStdin = true
    } else {
      lines.push(`${lines.pop() ?? ''} ${quoted(arg)}`)
    }
    isBehindName = isName && !isBehindName
  }
  return { path: hasPath ? first : null, readsStdin, overrides: lines.join('\n') }
}
