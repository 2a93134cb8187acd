/**
 * The one list of commands. A command that is not here does not exist.
 *
 * @module
 */

import { scriptingCommands } from '../scripting/commands.js'
import { upperCase } from './args.js'
import { BITMAP_COMMANDS } from './bitmaps.js'
import { BLOCKING_COMMANDS } from './blocking.js'
import { commandRows } from './command.js'
import { DATABASE_COMMANDS } from './databases.js'
import { DUMP_COMMANDS } from './dump.js'
import { EXPIRY_COMMANDS } from './expiry.js'
import { GEO_COMMANDS } from './geo.js'
import { HASH_EXPIRY_COMMANDS } from './hash-expiry.js'
import { HASH_COMMANDS } from './hashes.js'
import { HYPERLOGLOG_COMMANDS } from './hyperloglog.js'
import { KEY_COMMANDS } from './keys.js'
import { LCS_COMMANDS } from './lcs.js'
import { LIST_COMMANDS } from './lists.js'
import { MIGRATE_COMMANDS } from './migrate.js'
import { PERSISTENCE_COMMANDS } from './persistence.js'
import { SET_COMMANDS } from './sets.js'
import { SORT_COMMANDS } from './sort.js'
import { SORTED_SET_ALGEBRA_COMMANDS } from './sorted-set-algebra.js'
import { SORTED_SET_RANGE_COMMANDS } from './sorted-set-ranges.js'
import { SORTED_SET_COMMANDS } from './sorted-sets.js'
import type { CommandSpec, FindCommand } from './spec.js'
import { STREAM_GROUP_COMMANDS } from './stream-groups.js'
import { STREAM_COMMANDS } from './streams.js'
import { STRING_COMMANDS } from './strings.js'

/** Every command by its upper-case name, in the order of the documentation. */
export const COMMANDS: ReadonlyMap<string, CommandSpec> = new Map(
  [
    ...STRING_COMMANDS,
    ...LCS_COMMANDS,
    ...BITMAP_COMMANDS,
    ...HYPERLOGLOG_COMMANDS,
    ...LIST_COMMANDS,
    ...HASH_COMMANDS,
    ...HASH_EXPIRY_COMMANDS,
    ...SET_COMMANDS,
    ...SORTED_SET_COMMANDS,
    ...SORTED_SET_RANGE_COMMANDS,
    ...SORTED_SET_ALGEBRA_COMMANDS,
    ...GEO_COMMANDS,
    ...STREAM_COMMANDS,
    ...STREAM_GROUP_COMMANDS,
    ...BLOCKING_COMMANDS,
    ...SORT_COMMANDS,
    ...DUMP_COMMANDS,
    ...MIGRATE_COMMANDS,
    ...EXPIRY_COMMANDS,
    ...KEY_COMMANDS,
    ...DATABASE_COMMANDS,
    ...scriptingCommands((name) => findCommand(name)),
    ...PERSISTENCE_COMMANDS,
    ...commandRows(() => COMMANDS),
  ].map((row) => [row.name, row]),
)

/** Finds rows by name: in the two spellings nearly every caller uses without a conversion. */
export function makeLookup(commands: ReadonlyMap<string, CommandSpec>): FindCommand {
  const spellings = new Map(
    [...commands].flatMap(([name, row]) => [
      [name, row],
      [name.toLowerCase(), row],
    ]),
  )
  return (name) => spellings.get(name) ?? commands.get(upperCase(name))
}

/** The row of a command in any spelling. */
export const findCommand: FindCommand = makeLookup(COMMANDS)
