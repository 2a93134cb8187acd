/**
 * Which words of a command are secrets: who sees commands of others (MONITOR, SLOWLOG) is shown
 * `(redacted)` in their place.
 *
 * @module
 */

import type { CommandSpec } from '../commands/spec.js'

const REDACTED = '(redacted)'

/** Directives whose values are secrets. */
const SECRET_DIRECTIVES: ReadonlySet<string> = new Set([
  ...['requirepass', 'masterauth', 'masteruser', 'tls-key-file-pass', 'tls-client-key-file-pass'],
])

/** Indexes of the secrets among the words of a command. */
type FindSecrets = (words: readonly string[]) => readonly number[]

/** Options by name: how many words belong to one, and whether they are secrets. */
type Options = ReadonlyMap<string, { readonly words: number; readonly areSecret: boolean }>

/** Those behind options, from a word on, up to what is none or is not complete. */
function behindOptions(words: readonly string[], first: number, options: Options): number[] {
  const secrets: number[] = []
  for (let at = first; at < words.length; ) {
    const option = options.get((words[at] as string).toUpperCase())
    if (option === undefined || at + option.words >= words.length) break
    for (let more = 1; more <= option.words; ++more) {
      if (option.areSecret) secrets.push(at + more)
    }
    at += 1 + option.words
  }
  return secrets
}

const HELLO_OPTIONS: Options = new Map([
  ['AUTH', { words: 2, areSecret: true }],
  ['SETNAME', { words: 1, areSecret: false }],
])
const MIGRATE_OPTIONS: Options = new Map([
  ['COPY', { words: 0, areSecret: false }],
  ['REPLACE', { words: 0, areSecret: false }],
  ['AUTH', { words: 1, areSecret: true }],
  ['AUTH2', { words: 2, areSecret: true }],
])

function allFrom(words: readonly string[], first: number): number[] {
  return words.flatMap((_, at) => (at < first ? [] : [at]))
}

const SECRETS: ReadonlyMap<string, FindSecrets> = new Map<string, FindSecrets>([
  ['auth', (words) => (words.length > 3 ? [] : allFrom(words, 1))],
  [
    'hello',
    (words) => (/^[23]$/.test(words[1] ?? '') ? behindOptions(words, 2, HELLO_OPTIONS) : []),
  ],
  ['migrate', (words) => behindOptions(words, 6, MIGRATE_OPTIONS)],
  ['acl|setuser', (words) => allFrom(words, 2)],
  [
    'config|set',
    (words) => {
      return allFrom(words, 3).filter((at) => {
        return at % 2 === 1 && SECRET_DIRECTIVES.has((words[at - 1] as string).toLowerCase())
      })
    },
  ],
])

/** The words of a command as others may see them; latin1 text. `spec` is its row, or it is hot. */
export function visibleWords(spec: CommandSpec | null, args: readonly Buffer[]): string[] {
  const words = args.map((arg) => arg.toString('latin1'))
  const find = spec === null ? undefined : SECRETS.get(spec.fullName)
  for (const at of find?.(words) ?? []) words[at] = REDACTED
  return words
}
