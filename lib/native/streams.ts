/**
 * The native functions on streams.
 *
 * @module
 */

// biome-ignore lint/suspicious/noEmptyInterface: filled below
export interface StreamPrimitives {}
