/**
 * Parser of what the kernel says about a process's memory: /proc/<pid>/smaps.
 *
 * Pure: text in, numbers out. Fields that a kernel does not have are 0, unknown ones are skipped.
 *
 * @module
 */

const BYTES_PER_KIB = 1024

/** Sums over mappings, in bytes. */
export interface MemoryTotals {
  rssBytes: number
  /** Written since the fork by one side, so no longer shared: what Redis reports as COW size. */
  privateDirtyBytes: number
  privateCleanBytes: number
  sharedDirtyBytes: number
  sharedCleanBytes: number
  /** Backed by no file. */
  anonymousBytes: number
  /** Of the anonymous ones, those mapped as huge pages. */
  hugeBytes: number
  swapBytes: number
}

/** One mapping of smaps. */
export interface Mapping extends MemoryTotals {
  start: bigint
  end: bigint
  /** `rw-p` and so on. */
  permissions: string
  /** Path, `[heap]`, `[anon:...]`, or '' for an anonymous mapping. */
  name: string
  /** Two-letter flags of the VmFlags line; `dc` is MADV_DONTFORK. */
  flags: readonly string[]
  /** Of a base page in bytes; 0 where the kernel does not say. */
  pageBytes: number
}

const FIELDS: ReadonlyMap<string, keyof MemoryTotals> = new Map([
  ['Rss', 'rssBytes'],
  ['Private_Dirty', 'privateDirtyBytes'],
  ['Private_Clean', 'privateCleanBytes'],
  ['Shared_Dirty', 'sharedDirtyBytes'],
  ['Shared_Clean', 'sharedCleanBytes'],
  ['Anonymous', 'anonymousBytes'],
  ['AnonHugePages', 'hugeBytes'],
  ['Swap', 'swapBytes'],
])

const PAGE_SIZE = 'KernelPageSize'
/** The lines that matter: a header, a field, the flags. It skips the others at its own speed. */
const LINES = new RegExp(
  `^(?:([0-9a-f]+)-([0-9a-f]+) (\\S{4}) \\S+ \\S+ \\S+ *(.*)|` +
    `(${[...FIELDS.keys(), PAGE_SIZE].join('|')}): +(\\d+) kB|VmFlags: (.*?) *)$`,
  'gm',
)

export function emptyTotals(): MemoryTotals {
  return {
    rssBytes: 0,
    privateDirtyBytes: 0,
    privateCleanBytes: 0,
    sharedDirtyBytes: 0,
    sharedCleanBytes: 0,
    anonymousBytes: 0,
    hugeBytes: 0,
    swapBytes: 0,
  }
}

/** Adds `from` to `to`, field by field. */
export function addTotals(to: MemoryTotals, from: MemoryTotals): void {
  for (const field of FIELDS.values()) to[field] += from[field]
}

/** The mappings of smaps in the order of their addresses. */
export function parseSmaps(text: string): Mapping[] {
  const mappings: Mapping[] = []
  let current: Mapping | null = null
  for (const [, start, end, permissions, name, field, kib, flags] of text.matchAll(LINES)) {
    if (start !== undefined && end !== undefined) {
      const range = { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }
      const more = { permissions: permissions ?? '', name: name ?? '', flags: [], pageBytes: 0 }
      current = { ...emptyTotals(), ...range, ...more }
      mappings.push(current)
    }
    if (current === null) continue
    if (flags !== undefined) current.flags = flags.split(/ +/)
    if (field !== undefined) setField(current, field, Number(kib) * BYTES_PER_KIB)
  }
  return mappings
}

function setField(mapping: Mapping, name: string, bytes: number): void {
  const field = FIELDS.get(name)
  if (field !== undefined) mapping[field] = bytes
  else mapping.pageBytes = bytes
}
