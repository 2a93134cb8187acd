/**
 * The commands about serialised values.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { type Int64, NO_EXPIRY } from '../native/engine.js'
import { readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { addTime } from './expiry-time.js'
import { FIRST_KEY, GROW, OK, READ, type Reply, row, rowsOf } from './spec.js'

const FREQUENCY_MAX = 255

interface RestoreOptions {
  replace: boolean
  absolute: boolean
  /** null: not given. */
  idle: Int64 | null
  frequency: Int64 | null
}

function parseRestoreOptions(context: CommandContext): RestoreOptions {
  const options: RestoreOptions = { replace: false, absolute: false, idle: null, frequency: null }
  for (let index = 4; index < context.argc; ++index) {
    const word = readOption(context, index)
    const hasValue = index + 1 < context.argc
    if (word === 'REPLACE') {
      options.replace = true
    } else if (word === 'ABSTTL') {
      options.absolute = true
    } else if (word === 'IDLETIME' && hasValue && options.frequency === null) {
      options.idle = readInteger(context, ++index)
      if (options.idle < 0) throw new ReplyError('ERR Invalid IDLETIME value, must be >= 0')
    } else if (word === 'FREQ' && hasValue && options.idle === null) {
      const frequency = readInteger(context, ++index)
      if (frequency < 0 || frequency > FREQUENCY_MAX) {
        throw new ReplyError('ERR Invalid FREQ value, must be >= 0 and <= 255')
      }
      options.frequency = frequency
    } else {
      throw syntaxError()
    }
  }
  return options
}

function dump({ native, db, mode }: CommandContext): Reply {
  return native.dump(db, 1, mode)
}

function restore(context: CommandContext): Reply {
  const { native, db } = context
  const { replace, absolute, idle, frequency } = parseRestoreOptions(context)
  if (!replace && native.keyType(db, 1) !== 0) {
    throw new ReplyError('BUSYKEY Target key name already exists.')
  }
  const ttl = readInteger(context, 2)
  if (ttl < 0) throw new ReplyError('ERR Invalid TTL value, must be >= 0')
  const now = context.now()
  const at = ttl === 0 ? NO_EXPIRY : (addTime(ttl, 1, absolute ? 0 : now) ?? ttl)
  const deep = context.host?.checksPayloadsDeeply ?? true
  native.restore(db, 1, 3, at, replace, deep, idle ?? -1, frequency ?? -1)
  // A time that is past: the value was checked, and is not kept.
  const isPast = ttl !== 0 && at <= now
  if (isPast) native.keyRemove(db, 1)
  if (context.isLogged && ttl !== 0) {
    const words: (string | Uint8Array)[] = []
    for (let index = 0; index < context.argc; ++index) words.push(context.bytes(index))
    words[2] = String(at)
    if (!absolute) words.push('ABSTTL')
    if (isPast) context.logAs('DEL', context.bytes(1))
    else context.logAs(...words)
  }
  return OK
}

export const DUMP_COMMANDS = rowsOf('generic', [
  row('DUMP', 2, READ, FIRST_KEY, '2.6.0', 'A value in serialised form.', dump),
  row('RESTORE', -4, GROW, FIRST_KEY, '2.6.0', 'Makes a key of a serialised value.', restore),
])
