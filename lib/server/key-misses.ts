/**
 * Keys that a command has looked for to read them, and did not find: the events `keymiss`.
 *
 * @module
 */

import { readBytes } from '../commands/args.js'
import type { CommandContext } from '../commands/context.js'
import { type KeyReference, keysOf } from '../commands/key-references.js'
import type { CommandSpec } from '../commands/spec.js'

/** Commands that read the keys they change. */
const READ_FIRST: ReadonlySet<string> = new Set([
  ...['getset', 'getdel', 'getex', 'pfcount', 'pfmerge', 'xack', 'xclaim', 'xautoclaim', 'migrate'],
])
/** Commands that ask about a key without a look at its value. */
const READ_NOTHING: ReadonlySet<string> = new Set(['object', 'memory', 'watch'])
/** Commands that look for each of their keys twice. */
const READ_TWICE: ReadonlySet<string> = new Set(['xread'])
/** Commands that end at the first key that is missing. */
const READ_ONE: ReadonlySet<string> = new Set(['xreadgroup'])
/** Commands that read keys which their arguments do not name. */
const READ_MORE: ReadonlySet<string> = new Set(['sort', 'sort_ro'])

/** Of PFMERGE without a source. */
const LONE_KEY: readonly KeyReference[] = [{ index: 1, flags: [] }]

/** @param absent Keys of the context's database that were looked for and not there, in order. */
export function missedKeys(
  command: CommandSpec,
  context: CommandContext,
  absent: ReadonlySet<string>,
): string[] {
  const [name = ''] = command.fullName.split('|')
  // A command that has waited is not told of again.
  if (READ_NOTHING.has(name) || context.isRetry) return []
  const read = (index: number) => readBytes(context, index)
  const references = keysOf(command.fullName.toUpperCase(), context.argc, read) ?? LONE_KEY
  const named = references.filter((one) => isRead(name, one)).map(({ index }) => read(index))
  if (READ_MORE.has(name)) {
    const written = references.filter((one) => !isRead(name, one)).map(({ index }) => read(index))
    return [...absent].filter((key) => named.includes(key) || !written.includes(key))
  }
  const keys = named.filter((key) => absent.has(key))
  if (READ_ONE.has(name)) return keys.slice(0, 1)
  return READ_TWICE.has(name) ? [...keys, ...keys] : keys
}

function isRead(name: string, { flags }: KeyReference): boolean {
  if (flags.includes('RO') || READ_FIRST.has(name)) return true
  // With GET, of which these flags tell.
  return name === 'set' && flags.includes('access')
}
