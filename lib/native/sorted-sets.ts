/**
 * The native functions on sorted sets.
 *
 * @module
 */

// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface SortedSetPrimitives {}
