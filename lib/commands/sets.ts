/**
 * The commands of the set family.
 *
 * @module
 */

import { type CommandSpec, rowsOf } from './spec.js'

export const SET_COMMANDS: readonly CommandSpec[] = rowsOf('set', [])
