/**
 * Passwords among the arguments of commands, which monitors and the slow log are not shown.
 *
 * @module
 */

import { secretsOfMigrate } from '../commands/migrate.js'
import type { CommandSpec } from '../commands/spec.js'

const HIDDEN = Buffer.from('(redacted)')

/** The words of a command as others may read them. */
export function shownWords(spec: CommandSpec | undefined, words: readonly Buffer[]): Buffer[] {
  const shown = [...words]
  if (spec?.fullName === 'migrate') {
    const read = (index: number) => String(words[index])
    for (const index of secretsOfMigrate(words.length, read)) shown[index] = HIDDEN
  }
  return shown
}
