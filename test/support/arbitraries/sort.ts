/**
 * Random SORT commands, with what they sort and look up.
 *
 * @module
 */

import fc from 'fast-check'
import { command, inAnyCase, options, several, word } from './common.js'

export function sortCommands(): fc.Arbitrary<string[]>[] {
  const key = fc.constantFrom('l', 's', 'z', 'other')
  // A set has no order of its own, for patterns that ask for none.
  const ordered = fc.constantFrom('l', 'z', 'other')
  const element = fc.oneof(fc.nat(9).map(String), word('1.5', '-2', 'x', ''))
  const number = fc.nat(9).map(String)
  const pattern = word('w_*', 'h_*->f', '#', 'nosort', 'w_*->x', '*', 'none_*')
  // Not both ALPHA and BY: the order of what is equal is left open then.
  const textOptions = options(
    word('ASC', 'DESC', 'ALPHA', 'alpha'),
    word('ALPHA'),
    fc.tuple(inAnyCase('LIMIT'), word('0', '1', '-1', 'x'), word('2', '0', '-1', '100')),
    fc.tuple(inAnyCase('GET'), pattern),
  )
  const sortOptions = options(
    word('ASC', 'DESC'),
    fc.tuple(inAnyCase('LIMIT'), word('0', '1', '-1', 'x'), word('2', '0', '-1', '100')),
    fc.tuple(inAnyCase('BY'), pattern),
    fc.tuple(inAnyCase('GET'), pattern),
    word('FOO'),
  )
  return [
    command('RPUSH', word('l', 'other'), several(number, 4)),
    command('RPUSH', word('l'), several(element, 2)),
    command('SADD', word('s'), several(number, 4)),
    command('ZADD', word('z'), fc.tuple(number, number)),
    command(
      'SET',
      fc.nat(9).map((n) => `w_${n}`),
      element,
    ),
    command(
      'HSET',
      fc.nat(9).map((n) => `h_${n}`),
      word('f', 'g'),
      element,
    ),
    command('DEL', key),
    command('SORT', ordered, sortOptions),
    command('SORT', ordered, sortOptions),
    command('SORT', key, fc.tuple(inAnyCase('GET'), pattern), fc.tuple(inAnyCase('GET'), pattern)),
    command('SORT', key, textOptions),
    command('SORT_RO', ordered, sortOptions),
    // Sets have no order of their own to store.
    command('SORT', word('l', 'z'), sortOptions, inAnyCase('STORE'), word('other', 'l')),
  ]
}
