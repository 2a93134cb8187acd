/**
 * The commands of the stream family.
 *
 * @module
 */

import { type CommandSpec, rowsOf } from './spec.js'

export const STREAM_COMMANDS: readonly CommandSpec[] = rowsOf('stream', [])
