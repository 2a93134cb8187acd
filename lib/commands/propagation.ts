/**
 * How a command comes into the append-only log.
 *
 * Logged is what changed, in words that mean the same whenever they are run: as the command was
 * sent, or as its handler says instead (`context.logAs`), where it depended on the time, on chance
 * or on what there was. What expired on the way comes before it, as does what was evicted for it.
 *
 * @module
 */

import { ReplyError, SnapforkError, type SnapforkErrorCode } from '../errors.js'
import type { CommandContext } from './context.js'
import type { CommandLog } from './host.js'
import type { CommandSpec, Reply } from './spec.js'

/** Logged even if there was nothing to change. */
const ALWAYS: ReadonlySet<string> = new Set(['FLUSHALL', 'FLUSHDB'])
/** Reads that may keep what they have computed. */
const KEEPING: ReadonlySet<string> = new Set(['PFCOUNT'])
/** Commands that walk over keys: what they find expired are changes of their own. */
const WALKS: ReadonlySet<string> = new Set(['SCAN', 'KEYS', 'RANDOMKEY'])

/** Redis's words for writes that are refused as no save succeeds. */
const MISCONF =
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist " +
  'to disk. Commands that may modify the data set are disabled, because this instance is ' +
  'configured to report errors during writes if RDB snapshotting fails ' +
  '(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB ' +
  'error.'

/** The same as memory is over its limit. */
const OOM = "OOM command not allowed when used memory > 'maxmemory'."

/** What is refused in words of ours to a typed method. */
const REFUSALS: ReadonlyMap<string, string> = new Map<SnapforkErrorCode, string>([
  ['ERR_SNAPFORK_WRITES_REFUSED', MISCONF],
  ['ERR_SNAPFORK_MAXMEMORY', OOM],
])

/** An error of a command as it goes to who has sent it by name. */
export function asReply(error: unknown): unknown {
  if (!(error instanceof SnapforkError)) return error
  const refusal = REFUSALS.get(error.code)
  return refusal === undefined ? error : Object.assign(new ReplyError(refusal), { cause: error })
}

/**
 * Makes room for the command, calls its handler and, if there is a log, logs what it did.
 *
 * @throws {Error} a refusal, before anything is changed; else what the handler throws.
 */
export function runGuarded(command: CommandSpec, context: CommandContext, log: CommandLog): Reply {
  const takesMemory = log.limitsMemory && command.flags.includes('denyoom')
  if (takesMemory && !context.native.makeRoom()) throw new SnapforkError('ERR_SNAPFORK_MAXMEMORY')
  if (log.savesFail && command.flags.includes('write')) {
    throw new SnapforkError('ERR_SNAPFORK_WRITES_REFUSED')
  }
  return log.isOn ? runLogged(command, context, log) : command.run(context)
}

function runLogged(command: CommandSpec, context: CommandContext, log: CommandLog): Reply {
  const { native } = context
  if (!command.flags.includes('write') && !KEEPING.has(command.name)) {
    const reply = command.run(context)
    native.logCommit(!WALKS.has(command.name))
    return reply
  }
  if (!log.accepts) throw log.refusal()
  if (context.isMuted) return runMuted(command, context, log)
  context.isLogged = true
  context.isRewritten = false
  try {
    const reply = command.run(context)
    log.accepts = context.isRewritten
      ? native.logCommit(true)
      : native.logCommand(context.db, ALWAYS.has(command.name), true)
    return reply
  } catch (error) {
    log.accepts = logBroken(command, context)
    throw error
  } finally {
    context.isLogged = false
  }
}

/**
 * Logs what the keys of a command that failed in the middle hold now.
 *
 * @returns Whether more writes are taken.
 */
export function logBroken(command: CommandSpec, context: CommandContext): boolean {
  const { native } = context
  context.isLogged = true
  if (native.logIsBehind()) logKeys(command, context)
  context.isLogged = false
  return native.logCommit(true)
}

/** What expired on its way is logged, and nothing else. */
function runMuted(command: CommandSpec, context: CommandContext, log: CommandLog): Reply {
  try {
    return command.run(context)
  } finally {
    log.accepts = context.native.logCommit(true)
  }
}

function logKeys({ keys }: CommandSpec, context: CommandContext): void {
  if (keys === null) return
  const last = keys.last < 0 ? context.argc + keys.last : keys.last
  for (let index = keys.first; index <= last; index += keys.step) context.logKey(index)
}
