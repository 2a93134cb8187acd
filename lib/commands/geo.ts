/**
 * The commands of the geo family.
 *
 * @module
 */

import { type CommandSpec, rowsOf } from './spec.js'

export const GEO_COMMANDS: readonly CommandSpec[] = rowsOf('geo', [])
