/**
 * The commands of the generic family.
 *
 * @module
 */

import { type CommandSpec, rowsOf } from './spec.js'

export const DUMP_COMMANDS: readonly CommandSpec[] = rowsOf('generic', [])
