/**
 * The commands of the list family.
 *
 * @module
 */

import { type CommandSpec, rowsOf } from './spec.js'

export const LIST_COMMANDS: readonly CommandSpec[] = rowsOf('list', [])
