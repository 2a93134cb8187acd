/**
 * The rows of ACL.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { ACL_CATEGORIES } from '../commands/acl-categories.js'
import {
  arityError,
  echoed,
  readBytes,
  readCString,
  readInteger,
  readWords,
  upperCase,
} from '../commands/args.js'
import type { CommandContext } from '../commands/context.js'
import { help } from '../commands/help.js'
import { DoubleReply, MapReply, type Reply, SetReply } from '../commands/reply.js'
import {
  type CommandFlag,
  type CommandRow,
  type CommandSpec,
  fits,
  OK,
  row,
  rowsOf,
  subcommandsOf,
} from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import { loadUsers, saveUsers } from './acl-file.js'
import type { AclLog } from './acl-log.js'
import { checkCall, denialText } from './check.js'
import type { CommandCatalog } from './command-set.js'
import type { Selector } from './selector.js'
import type { User } from './user.js'
import type { Users } from './users.js'

/** What the commands stand on. */
export interface AclHost {
  readonly users: Users
  readonly log: AclLog
  readonly catalog: CommandCatalog
  /** `aclfile`, or null. */
  readonly path: string | null
  /** Whose client it is that a context belongs to. */
  userOf(context: CommandContext): User
  /** A user's rules are others: its subscriptions may not be allowed any more. */
  changed(user: User): void
  /** Users are gone: their clients are to be disconnected. */
  removed(users: readonly User[]): void
}

type Answer = (context: CommandContext, host: AclHost) => Reply

/** Latin1 text of ours or a user's as a bulk string. */
function latin1(context: CommandContext, text: string): Reply {
  return context.bulkOf(Buffer.from(text, 'latin1'))
}

function latin1s(context: CommandContext, texts: readonly string[]): Reply[] {
  return texts.map((text) => latin1(context, text))
}

function mapOf(context: CommandContext, entries: Readonly<Record<string, Reply>>): MapReply {
  return new MapReply(Object.entries(entries).flatMap(([key, value]) => [context.bulk(key), value]))
}

function subcommandError(context: CommandContext): ReplyError {
  const name = echoed(readCString(context, 1))
  const what = `unknown subcommand or wrong number of arguments for '${name}'`
  return ReplyError.ofLatin1(`ERR ${what}. Try ACL HELP.`)
}

const setUser: Answer = (context, host) => {
  const user = host.users.set(readBytes(context, 2), readWords(context, 3))
  host.changed(user)
  return OK
}

const deleteUser: Answer = (context, host) => {
  const gone = host.users.remove(readWords(context, 2))
  host.removed(gone)
  return gone.length
}

function selectorOf(context: CommandContext, selector: Selector): Record<string, Reply> {
  return {
    commands: latin1(context, selector.commands.describe()),
    keys: latin1(context, selector.describeKeys()),
    channels: latin1(context, selector.describeChannels()),
  }
}

const getUser: Answer = (context, { users }) => {
  const user = users.get(readBytes(context, 2))
  if (user === undefined) return null
  const [root, ...others] = user.selectors
  return mapOf(context, {
    flags: new SetReply(latin1s(context, user.flags())),
    passwords: latin1s(context, user.passwords),
    ...selectorOf(context, root as Selector),
    selectors: others.map((one) => mapOf(context, selectorOf(context, one))),
  })
}

const categories: Answer = (context, { catalog }) => {
  if (context.argc === 2) return latin1s(context, ACL_CATEGORIES)
  if (context.argc > 3) throw subcommandError(context)
  const name = readBytes(context, 2)
  if (!ACL_CATEGORIES.some((one) => one === name.toLowerCase())) {
    throw ReplyError.ofLatin1(`ERR Unknown category '${echoed(readCString(context, 2))}'`)
  }
  const commands = catalog.inCategory(name)
  return commands.map(({ fullName }) => context.bulk(fullName))
}

const PASSWORD_BITS = 256
const PASSWORD_BITS_MAX = 4096

const generatePassword: Answer = (context) => {
  if (context.argc > 3) throw subcommandError(context)
  const bits = context.argc === 3 ? readInteger(context, 2) : PASSWORD_BITS
  if (bits <= 0 || bits > PASSWORD_BITS_MAX) {
    throw new ReplyError(
      'ERR ACL GENPASS argument must be the number of bits for the output password, ' +
        `a positive number up to ${PASSWORD_BITS_MAX}`,
    )
  }
  const digits = Math.ceil(Number(bits) / 4)
  return context.bulk(randomBytes(digits).toString('hex').slice(0, digits))
}

const LOG_ENTRIES = 10

const log: Answer = (context, host) => {
  if (context.argc > 3) throw subcommandError(context)
  let count = LOG_ENTRIES
  if (context.argc === 3) {
    if (upperCase(readCString(context, 2)) === 'RESET') {
      host.log.reset()
      return OK
    }
    count = Number(readInteger(context, 2))
  }
  const now = context.now()
  return host.log.entries(count).map((entry) =>
    mapOf(context, {
      count: entry.count,
      reason: context.bulk(entry.reason),
      context: context.bulk(entry.context),
      object: latin1(context, entry.object),
      username: latin1(context, entry.username),
      'age-seconds': new DoubleReply((now - entry.atMs) / 1000),
      'client-info': latin1(context, entry.clientInfo),
    }),
  )
}

