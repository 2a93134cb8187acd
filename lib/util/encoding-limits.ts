/**
 * Up to where collections stay compact: Redis's directives in camel case.
 *
 * @module
 */

/** A value that passes a limit gets its large form and keeps it. */
export interface EncodingLimits {
  /** Fields of a compact hash. @defaultValue 512 */
  hashMaxListpackEntries: number
  /** Bytes of a field or value of a compact hash. @defaultValue 64 */
  hashMaxListpackValue: number
  /** Members of a set that is kept as an intset. @defaultValue 512 */
  setMaxIntsetEntries: number
  /** Members of a compact set. @defaultValue 128 */
  setMaxListpackEntries: number
  /** Bytes of a member of a compact set. @defaultValue 64 */
  setMaxListpackValue: number
  /** Members of a compact sorted set. @defaultValue 128 */
  zsetMaxListpackEntries: number
  /** Bytes of a member of a compact sorted set. @defaultValue 64 */
  zsetMaxListpackValue: number
  /** Elements a node of a list; -1 to -5: 4, 8, 16, 32, 64 KiB a node. @defaultValue -2 */
  listMaxListpackSize: number
  /** Bytes a node of a stream; 0: no limit. @defaultValue 4096 */
  streamNodeMaxBytes: number
  /** Entries a node of a stream; 0: no limit. @defaultValue 100 */
  streamNodeMaxEntries: number
  /** Bytes of a sparse HyperLogLog. @defaultValue 3000 */
  hllSparseMaxBytes: number
}
