/**
 * COMMAND: what the table knows of the commands.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { globMatches } from '../util/glob.js'
import { ACL_CATEGORIES, categoriesOf } from './acl-categories.js'
import { readBytes, readOption, syntaxError, upperCase } from './args.js'
import { bulks, docsOfAll, mapOf, statuses } from './command-docs.js'
import { hintsOf } from './command-facts.js'
import type { CommandContext } from './context.js'
import { help } from './help.js'
import { type KeyReference, keysOf } from './key-references.js'
import { type KeySpec, keySpecsOf, keysAreMovable } from './key-specs.js'
import { type Reply, SetReply } from './reply.js'
import {
  COMMAND_FLAGS,
  type CommandFlag,
  type CommandRow,
  type CommandSpec,
  fits,
  row,
  rowsOf,
  subcommandsOf,
} from './spec.js'

export type CommandTable = ReadonlyMap<string, CommandSpec>

/** A command by its name, or a subcommand as `container|subcommand`, in any case. */
export function findByFullName(table: CommandTable, name: string): CommandSpec | undefined {
  const [container = '', subcommand, ...rest] = upperCase(name).split('|')
  const command = table.get(container)
  if (subcommand === undefined || rest.length > 0) return rest.length > 0 ? undefined : command
  return command?.subcommands?.get(subcommand)
}

/** Those of the row, and the one that follows from its keys, in Redis's order. */
function flagsOf(command: CommandSpec, specs: readonly KeySpec[]): CommandFlag[] {
  return COMMAND_FLAGS.filter((flag) => {
    return command.flags.includes(flag) || (flag === 'movablekeys' && keysAreMovable(specs))
  })
}

function infoOf(context: CommandContext, command: CommandSpec): Reply {
  const name = command.fullName.toUpperCase()
  const specs = keySpecsOf(name)
  const { first, last, step } = command.keys ?? { first: 0, last: 0, step: 0 }
  const subcommands = [...(command.subcommands?.values() ?? [])]
  return [
    context.bulk(command.fullName),
    command.arity,
    statuses(flagsOf(command, specs)),
    first,
    last,
    step,
    statuses(categoriesOf(command).map((category) => `@${category}`)),
    new SetReply(bulks(context, hintsOf(name))),
    new SetReply(specs.map((spec) => specOf(context, spec))),
    subcommands.length === 0
      ? new SetReply([])
      : subcommands.map((subcommand) => infoOf(context, subcommand)),
  ]
}

function specOf(context: CommandContext, { notes, flags, begin, find }: KeySpec): Reply {
  const part = (type: string, spec: Readonly<Record<string, Reply>>) =>
    mapOf(context, { type: context.bulk(type), spec: mapOf(context, spec) })
  return mapOf(context, {
    ...(notes === null ? {} : { notes: context.bulk(notes) }),
    flags: statuses(flags),
    begin_search: part(begin.type, beginOf(context, begin)),
    find_keys: part(find.type, findOf(find)),
  })
}

function beginOf(context: CommandContext, begin: KeySpec['begin']): Record<string, Reply> {
  if (begin.type === 'index') return { index: begin.index }
  if (begin.type === 'unknown') return {}
  return { keyword: context.bulk(begin.keyword), startfrom: begin.startFrom }
}

function findOf(find: KeySpec['find']): Record<string, Reply> {
  if (find.type === 'keynum') return { keynumidx: 0, firstkey: 1, keystep: 1 }
  if (find.type === 'unknown') return {}
  return { lastkey: find.last, keystep: find.step, limit: find.limit }
}

/** All commands, or those that arguments name. */
function chosen(context: CommandContext, table: CommandTable): (CommandSpec | undefined)[] {
  if (context.argc === 2) return [...table.values()]
  const names = Array.from({ length: context.argc - 2 }, (_, at) => readBytes(context, at + 2))
  return names.map((name) => findByFullName(table, name))
}

function withSubcommands(table: CommandTable): CommandSpec[] {
  return [...table.values()].flatMap((one) => [one, ...(one.subcommands?.values() ?? [])])
}

function listed(context: CommandContext, table: CommandTable): readonly CommandSpec[] {
  if (context.argc === 2) return [...table.values()]
  const isFilter = context.argc === 5 && readOption(context, 2) === 'FILTERBY'
  const kind = isFilter ? readOption(context, 3) : ''
  const value = isFilter ? readBytes(context, 4) : ''
  // There are no modules.
  if (kind === 'MODULE') return []
  if (kind === 'ACLCAT') {
    const category = ACL_CATEGORIES.find((one) => one === value.toLowerCase())
    if (category === undefined) return []
    return withSubcommands(table).filter((one) => categoriesOf(one).includes(category))
  }
  if (kind !== 'PATTERN') throw syntaxError()
  return withSubcommands(table).filter(({ fullName }) => globMatches(value, fullName, true))
}

