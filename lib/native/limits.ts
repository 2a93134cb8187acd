/**
 * Up to where collections stay compact: Redis's directives in camel case.
 *
 * @module
 */

export interface EncodingLimits {
  hashMaxListpackEntries: number
  hashMaxListpackValue: number
  setMaxIntsetEntries: number
  setMaxListpackEntries: number
  setMaxListpackValue: number
  zsetMaxListpackEntries: number
  zsetMaxListpackValue: number
  /** Elements a node; -1 to -5: 4, 8, 16, 32, 64 KiB a node. */
  listMaxListpackSize: number
  streamNodeMaxBytes: number
  streamNodeMaxEntries: number
  hllSparseMaxBytes: number
}
