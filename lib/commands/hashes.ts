/**
 * The commands of the hash family.
 *
 * @module
 */

import { type CommandSpec, rowsOf } from './spec.js'

export const HASH_COMMANDS: readonly CommandSpec[] = rowsOf('hash', [])
