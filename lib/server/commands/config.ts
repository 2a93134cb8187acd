/**
 * CONFIG: the directives of redis.conf, shown, changed and written back.
 *
 * @module
 */

import { readBytes } from '../../commands/args.js'
import { PendingReply, type Reply } from '../../commands/reply.js'
import { type CommandFlag, OK, rowsOf, subcommandsOf } from '../../commands/spec.js'
import { rewriteConfFile } from '../../config/rewrite.js'
import { ReplyError } from '../../errors.js'
import { help } from './help.js'
import { clientRow, type ServerContext } from './row.js'

function wordsFrom(context: ServerContext, first: number): string[] {
  const words: string[] = []
  for (let index = first; index < context.argc; ++index) words.push(readBytes(context, index))
  return words
}

function get(context: ServerContext): Reply {
  return context.server.config.get(wordsFrom(context, 2))
}

function set(context: ServerContext): Reply {
  const done = context.server.changeSettings(wordsFrom(context, 2))
  if (context.mayPause) return new PendingReply(done.then(() => OK))
  // Within a transaction nobody can wait: what it comes to shows later.
  done.catch(() => {})
  return OK
}

function rewrite({ server }: ServerContext): Reply {
  const { confPath, config, access } = server
  if (confPath === null) {
    throw new ReplyError('ERR The server is running without a config file')
  }
  const users = access.path === null ? access.users.lines() : null
  try {
    rewriteConfFile(confPath, config, users)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw Object.assign(new ReplyError(`ERR Rewriting config file: ${reason}`), { cause: error })
  }
  return OK
}

function resetstat({ server }: ServerContext): Reply {
  server.resetStats()
  return OK
}

const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale']

const CONFIG = subcommandsOf('CONFIG', 'server', [
  clientRow('GET', -3, ADMIN, null, '2.0.0', 'The values of directives.', get),
  clientRow('SET', -4, ADMIN, null, '2.0.0', 'Changes directives.', set),
  clientRow('REWRITE', 2, ADMIN, null, '2.8.0', 'Writes the file of directives.', rewrite),
  clientRow('RESETSTAT', 2, ADMIN, null, '2.0.0', 'Begins to count anew.', resetstat),
  clientRow(
    'HELP',
    2,
    ['loading', 'stale'],
    null,
    '5.0.0',
    'The subcommands.',
    help('CONFIG', [
      'GET <pattern>',
      '    Return parameters matching the glob-like <pattern> and their values.',
      'SET <directive> <value>',
      '    Set the configuration <directive> to <value>.',
      'RESETSTAT',
      '    Reset statistics reported by the INFO command.',
      'REWRITE',
      '    Rewrite the configuration file.',
    ]),
  ),
])

export const CONFIG_COMMANDS = rowsOf('server', [
  {
    ...clientRow('CONFIG', -2, [], null, '2.0.0', 'Directives of redis.conf.', () => null),
    subcommands: CONFIG,
  },
])
