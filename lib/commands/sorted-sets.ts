/**
 * The commands of the sorted-set family.
 *
 * @module
 */

import { type CommandSpec, rowsOf } from './spec.js'

export const SORTED_SET_COMMANDS: readonly CommandSpec[] = rowsOf('sorted-set', [])
