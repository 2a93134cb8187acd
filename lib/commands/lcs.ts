/**
 * LCS: the longest common subsequence of two strings.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { countLookup, uncounted } from './lookup-counts.js'
import { FIRST_TWO_KEYS, READ, type Reply, row, rowsOf } from './spec.js'

interface LcsOptions {
  wantsLength: boolean
  wantsStretches: boolean
  withLengths: boolean
  lengthMin: number
}

/** Number of the type `string`, and below it of none. */
const STRING_TYPE = 1

function parseOptions(context: CommandContext): LcsOptions {
  const options = { wantsLength: false, wantsStretches: false, withLengths: false, lengthMin: 0 }
  for (let index = 3; index < context.argc; ++index) {
    const word = readOption(context, index)
    if (word === 'IDX') options.wantsStretches = true
    else if (word === 'LEN') options.wantsLength = true
    else if (word === 'WITHMATCHLEN') options.withLengths = true
    else if (word === 'MINMATCHLEN' && index + 1 < context.argc) {
      options.lengthMin = Number(readInteger(context, ++index))
    } else throw syntaxError()
  }
  return options
}

function lcs(context: CommandContext): Reply {
  const { native, db, mode } = context
  // As in Redis the types come before the options.
  const types = [native.keyType(db, 1), native.keyType(db, 2)]
  for (const type of types) countLookup(context, type !== 0)
  if (types.some((type) => type > STRING_TYPE)) {
    throw new ReplyError('ERR The specified keys must contain string values')
  }
  const options = parseOptions(context)
  if (options.wantsLength && options.wantsStretches) {
    throw new ReplyError('ERR If you want both the length and indexes, please just use IDX.')
  }
  if (options.wantsLength) return uncounted(context, () => native.stringLcsLength(db, 1, 2))
  const [text, stretches] = uncounted(context, () => native.stringLcs(db, 1, 2, mode))
  if (!options.wantsStretches) return text
  const matches: Reply[] = []
  let length = 0
  for (let at = 0; at < stretches.length; at += 3) {
    const [a, b, bytes] = stretches.slice(at, at + 3) as [number, number, number]
    length += bytes
    if (bytes < options.lengthMin) continue
    const ends: Reply[] = [
      [a, a + bytes - 1],
      [b, b + bytes - 1],
    ]
    matches.push(options.withLengths ? [...ends, bytes] : ends)
  }
  return [context.bulk('matches'), matches, context.bulk('len'), length]
}

export const LCS_COMMANDS = rowsOf('string', [
  row('LCS', -3, READ, FIRST_TWO_KEYS, '7.0.0', 'The longest common subsequence.', lcs),
])
