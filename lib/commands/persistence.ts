/**
 * The commands about snapshots, and INFO.
 *
 * @module
 */

import { ReplyError, SnapforkError } from '../errors.js'
import { readBytes, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import type { CommandHost } from './host.js'
import { type CommandFlag, OK, type Reply, rowsOf, Status } from './spec.js'

const SAVE_STARTED = new Status('Background saving started')
const SAVE_SCHEDULED = new Status('Background saving scheduled')
const REWRITE_SCHEDULED = new Status('Background append only file rewriting scheduled')
const REWRITE_STARTED = new Status('Background append only file rewriting started')

function hostOf({ host }: CommandContext): CommandHost {
  if (host === null) throw new ReplyError('ERR this engine has no files')
  return host
}

const IN_PROGRESS = 'ERR Background save already in progress'
/** Redis's words where a child of another kind is in the way; here also that of another engine. */
const OTHER_CHILD =
  "ERR Another child process is active (AOF?): can't BGSAVE right now. " +
  'Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.'

/** Runs a save; one that is refused as another one runs gets Redis's reply. */
function unlessChildActive(host: CommandHost, save: () => void): void {
  try {
    save()
  } catch (error) {
    if (!(error instanceof SnapforkError) || error.code !== 'ERR_SNAPFORK_CHILD_ACTIVE') throw error
    const reply = new ReplyError(host.isSaving() ? IN_PROGRESS : OTHER_CHILD)
    throw Object.assign(reply, { cause: error })
  }
}

function save(context: CommandContext): Reply {
  const host = hostOf(context)
  unlessChildActive(host, () => host.save())
  return OK
}

function bgsave(context: CommandContext): Reply {
  const { argc } = context
  const isScheduled = argc === 2 && readOption(context, 1) === 'SCHEDULE'
  if (argc > 1 && !isScheduled) throw syntaxError()
  const host = hostOf(context)
  if (isScheduled && host.isChildActive() && !host.isSaving()) {
    host.scheduleBackgroundSave()
    return SAVE_SCHEDULED
  }
  unlessChildActive(host, () => host.startBackgroundSave())
  return SAVE_STARTED
}

/** Without a log it is an error; Redis would write a base that nothing belongs to. */
function bgrewriteaof(context: CommandContext): Reply {
  const host = hostOf(context)
  if (!host.log.isOn) throw new ReplyError('ERR there is no append-only file: see appendonly')
  if (host.isRewriting()) {
    throw new ReplyError('ERR Background append only file rewriting already in progress')
  }
  if (host.isChildActive()) {
    host.scheduleRewrite()
    return REWRITE_SCHEDULED
  }
  host.startRewrite()
  return REWRITE_STARTED
}

function lastsave(context: CommandContext): Reply {
  return hostOf(context).lastSaveSeconds()
}

function info(context: CommandContext): Reply {
  const sections: string[] = []
  for (let index = 1; index < context.argc; ++index) sections.push(readBytes(context, index))
  return context.bulk(hostOf(context).info(sections))
}

const SAVE_FLAGS: readonly CommandFlag[] = ['admin', 'noscript', 'no_async_loading']

export const PERSISTENCE_COMMANDS = rowsOf('server', [
  {
    name: 'SAVE',
    arity: 1,
    flags: [...SAVE_FLAGS, 'no_multi'],
    keys: null,
    since: '1.0.0',
    summary: 'Writes a snapshot before it replies.',
    run: save,
  },
  {
    name: 'BGSAVE',
    arity: -1,
    flags: SAVE_FLAGS,
    keys: null,
    since: '1.0.0',
    summary: 'Forks a child that writes a snapshot.',
    run: bgsave,
  },
  {
    name: 'BGREWRITEAOF',
    arity: 1,
    flags: SAVE_FLAGS,
    keys: null,
    since: '1.0.0',
    summary: 'Forks a child that writes a new base of the append-only log.',
    run: bgrewriteaof,
  },
  {
    name: 'LASTSAVE',
    arity: 1,
    flags: ['loading', 'stale', 'fast'],
    keys: null,
    since: '1.0.0',
    summary: 'Unix time in seconds of the last snapshot.',
    run: lastsave,
  },
  {
    name: 'INFO',
    arity: -1,
    flags: ['loading', 'stale'],
    keys: null,
    since: '1.0.0',
    summary: 'Facts about the engine, in sections.',
    run: info,
  },
])
