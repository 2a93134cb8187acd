/**
 * The categories that access control lists name commands by: derived from a command's flags and
 * family, with few exceptions.
 *
 * @module
 */

import type { CommandFamily, CommandSpec } from './spec.js'

/** In the order in which ACL CAT lists them. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const

export type AclCategory = (typeof ACL_CATEGORIES)[number]

const OF_FAMILY: Readonly<Partial<Record<CommandFamily, AclCategory>>> = {
  string: 'string',
  bitmap: 'bitmap',
  hyperloglog: 'hyperloglog',
  list: 'list',
  hash: 'hash',
  set: 'set',
  'sorted-set': 'sortedset',
  geo: 'geo',
  stream: 'stream',
  generic: 'keyspace',
  connection: 'connection',
  pubsub: 'pubsub',
  scripting: 'scripting',
  transactions: 'transaction',
}

/** Categories no rule gives, by upper-case name. */
const ADDED: Readonly<Record<string, readonly AclCategory[]>> = {
  ASKING: ['connection'],
  COMMAND: ['connection'],
  DBSIZE: ['keyspace'],
  FLUSHALL: ['keyspace', 'dangerous'],
  FLUSHDB: ['keyspace', 'dangerous'],
  INFO: ['dangerous'],
  KEYS: ['dangerous'],
  LASTSAVE: ['admin', 'dangerous'],
  MIGRATE: ['dangerous'],
  READONLY: ['connection'],
  READWRITE: ['connection'],
  RESTORE: ['dangerous'],
  'RESTORE-ASKING': ['keyspace', 'dangerous'],
  ROLE: ['admin', 'dangerous'],
  SORT: ['set', 'sortedset', 'list', 'dangerous'],
  SORT_RO: ['set', 'sortedset', 'list', 'dangerous'],
  SWAPDB: ['keyspace', 'dangerous'],
  WAIT: ['connection'],
}

/** Categories a rule would give and Redis does not. */
const REMOVED: Readonly<Record<string, AclCategory>> = {
  SORT: 'keyspace',
  SORT_RO: 'keyspace',
  WAIT: 'keyspace',
  'PUBSUB|HELP': 'pubsub',
}

type Described = Pick<CommandSpec, 'fullName' | 'family' | 'flags' | 'subcommands'>

/** In the order of {@link ACL_CATEGORIES}. */
export function categoriesOf(command: Described): readonly AclCategory[] {
  const { family, flags, subcommands } = command
  const name = command.fullName.toUpperCase()
  const [container = name] = name.split('|')
  const found = new Set<AclCategory>(ADDED[name])
  // Subcommands of COMMAND are in the categories of COMMAND.
  if (container === 'COMMAND') found.add('connection')
  found.add(flags.includes('fast') ? 'fast' : 'slow')
  // A container does nothing by itself.
  if (subcommands === undefined || name === 'COMMAND') {
    const own = OF_FAMILY[family]
    if (own !== undefined) found.add(own)
    if (flags.includes('write')) found.add('write')
    // What a script reads is not known.
    if (flags.includes('readonly') && family !== 'scripting') found.add('read')
    if (flags.includes('admin')) found.add('admin').add('dangerous')
    if (flags.includes('pubsub')) found.add('pubsub')
    if (flags.includes('blocking')) found.add('blocking')
  }
  const removed = REMOVED[name]
  if (removed !== undefined) found.delete(removed)
  return ACL_CATEGORIES.filter((category) => found.has(category))
}
