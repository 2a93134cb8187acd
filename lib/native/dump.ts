/**
 * The native functions on dump.
 *
 * @module
 */

// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface DumpPrimitives {}