function fileOf({ path }: AclHost): string {
  if (path !== null) return path
  throw new ReplyError(
    'ERR This Redis instance is not configured to use an ACL file. You may want to specify ' +
      'users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a ' +
      'Redis configuration file set) in order to store users in the Redis configuration.',
  )
}

const load: Answer = (_, host) => {
  host.removed(loadUsers(host.users, fileOf(host)))
  host.changed(host.users.default)
  return OK
}

const save: Answer = (_, host) => {
  const path = fileOf(host)
  try {
    saveUsers(host.users, path)
  } catch (error) {
    const text =
      'ERR There was an error trying to save the ACLs. Please check the server logs for more ' +
      'information'
    throw Object.assign(new ReplyError(text), { cause: error })
  }
  return OK
}

const dryRun: Answer = (context, { users, catalog }) => {
  const user = users.get(readBytes(context, 2))
  if (user === undefined) {
    throw ReplyError.ofLatin1(`ERR User '${echoed(readCString(context, 2))}' not found`)
  }
  const read = (index: number) => readBytes(context, index + 3)
  const argc = context.argc - 3
  let command = catalog.table.get(upperCase(read(0)))
  if (command?.subcommands !== undefined && argc > 1) {
    command = command.subcommands.get(upperCase(read(1)))
  }
  if (command === undefined) {
    throw ReplyError.ofLatin1(`ERR Command '${echoed(readCString(context, 3))}' not found`)
  }
  if (!fits(command, argc)) throw arityError(command.fullName)
  const denial = checkCall(user, command, argc, read)
  return denial === null ? OK : latin1(context, denialText(denial))
}

const HELP = [
  'CAT [<category>]',
  '    The categories, or the commands of one.',
  'DELUSER <username> [<username> ...]',
  '    Removes users, and disconnects their clients.',
  'DRYRUN <username> <command> [<arg> ...]',
  '    Whether a user may run a command, which is not run.',
  'GETUSER <username>',
  "    A user's rules.",
  'GENPASS [<bits>]',
  '    A random password, of 256 bits if it is not said.',
  'LIST',
  '    The users as the lines of a file.',
  'LOAD',
  '    Reads the users from the file.',
  'LOG [<count> | RESET]',
  '    What was denied of late.',
  'SAVE',
  '    Writes the users to the file.',
  'SETUSER <username> <attribute> [<attribute> ...]',
  '    Makes a user, or changes it.',
  'USERS',
  '    The names of the users.',
  'WHOAMI',
  "    The name of the connection's user.",
] as const

const OPEN: readonly CommandFlag[] = ['noscript', 'loading', 'stale']
const ADMIN: readonly CommandFlag[] = ['admin', ...OPEN]

/** @param host Asked for when a command runs. */
export function aclRows(host: (context: CommandContext) => AclHost): readonly CommandSpec[] {
  const ask = (
    name: string,
    arity: number,
    flags: readonly CommandFlag[],
    summary: string,
    answer: Answer,
    since = '6.0.0',
  ): CommandRow => ({
    ...row(name, arity, flags, null, since, summary, (context) => answer(context, host(context))),
    method: null,
  })
  const list: Answer = (context, { users }) => latin1s(context, users.lines())
  const names: Answer = (context, { users }) =>
    latin1s(
      context,
      users.sorted().map(({ name }) => name),
    )
  const subcommands = [
    ask('CAT', -2, OPEN, 'The categories, or the commands of one.', categories),
    ask('DELUSER', -3, ADMIN, 'Removes users.', deleteUser),
    ask('DRYRUN', -4, ADMIN, 'Whether a user may run a command.', dryRun, '7.0.0'),
    ask('GENPASS', -2, OPEN, 'A random password.', generatePassword),
    ask('GETUSER', 3, ADMIN, "A user's rules.", getUser),
    ask('HELP', 2, ['loading', 'stale'], 'Tells the subcommands.', help('ACL', HELP)),
    ask('LIST', 2, ADMIN, 'The users as the lines of a file.', list),
    ask('LOAD', 2, ADMIN, 'Reads the users from the file.', load),
    ask('LOG', -2, ADMIN, 'What was denied of late.', log),
    ask('SAVE', 2, ADMIN, 'Writes the users to the file.', save),
    ask('SETUSER', -3, ADMIN, 'Makes a user, or changes it.', setUser),
    ask('USERS', 2, ADMIN, 'The names of the users.', names),
    ask('WHOAMI', 2, OPEN, "The name of the connection's user.", (context, own) => {
      return latin1(context, own.userOf(context).name)
    }),
  ]
  const never = (): never => {
    throw new Error('a command with subcommands')
  }
  return rowsOf('server', [
    {
      ...ask('ACL', -2, [], 'Makes and shows users.', never),
      subcommands: subcommandsOf('ACL', 'server', subcommands),
    },
  ])
}
