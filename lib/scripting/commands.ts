/**
 * The commands that run scripts and functions, and those that keep them.
 *
 * Rows are made with the function that finds commands, since the table that holds them all has
 * these in it.
 *
 * @module
 */

import { readBytes, readCString, upperCase } from '../commands/args.js'
import type { CommandContext } from '../commands/context.js'
import { help } from '../commands/help.js'
import {
  type CommandFlag,
  type CommandRow,
  type CommandSpec,
  type FindCommand,
  OK,
  type Reply,
  row,
  rowsOf,
  Status,
  subcommandsOf,
} from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import { MACHINE } from '../native/scripts.js'
import { globMatches } from '../util/glob.js'
import type { RestorePolicy } from './function-libraries.js'
import { FUNCTION_HELP, SCRIPT_HELP } from './help.js'
import { bulkOf } from './reply-text.js'
import { readKeyCount, Scripts } from './scripts.js'

const NOSCRIPT: readonly CommandFlag[] = ['noscript']
const RUN: readonly CommandFlag[] = ['noscript', 'stale', 'skip_monitor', 'no_mandatory_keys']
const RUN_READ: readonly CommandFlag[] = ['readonly', ...RUN]
const COMPILE: readonly CommandFlag[] = ['noscript', 'stale']
const BUSY: readonly CommandFlag[] = ['noscript', 'allow_busy']
const CHANGE: readonly CommandFlag[] = ['write', 'noscript']
const GROW: readonly CommandFlag[] = ['write', 'denyoom', 'noscript']
const HELP: readonly CommandFlag[] = ['loading', 'stale']

function scriptsOf(context: CommandContext): Scripts {
  return Scripts.of(context.native)
}

/** Whether a word that says how to flush is one; there may be none. */
function isFlushMode(context: CommandContext): boolean {
  if (context.argc === 2) return true
  const word = upperCase(readCString(context, 2))
  return context.argc === 3 && (word === 'SYNC' || word === 'ASYNC')
}

// --- SCRIPT ---

function scriptLoad(context: CommandContext): Reply {
  return context.bulk(scriptsOf(context).load(2))
}

function scriptExists(context: CommandContext): Reply {
  const scripts = scriptsOf(context)
  const replies: Reply[] = []
  for (let index = 2; index < context.argc; ++index) {
    replies.push(scripts.has(readBytes(context, index).toLowerCase()) ? 1 : 0)
  }
  return replies
}

function scriptFlush(context: CommandContext): Reply {
  if (!isFlushMode(context)) {
    throw new ReplyError('ERR SCRIPT FLUSH only support SYNC|ASYNC option')
  }
  scriptsOf(context).flush()
  return OK
}

function scriptKill(context: CommandContext): Reply {
  scriptsOf(context).runner.kill(MACHINE.scripts)
  return OK
}

/** There is no debugger: only to leave it is something that can be done. */
function scriptDebug(context: CommandContext): Reply {
  const mode = upperCase(readCString(context, 2))
  if (mode === 'NO') return OK
  if (mode !== 'YES' && mode !== 'SYNC') {
    throw new ReplyError('ERR Use SCRIPT DEBUG YES/SYNC/NO')
  }
  throw new ReplyError('ERR there is no debugger of scripts')
}

const SCRIPT_SUBCOMMANDS = subcommands('SCRIPT', [
  row('LOAD', 3, COMPILE, null, '2.6.0', 'Compiles a script; its SHA-1.', scriptLoad),
  row('EXISTS', -3, NOSCRIPT, null, '2.6.0', 'Which scripts are compiled.', scriptExists),
  row('FLUSH', -2, NOSCRIPT, null, '2.6.0', 'Forgets all scripts.', scriptFlush),
  row('KILL', 2, BUSY, null, '2.6.0', 'Ends a script that is slow.', scriptKill),
  row('DEBUG', 3, NOSCRIPT, null, '3.2.0', 'There is no debugger: NO alone.', scriptDebug),
  row('HELP', 2, HELP, null, '5.0.0', 'The subcommands of SCRIPT.', help('SCRIPT', SCRIPT_HELP)),
])

// --- FUNCTION ---

