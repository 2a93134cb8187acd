/**
 * The rows of CONFIG.
 *
 * @module
 */

import { readWords } from '../commands/args.js'
import type { CommandContext } from '../commands/context.js'
import { help } from '../commands/help.js'
import {
  type CommandFlag,
  type CommandRow,
  type CommandSpec,
  OK,
  type Reply,
  row,
  rowsOf,
  subcommandsOf,
} from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import type { Config } from './config.js'
import { rewriteConfFile } from './rewrite.js'

/** What the commands stand on. */
export interface ConfigHost {
  readonly config: Config
  /** Of the file that was read at the start, or null. */
  readonly path: string | null
  /** Lines of users for the file; null if they have a file of their own. */
  userLines(): readonly string[] | null
  /**
   * Changes values: names and values in turn, all or none.
   *
   * @throws {ReplyError} for what is refused.
   */
  change(pairs: readonly string[], context: CommandContext): Reply
  resetStatistics(): void
}

type Answer = (context: CommandContext, host: ConfigHost) => Reply

/** Its shape makes a map of it in RESP3. */
const get: Answer = (context, { config }) => {
  const texts = config.get(readWords(context, 2))
  return texts.map((text) => context.bulkOf(Buffer.from(text, 'latin1')))
}

const set: Answer = (context, host) => host.change(readWords(context, 2), context)

const rewrite: Answer = (_, host) => {
  if (host.path === null) throw new ReplyError('ERR The server is running without a config file')
  try {
    rewriteConfFile(host.path, host.config, host.userLines())
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'No such file or directory' : String(code)
    throw Object.assign(new ReplyError(`ERR Rewriting config file: ${reason}`), { cause: error })
  }
  return OK
}

const resetStatistics: Answer = (_, host) => {
  host.resetStatistics()
  return OK
}

const HELP = [
  'GET <pattern> [<pattern> ...]',
  '    The values of directives.',
  'SET <directive> <value> [<directive> <value> ...]',
  '    Changes values, all or none.',
  'RESETSTAT',
  '    Sets the statistics of INFO to zero.',
  'REWRITE',
  '    Writes the values to the file.',
] as const

const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale']

/** @param host Asked for when a command runs. */
export function configRows(host: (context: CommandContext) => ConfigHost): readonly CommandSpec[] {
  const ask = (
    name: string,
    arity: number,
    flags: readonly CommandFlag[],
    since: string,
    summary: string,
    answer: Answer,
  ): CommandRow => ({
    ...row(name, arity, flags, null, since, summary, (context) => answer(context, host(context))),
    method: null,
  })
  const never = (): never => {
    throw new Error('a command with subcommands')
  }
  const subcommands = [
    ask('GET', -3, ADMIN, '2.0.0', 'The values of directives.', get),
    ask('HELP', 2, ['loading', 'stale'], '5.0.0', 'Tells the subcommands.', help('CONFIG', HELP)),
    ask('RESETSTAT', 2, ADMIN, '2.0.0', 'Sets the statistics of INFO to zero.', resetStatistics),
    ask('REWRITE', 2, ADMIN, '2.8.0', 'Writes the values to the file.', rewrite),
    ask('SET', -4, ADMIN, '2.0.0', 'Changes values, all or none.', set),
  ]
  return rowsOf('server', [
    {
      ...ask('CONFIG', -2, [], '2.0.0', 'Shows and changes the configuration.', never),
      subcommands: subcommandsOf('CONFIG', 'server', subcommands),
    },
  ])
}
