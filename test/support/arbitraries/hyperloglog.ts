/**
 * Random HyperLogLog commands. The strings are compared byte for byte.
 *
 * @module
 */

import fc from 'fast-check'
import { command, element, key, several } from './common.js'

export function hyperLogLogCommands(): fc.Arbitrary<string[]>[] {
  const many = fc
    .tuple(fc.nat(1_000_000), fc.constantFrom(10, 200, 900))
    .map(([from, count]) => Array.from({ length: count }, (_, at) => `${from + at}`))
  return [
    command('PFADD', key, several(element, 6)),
    command('PFADD', key, several(element, 6)),
    command('PFADD', key, many),
    command('PFADD', key, many),
    command('PFADD', key),
    command('PFCOUNT', key),
    command('PFCOUNT', several(key)),
    command('PFMERGE', key, several(key)),
    command('GET', key),
    command('DEL', key),
  ]
}
