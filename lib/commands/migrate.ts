/**
 * MIGRATE: what its arguments say. Who sends the keys is told by the context.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { TIMER_MS_MAX } from '../util/clock.js'
import { readBytes, readCString, readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import type { Migration } from './migration.js'
import { type Reply, row, rowsOf, WRITE } from './spec.js'

/** A time that says nothing. */
const TIMEOUT_MS = 1000
const FIRST_OPTION = 6

type Options = Pick<Migration, 'copies' | 'replaces' | 'credentials' | 'keys'>

function readOptions(context: CommandContext): Options {
  const { argc } = context
  let [copies, replaces] = [false, false]
  let credentials: readonly Uint8Array[] = []
  for (let index = FIRST_OPTION; index < argc; ++index) {
    const word = readOption(context, index)
    const left = argc - index - 1
    if (word === 'COPY') {
      copies = true
    } else if (word === 'REPLACE') {
      replaces = true
    } else if (word === 'AUTH' && left >= 1) {
      credentials = [context.bytes(++index)]
    } else if (word === 'AUTH2' && left >= 2) {
      credentials = [context.bytes(index + 1), context.bytes(index + 2)]
      index += 2
    } else if (word === 'KEYS') {
      if (readBytes(context, 3) !== '') {
        throw new ReplyError(
          'ERR When using MIGRATE KEYS option, the key argument must be set to the empty string',
        )
      }
      const keys = Array.from({ length: left }, (_, at) => context.bytes(index + 1 + at))
      return { copies, replaces, credentials, keys }
    } else {
      throw syntaxError()
    }
  }
  return { copies, replaces, credentials, keys: [context.bytes(3)] }
}

function migrate(context: CommandContext): Reply {
  const options = readOptions(context)
  const timeout = readInteger(context, 5)
  const db = readInteger(context, 4)
  const timeoutMs = timeout <= 0 ? TIMEOUT_MS : Math.min(Number(timeout), TIMER_MS_MAX)
  return context.migrate({
    ...options,
    host: readCString(context, 1),
    port: Number.parseInt(readBytes(context, 2), 10),
    db: String(db),
    timeoutMs,
  })
}

/** There is no method: an engine that nobody serves reaches no other. */
export const MIGRATE_COMMANDS = rowsOf('generic', [
  {
    ...row(
      'MIGRATE',
      -6,
      WRITE,
      { first: 3, last: 3, step: 1 },
      '2.6.0',
      'Moves keys to another server.',
      migrate,
    ),
    method: null,
  },
])