/**
 * The keys of the call that the arguments from 2 on are.
 *
 * @throws {ReplyError} if they are none, or have no keys.
 */
function calledKeys(context: CommandContext, table: CommandTable): KeyReference[] {
  const argc = context.argc - 2
  const read = (index: number) => readBytes(context, index + 2)
  let command = table.get(upperCase(read(0)))
  if (command?.subcommands !== undefined && argc > 1) {
    command = command.subcommands.get(upperCase(read(1)))
  }
  if (command === undefined) throw new ReplyError('ERR Invalid command specified')
  const name = command.fullName.toUpperCase()
  if (keySpecsOf(name).every(({ flags }) => flags.includes('not_key'))) {
    throw new ReplyError('ERR The command has no key arguments')
  }
  if (!fits(command, argc)) {
    throw new ReplyError('ERR Invalid number of arguments specified for command')
  }
  const keys = keysOf(name, argc, read)
  if (keys === null) throw new ReplyError('ERR Invalid arguments specified for command')
  return keys
}

function getKeys(context: CommandContext, table: CommandTable): Reply {
  const { native, mode } = context
  return calledKeys(context, table).map(({ index }) => native.argument(index + 2, mode))
}

function getKeysAndFlags(context: CommandContext, table: CommandTable): Reply {
  const { native, mode } = context
  return calledKeys(context, table).map(({ index, flags }) => [
    native.argument(index + 2, mode),
    statuses(flags),
  ])
}

const HELP = [
  '(no subcommand)',
  '    What is known of all commands.',
  'COUNT',
  '    How many commands there are.',
  'DOCS [<command-name> ...]',
  '    What commands are for; of all of them without a name.',
  'GETKEYS <full-command>',
  '    Which arguments of a call are keys.',
  'GETKEYSANDFLAGS <full-command>',
  '    The same, and what is done with them.',
  'INFO [<command-name> ...]',
  '    What is known of commands; of all of them without a name.',
  'LIST [FILTERBY <MODULE <name>|ACLCAT <category>|PATTERN <pattern>>]',
  '    The names of commands.',
] as const

const ANYTIME: readonly CommandFlag[] = ['loading', 'stale']

/**
 * The rows of COMMAND.
 *
 * @param table Where the commands are that it tells of; asked for when a command runs.
 */
export function commandRows(table: () => CommandTable): readonly CommandSpec[] {
  type Ask = (context: CommandContext, table: CommandTable) => Reply
  const ask = (name: string, arity: number, since: string, summary: string, answer: Ask) => ({
    ...row(name, arity, ANYTIME, null, since, summary, (context) => answer(context, table())),
    method: null,
  })
  const info: Ask = (context, commands) =>
    chosen(context, commands).map((one) => (one === undefined ? null : infoOf(context, one)))
  const docs: Ask = (context, commands) =>
    docsOfAll(
      context,
      chosen(context, commands).filter((one) => one !== undefined),
    )
  const list: Ask = (context, commands) =>
    listed(context, commands).map(({ fullName }) => context.bulk(fullName))
  const subcommands: CommandRow[] = [
    ask('COUNT', 2, '2.8.13', 'How many commands there are.', (_, commands) => commands.size),
    ask('DOCS', -2, '7.0.0', 'What commands are for.', docs),
    ask('GETKEYS', -4, '2.8.13', 'Which arguments of a call are keys.', getKeys),
    ask('GETKEYSANDFLAGS', -4, '7.0.0', 'Keys of a call, and their use.', getKeysAndFlags),
    ask('HELP', 2, '5.0.0', 'Tells the subcommands.', help('COMMAND', HELP)),
    ask('INFO', -2, '2.8.13', 'What is known of commands.', info),
    ask('LIST', -2, '7.0.0', 'The names of commands.', list),
  ]
  const all: Ask = (context, commands) => [...commands.values()].map((one) => infoOf(context, one))
  return rowsOf('server', [
    {
      ...ask('COMMAND', -1, '2.8.13', 'What is known of all commands.', all),
      subcommands: subcommandsOf('COMMAND', 'server', subcommands),
    },
  ])
}
