/**
 * The commands on strings as rows of bits.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { BITS_AND, BITS_NOT, BITS_OR, BITS_XOR, type BitOperation } from '../native/bitmaps.js'
import type { Int64 } from '../native/engine.js'
import { readBytes, readInteger, readOption, syntaxError } from './args.js'
import type { CommandContext } from './context.js'
import { toInt64 } from './expiry-time.js'
import { uncounted } from './lookup-counts.js'
import { FIRST_KEY, GROW, READ, READ_FAST, type Reply, row, rowsOf } from './spec.js'

/** Bits of the longest string. */
const BITS_MAX = 2 ** 32
const SECOND_TO_LAST = { first: 2, last: -1, step: 1 } as const

function offsetError(): ReplyError {
  return new ReplyError('ERR bit offset is not an integer or out of range')
}

/** A bit offset; `#n` counts in integers of `width` bits where that is allowed. */
function readOffset(context: CommandContext, index: number, width = 0): number {
  const text = readBytes(context, index)
  const counts = width > 0 && text.startsWith('#')
  let offset: Int64
  try {
    offset = context.native.parseInteger(counts ? text.slice(1) : index)
  } catch (error) {
    throw error instanceof ReplyError ? offsetError() : error
  }
  const bit = counts ? BigInt(offset) * BigInt(width) : offset
  if (bit < 0 || bit >= BITS_MAX) throw offsetError()
  return Number(bit)
}

function setbit(context: CommandContext): Reply {
  const { native, db } = context
  const offset = readOffset(context, 2)
  const message = 'ERR bit is not an integer or out of range'
  const bit = readInteger(context, 3, message)
  if (bit !== 0 && bit !== 1) throw new ReplyError(message)
  return native.bitSet(db, 1, offset, bit === 1)
}

function getbit(context: CommandContext): Reply {
  return context.native.bitGet(context.db, 1, readOffset(context, 2))
}

/** A range as BITCOUNT and BITPOS take it, in bits; null if it is empty. */
function clampBits(
  start: Int64,
  end: Int64,
  length: number,
  inBits: boolean,
): [first: number, last: number] | null {
  const total = inBits ? length * 8 : length
  const clamp = (value: Int64) =>
    Math.max(0, Number(value < 0 ? BigInt(value) + BigInt(total) : value))
  const first = clamp(start)
  const last = Math.min(clamp(end), total - 1)
  if (first > last) return null
  return inBits ? [first, last] : [first * 8, last * 8 + 7]
}

function readUnit(context: CommandContext, index: number): boolean {
  if (index >= context.argc) return false
  const unit = readOption(context, index)
  if (unit !== 'BIT' && unit !== 'BYTE') throw syntaxError()
  return unit === 'BIT'
}

function bitcount(context: CommandContext): Reply {
  const { native, db, argc } = context
  const length = native.stringLength(db, 1)
  // Without a key nothing else is looked at.
  if (length === 0 && native.keyType(db, 1) === 0) return 0
  if (argc !== 2 && argc !== 4 && argc !== 5) throw syntaxError()
  const [start, end] = argc === 2 ? [0, -1] : [readInteger(context, 2), readInteger(context, 3)]
  // Both from the end and the wrong way round: nothing, before anything else is looked at.
  if (start < 0 && end < 0 && start > end) return 0
  const inBits = readUnit(context, 4)
  const range = clampBits(start, end, length, inBits)
  return range === null ? 0 : native.bitCount(db, 1, range[0], range[1])
}

function bitpos(context: CommandContext): Reply {
  const { native, db, argc } = context
  const message = 'ERR The bit argument must be 1 or 0.'
  const bit = readInteger(context, 2, 'ERR value is not an integer or out of range')
  if (bit !== 0 && bit !== 1) throw new ReplyError(message)
  const length = native.stringLength(db, 1)
  if (length === 0 && native.keyType(db, 1) === 0) return bit === 1 ? -1 : 0
  if (argc > 6) throw syntaxError()
  const start = argc > 3 ? readInteger(context, 3) : 0
  const inBits = readUnit(context, 5)
  const hasEnd = argc > 4
  const range = clampBits(start, hasEnd ? readInteger(context, 4) : -1, length, inBits)
  if (range === null) return -1
  const found = native.bitFind(db, 1, bit === 1, range[0], range[1])
  // Behind a string there are zeros, as far as one looks.
  return found === -1 && bit === 0 && !hasEnd ? length * 8 : found
}

const OPERATIONS: ReadonlyMap<string, BitOperation> = new Map([
  ['AND', BITS_AND],
  ['OR', BITS_OR],
  ['XOR', BITS_XOR],
  ['NOT', BITS_NOT],
])

function bitop(context: CommandContext): Reply {
  const { native, db, argc } = context
  const operation = OPERATIONS.get(readOption(context, 1))
  if (operation === undefined) throw syntaxError()
  if (operation === BITS_NOT && argc !== 4) {
    throw new ReplyError('ERR BITOP NOT must be called with a single source key.')
  }
  return native.bitCombineStore(db, operation, 3, argc - 3, 2)
}

type Overflow = 'WRAP' | 'SAT' | 'FAIL'

interface BitStep {
  kind: 'GET' | 'SET' | 'INCRBY'
  signed: boolean
  bits: number
  offset: number
  operand: Int64
  overflow: Overflow
}

