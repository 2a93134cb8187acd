/**
 * Random commands on bits.
 *
 * @module
 */

import fc from 'fast-check'
import { command, inAnyCase, key, options, several, value, word } from './common.js'

export function bitmapCommands(): fc.Arbitrary<string[]>[] {
  const offset = fc.oneof(
    { weight: 8, arbitrary: fc.nat(300).map(String) },
    { weight: 1, arbitrary: word('-1', 'x', '4294967296', '', '20000') },
  )
  const end = word('0', '1', '5', '-1', '-2', '-9', '100', 'x', '9223372036854775807')
  const unit = word('BIT', 'BYTE', 'bit', 'FOO')
  const type = word('u8', 'i8', 'u1', 'i5', 'u63', 'i64', 'u64', 'u0', 'x', 'i16')
  const at = fc.oneof(
    offset,
    fc.nat(20).map((n) => `#${n}`),
  )
  const number = word('0', '1', '-1', '127', '255', '-300', '9223372036854775807', 'x')
  const step = fc.oneof(
    fc.tuple(inAnyCase('GET'), type, at),
    fc.tuple(inAnyCase('SET'), type, at, number),
    fc.tuple(inAnyCase('INCRBY'), type, at, number),
    fc.tuple(inAnyCase('OVERFLOW'), word('WRAP', 'SAT', 'FAIL', 'FOO')),
  )
  return [
    command('SETBIT', key, offset, word('0', '1', '1', '2', 'x')),
    command('SETBIT', key, offset, word('0', '1')),
    command('GETBIT', key, offset),
    command('BITCOUNT', key),
    command('BITCOUNT', key, end, end),
    command('BITCOUNT', key, end, end, unit),
    command('BITPOS', key, word('0', '1', '2', 'x')),
    command('BITPOS', key, word('0', '1'), end),
    command('BITPOS', key, word('0', '1'), end, end),
    command('BITPOS', key, word('0', '1'), end, end, unit),
    command('BITOP', word('AND', 'OR', 'XOR', 'and', 'FOO'), key, several(key)),
    command('BITOP', word('NOT'), key, several(key, 2)),
    command('BITFIELD', key, several(step, 4)),
    command('BITFIELD_RO', key, several(step, 2)),
    command('SET', key, value),
    command('GET', key, options(word('x'))),
  ]
}
