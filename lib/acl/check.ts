/**
 * Whether a user may run a call, and the texts of a refusal.
 *
 * @module
 */

import { type KeyReference, keysOf, type ReadArgument } from '../commands/key-references.js'
import type { CommandSpec } from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import type { Call, ChannelUse, Denial } from './selector.js'
import type { User } from './user.js'

/** Commands that name channels, from argument 1 on: one, or all there are. */
const CHANNELS: Readonly<Record<string, 'one' | 'all' | 'patterns'>> = {
  publish: 'one',
  spublish: 'one',
  subscribe: 'all',
  ssubscribe: 'all',
  psubscribe: 'patterns',
}

function channelsOf(
  { fullName }: CommandSpec,
  argc: number,
  read: ReadArgument,
): (ChannelUse & { index: number })[] {
  const kind = CHANNELS[fullName]
  if (kind === undefined) return []
  const end = kind === 'one' ? 2 : argc
  const isPattern = kind === 'patterns'
  return Array.from({ length: end - 1 }, (_, at) => {
    return { index: at + 1, channel: read(at + 1), isPattern }
  })
}

const NO_KEYS: readonly KeyReference[] = []

/**
 * What stands in the way of a call, or null if it is allowed.
 *
 * Who asks for every command asks `user.isUnrestricted` first, which is one property.
 *
 * @param argc Number of arguments, not below the command's arity.
 */
export function checkCall(
  user: User,
  command: CommandSpec,
  argc: number,
  read: ReadArgument,
): Denial | null {
  let keys: readonly KeyReference[] | null = null
  const call: Call = {
    command,
    argc,
    read,
    keys: () => {
      // A malformed call names none, and is refused by its command.
      keys ??= keysOf(command.fullName.toUpperCase(), argc, read) ?? NO_KEYS
      return keys
    },
    channels: () => channelsOf(command, argc, read),
  }
  return user.check(call)
}

/** The error of a command that was denied. */
export function denialError({ reason, object }: Denial): ReplyError {
  if (reason !== 'command') {
    return new ReplyError(
      `NOPERM this user has no permissions to access one of the ${reason}s used as arguments`,
    )
  }
  return ReplyError.ofLatin1(`NOPERM this user has no permissions to run the '${object}' command`)
}

/** The same of a command that a script calls. */
export function scriptDenialError({ reason }: Denial): ReplyError {
  const what =
    reason === 'command'
      ? 'run this command or subcommand'
      : `access at least one of the ${reason}s mentioned in the command arguments`
  return new ReplyError(`ERR The user executing the script can't ${what}`)
}

/** What ACL DRYRUN says of it. */
export function denialText({ reason, object }: Denial): string {
  const [shown] = object.split('\0', 1)
  return reason === 'command'
    ? `This user has no permissions to run the '${shown}' command`
    : `This user has no permissions to access the '${shown}' ${reason}`
}

export function wrongPasswordError(): ReplyError {
  return new ReplyError('WRONGPASS invalid username-password pair or user is disabled.')
}

export function unauthenticatedError(): ReplyError {
  return new ReplyError('NOAUTH Authentication required.')
}

/** Of AUTH with a password alone, where the default user needs none. */
export function needlessPasswordError(): ReplyError {
  return new ReplyError(
    'ERR AUTH <password> called without any password configured for the default user. ' +
      'Are you sure your configuration is correct?',
  )
}