function readBitType(context: CommandContext, index: number): { signed: boolean; bits: number } {
  const match = /^([iu])([0-9]{1,2})$/.exec(readBytes(context, index))
  const bits = Number(match?.[2] ?? 0)
  const signed = match?.[1] === 'i'
  const isCanonical = match !== null && String(bits) === match[2]
  if (!isCanonical || bits < 1 || bits > (signed ? 64 : 63)) {
    throw new ReplyError(
      'ERR Invalid bitfield type. Use something like i16 u8. ' +
        'Note that u64 is not supported but i64 is.',
    )
  }
  return { signed, bits }
}

function parseBitSteps(context: CommandContext, readsOnly: boolean): BitStep[] {
  const steps: BitStep[] = []
  let overflow: Overflow = 'WRAP'
  for (let index = 2; index < context.argc; ++index) {
    const word = readOption(context, index)
    const left = context.argc - 1 - index
    if (word === 'OVERFLOW' && left >= 1) {
      const mode = readOption(context, ++index)
      if (mode !== 'WRAP' && mode !== 'SAT' && mode !== 'FAIL') {
        throw new ReplyError('ERR Invalid OVERFLOW type specified')
      }
      overflow = mode
      continue
    }
    const needs = word === 'GET' ? 2 : 3
    if ((word !== 'GET' && word !== 'SET' && word !== 'INCRBY') || left < needs) throw syntaxError()
    const type = readBitType(context, index + 1)
    const offset = readOffset(context, index + 2, type.bits)
    const operand = word === 'GET' ? 0 : readInteger(context, index + 3)
    steps.push({ kind: word, ...type, offset, operand, overflow })
    index += needs
  }
  if (readsOnly && steps.some(({ kind }) => kind !== 'GET')) {
    throw new ReplyError('ERR BITFIELD_RO only supports the GET subcommand')
  }
  return steps
}

/** The integer in range, or null for FAIL. */
function fit(value: bigint, { signed, bits, overflow }: BitStep): bigint | null {
  const min = signed ? -(2n ** BigInt(bits - 1)) : 0n
  const max = signed ? 2n ** BigInt(bits - 1) - 1n : 2n ** BigInt(bits) - 1n
  if (value >= min && value <= max) return value
  if (overflow === 'FAIL') return null
  if (overflow === 'SAT') return value < min ? min : max
  return signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
}

/** @param hasGrown Whether the string has become longer: then a write of what was there counts. */
function runBitStep(context: CommandContext, step: BitStep, hasGrown: boolean): Reply {
  const { native, db } = context
  const { signed, bits, offset, kind } = step
  const raw = native.bitsRead(db, 1, offset, bits)
  const old = signed ? BigInt.asIntN(bits, raw) : raw
  if (kind === 'GET') return toInt64(old)
  // What is set as unsigned is taken so from the start.
  const operand = BigInt(step.operand)
  const wanted = kind === 'SET' ? (signed ? operand : BigInt.asUintN(64, operand)) : old + operand
  const value = fit(wanted, step)
  if (value === null) return null
  const written = BigInt.asUintN(bits, value)
  native.bitsWrite(db, 1, offset, bits, written)
  if (hasGrown || written !== BigInt.asUintN(bits, raw)) context.noteEvent('setbit', 1)
  return toInt64(kind === 'SET' ? old : value)
}

function bitfield(readsOnly: boolean): (context: CommandContext) => Reply {
  return (context) => {
    const steps = parseBitSteps(context, readsOnly)
    const writes = steps.some(({ kind }) => kind !== 'GET')
    return writes
      ? uncounted(context, () => runBitSteps(context, steps))
      : runBitSteps(context, steps)
  }
}

function runBitSteps(context: CommandContext, steps: readonly BitStep[]): Reply {
  const { native, db } = context
  const length = native.stringLength(db, 1)
  // A string is as long as its farthest write, whether that succeeds or not.
  for (const { kind, offset, bits } of steps) {
    if (kind !== 'GET') native.bitsWrite(db, 1, offset, bits, native.bitsRead(db, 1, offset, bits))
  }
  const hasGrown = native.stringLength(db, 1) > length
  return steps.map((step) => runBitStep(context, step, hasGrown))
}

export const BITMAP_COMMANDS = rowsOf('bitmap', [
  row('SETBIT', 4, GROW, FIRST_KEY, '2.2.0', 'Sets a bit and returns the old one.', setbit),
  row('GETBIT', 3, READ_FAST, FIRST_KEY, '2.2.0', 'A bit.', getbit),
  row('BITCOUNT', -2, READ, FIRST_KEY, '2.6.0', 'How many bits are set.', bitcount),
  row('BITPOS', -3, READ, FIRST_KEY, '2.8.7', 'The first bit that is set, or is not.', bitpos),
  row('BITOP', -4, GROW, SECOND_TO_LAST, '2.6.0', 'Stores strings combined bit by bit.', bitop),
  row(
    'BITFIELD',
    -2,
    GROW,
    FIRST_KEY,
    '3.2.0',
    'Reads and changes integers of any width.',
    bitfield(false),
  ),
  row(
    'BITFIELD_RO',
    -2,
    READ_FAST,
    FIRST_KEY,
    '6.0.0',
    'Reads integers of any width.',
    bitfield(true),
  ),
])
