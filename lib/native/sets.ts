/**
 * The native functions on sets.
 *
 * @module
 */

// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface SetPrimitives {}