/** Logs the command as it was sent: no change of a key would. */
function logSent(context: CommandContext): void {
  context.logAs(...context.allBytes())
}

function wrongUse(context: CommandContext): ReplyError {
  const word = readCString(context, 1)
  return ReplyError.ofLatin1(
    `ERR unknown subcommand or wrong number of arguments for '${word}'. Try FUNCTION HELP.`,
  )
}

function functionLoad(context: CommandContext): Reply {
  let replaces = false
  let index = 2
  for (; index < context.argc - 1; ++index) {
    if (upperCase(readCString(context, index)) !== 'REPLACE') {
      throw ReplyError.ofLatin1(`ERR Unknown option given: ${readCString(context, index)}`)
    }
    replaces = true
  }
  const sent = context.allBytes()
  const name = scriptsOf(context).functions.load(sent[index] as Buffer, replaces)
  context.logAs(...sent)
  return context.bulk(name)
}

function functionDelete(context: CommandContext): Reply {
  scriptsOf(context).functions.delete(readBytes(context, 2))
  logSent(context)
  return OK
}

function functionFlush(context: CommandContext): Reply {
  if (context.argc > 3) throw wrongUse(context)
  if (!isFlushMode(context)) {
    throw new ReplyError('ERR FUNCTION FLUSH only supports SYNC|ASYNC option')
  }
  scriptsOf(context).functions.flush()
  logSent(context)
  return OK
}

interface ListOptions {
  pattern: string | null
  withCode: boolean
}

function readListOptions(context: CommandContext): ListOptions {
  const options: ListOptions = { pattern: null, withCode: false }
  for (let index = 2; index < context.argc; ++index) {
    const word = upperCase(readCString(context, index))
    if (word === 'WITHCODE' && !options.withCode) {
      options.withCode = true
    } else if (word === 'LIBRARYNAME' && options.pattern === null) {
      if (++index === context.argc) throw new ReplyError('ERR library name argument was not given')
      options.pattern = readBytes(context, index)
    } else {
      throw ReplyError.ofLatin1(`ERR Unknown argument ${readCString(context, index)}`)
    }
  }
  return options
}

function functionList(context: CommandContext): Reply {
  const { pattern, withCode } = readListOptions(context)
  const libraries = scriptsOf(context).functions.list()
  const found = libraries.filter(({ name }) => {
    return pattern === null || globMatches(pattern, name, true)
  })
  return found.map(({ name, code, functions }) => {
    const listed = functions.map((one) => {
      const { description } = one
      return [
        ...[context.bulk('name'), context.bulk(one.name), context.bulk('description')],
        description === null ? null : bulkOf(description, context.mode),
        ...[context.bulk('flags'), one.flags.map((flag) => new Status(flag))],
      ]
    })
    return [
      ...[context.bulk('library_name'), context.bulk(name)],
      ...[context.bulk('engine'), context.bulk('LUA'), context.bulk('functions'), listed],
      ...(withCode ? [context.bulk('library_code'), context.bulkOf(code)] : []),
    ]
  })
}

function functionStats(context: CommandContext): Reply {
  const { runner, functions } = scriptsOf(context)
  const { running } = runner
  const bulk = (text: string) => context.bulk(text)
  const script: Reply =
    running === null
      ? null
      : [
          ...[bulk('name'), bulk(running.name)],
          ...[bulk('command'), running.words.map((word) => context.bulkOf(word))],
          ...[bulk('duration_ms'), running.durationMs],
        ]
  const engine = [
    ...[bulk('libraries_count'), functions.list().length],
    ...[bulk('functions_count'), functions.functionCount],
  ]
  return [bulk('running_script'), script, bulk('engines'), [bulk('LUA'), engine]]
}

function functionDump(context: CommandContext): Reply {
  return context.native.functionsDump(context.mode)
}

function functionRestore(context: CommandContext): Reply {
  if (context.argc > 4) throw wrongUse(context)
  const policy = context.argc === 4 ? upperCase(readCString(context, 3)) : 'APPEND'
  if (policy !== 'FLUSH' && policy !== 'APPEND' && policy !== 'REPLACE') {
    throw new ReplyError(
      'ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.',
    )
  }
  const texts = context.native.functionsOfPayload(2)
  const sent = context.allBytes()
  scriptsOf(context).functions.restore(texts, policy satisfies RestorePolicy)
  context.logAs(...sent)
  return OK
}

