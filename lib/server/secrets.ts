/**
 * Passwords among the arguments of commands, which monitors and the slow log are not shown.
 *
 * @module
 */

import { secretsOfMigrate } from '../commands/migrate.js'
import type { CommandSpec } from '../commands/spec.js'

type Read = (index: number) => string
/** Indexes of what is not shown; `read` gives words in upper case. */
type Secrets = (argc: number, read: Read) => number[]

const HIDDEN = Buffer.from('(redacted)')
const SECRET_DIRECTIVES: ReadonlySet<string> = new Set([
  ...['REQUIREPASS', 'MASTERAUTH', 'MASTERUSER', 'TLS-KEY-FILE-PASS', 'TLS-CLIENT-KEY-FILE-PASS'],
])

function from(first: number): Secrets {
  return (argc) => Array.from({ length: Math.max(0, argc - first) }, (_, at) => first + at)
}

/** By full names. */
const SECRETS: Readonly<Record<string, Secrets>> = {
  auth: from(1),
  hello: (argc, read) => {
    const all = from(2)(argc, read)
    return all.filter((index) => read(index - 1) === 'AUTH' || read(index - 2) === 'AUTH')
  },
  'acl|setuser': from(2),
  'config|set': (argc, read) => {
    return from(3)(argc, read).filter((index) => {
      return index % 2 === 1 && SECRET_DIRECTIVES.has(read(index - 1))
    })
  },
  migrate: secretsOfMigrate,
}

/** The words of a command as others may read them; without a row it is one that has no secrets. */
export function shownWords(
  spec: Pick<CommandSpec, 'fullName'> | undefined,
  words: readonly Buffer[],
): readonly Buffer[] {
  const secrets = spec === undefined ? undefined : SECRETS[spec.fullName]
  if (secrets === undefined) return words
  const hidden = new Set(secrets(words.length, (index) => String(words[index]).toUpperCase()))
  return words.map((word, index) => (hidden.has(index) ? HIDDEN : word))
}
