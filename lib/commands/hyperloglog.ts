/**
 * The HyperLogLog commands.
 *
 * @module
 */

import type { CommandContext } from './context.js'
import { ALL_KEYS, FIRST_KEY, GROW, GROW_FAST, OK, READ, type Reply, row, rowsOf } from './spec.js'

function pfadd({ native, db, argc }: CommandContext): Reply {
  return native.sketchAdd(db, 1, 2, argc - 2) ? 1 : 0
}

function pfcount({ native, db, argc }: CommandContext): Reply {
  return native.sketchCount(db, 1, argc - 1)
}

function pfmerge({ native, db, argc }: CommandContext): Reply {
  native.sketchMerge(db, 1, argc - 1)
  return OK
}

export const HYPERLOGLOG_COMMANDS = rowsOf('hyperloglog', [
  row('PFADD', -2, GROW_FAST, FIRST_KEY, '2.8.9', 'Counts elements in.', pfadd),
  row(
    'PFCOUNT',
    -2,
    READ,
    ALL_KEYS,
    '2.8.9',
    'About how many different elements there are.',
    pfcount,
  ),
  row('PFMERGE', -2, GROW, ALL_KEYS, '2.8.9', 'Merges several into one.', pfmerge),
])
