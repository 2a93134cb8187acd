/**
 * The native functions on lists.
 *
 * @module
 */

// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface ListPrimitives {}
