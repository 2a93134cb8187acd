/**
 * The native functions on hashes.
 *
 * @module
 */

// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface HashPrimitives {}