function functionKill(context: CommandContext): Reply {
  scriptsOf(context).runner.kill(MACHINE.functions)
  return OK
}

const FUNCTION_SUBCOMMANDS = subcommands('FUNCTION', [
  row('LOAD', -3, GROW, null, '7.0.0', 'Loads a library of functions; its name.', functionLoad),
  row('DELETE', 3, CHANGE, null, '7.0.0', 'Removes a library.', functionDelete),
  row('FLUSH', -2, CHANGE, null, '7.0.0', 'Removes all libraries.', functionFlush),
  row('LIST', -2, NOSCRIPT, null, '7.0.0', 'The libraries and their functions.', functionList),
  row(
    'STATS',
    2,
    BUSY,
    null,
    '7.0.0',
    'What function is running, and how many are there.',
    functionStats,
  ),
  row('DUMP', 2, NOSCRIPT, null, '7.0.0', 'All libraries in serialised form.', functionDump),
  row('RESTORE', -3, GROW, null, '7.0.0', 'Loads serialised libraries.', functionRestore),
  row('KILL', 2, BUSY, null, '7.0.0', 'Ends a function that is slow.', functionKill),
  row(
    'HELP',
    2,
    HELP,
    null,
    '7.0.0',
    'The subcommands of FUNCTION.',
    help('FUNCTION', FUNCTION_HELP),
  ),
])

function subcommands(
  container: string,
  rows: readonly CommandRow[],
): ReadonlyMap<string, CommandSpec> {
  const typeless = rows.map((one) => ({ ...one, method: null }))
  return subcommandsOf(container, 'scripting', typeless)
}

// --- running ---

type Runner = (context: CommandContext, find: FindCommand, isReadOnly: boolean) => Reply

function evalScript(context: CommandContext, find: FindCommand, isReadOnly: boolean): Reply {
  return scriptsOf(context).eval(context, find, isReadOnly)
}

function evalSha(context: CommandContext, find: FindCommand, isReadOnly: boolean): Reply {
  return scriptsOf(context).evalSha(context, find, isReadOnly)
}

function callFunction(context: CommandContext, find: FindCommand, isReadOnly: boolean): Reply {
  const readKeys = () => readKeyCount(context, 'ERR Bad number of keys provided')
  const name = readBytes(context, 1)
  return scriptsOf(context).functions.call(context, find, name, readKeys, isReadOnly)
}

/** @param find The row of a command that a script calls. */
export function scriptingCommands(find: FindCommand): readonly CommandSpec[] {
  const runs = (
    name: string,
    isReadOnly: boolean,
    since: string,
    summary: string,
    run: Runner,
  ) => ({
    ...row(name, -3, isReadOnly ? RUN_READ : RUN, null, since, summary, (context) =>
      run(context, find, isReadOnly),
    ),
    method: null,
  })
  const container = (
    name: string,
    since: string,
    summary: string,
    rows: ReadonlyMap<string, CommandSpec>,
  ) => ({
    ...row(name, -2, [], null, since, summary, () => null),
    method: null,
    subcommands: rows,
  })
  return rowsOf('scripting', [
    runs('EVAL', false, '2.6.0', 'Runs a script.', evalScript),
    runs('EVAL_RO', true, '7.0.0', 'Runs a script that may not write.', evalScript),
    runs('EVALSHA', false, '2.6.0', 'Runs a script by its SHA-1.', evalSha),
    runs('EVALSHA_RO', true, '7.0.0', 'The same for one that may not write.', evalSha),
    runs('FCALL', false, '7.0.0', 'Calls a function of a library.', callFunction),
    runs('FCALL_RO', true, '7.0.0', 'Calls one that may not write.', callFunction),
    container('SCRIPT', '2.6.0', 'The scripts that are compiled.', SCRIPT_SUBCOMMANDS),
    container('FUNCTION', '7.0.0', 'The libraries of functions.', FUNCTION_SUBCOMMANDS),
  ])
}
