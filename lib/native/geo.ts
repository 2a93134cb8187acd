/**
 * The native functions on geo.
 *
 * @module
 */

// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface GeoPrimitives {}
