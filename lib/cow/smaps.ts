/**
 * Parser of what the kernel says about a process's memory: /proc/<pid>/smaps and smaps_rollup.
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

const PAGE_SIZE = 'KernelPageSize:'
const HEADER = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$/

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

/** The one record of smaps_rollup, or null if the text holds none. */
export function parseSmapsRollup(text: string): MemoryTotals | null {
  const totals = emptyTotals()
  let found = false
  for (const line of text.split('\n')) {
    if (readField(totals, line)) found = true
  }
  return found ? totals : null
}

/** The mappings of smaps in the order of their addresses. */
export function parseSmaps(text: string): Mapping[] {
  const mappings: Mapping[] = []
  let current: Mapping | null = null
  for (const line of text.split('\n')) {
    if (current !== null && readField(current, line)) continue
    if (current !== null && line.startsWith('VmFlags:')) {
      current.flags = line.slice('VmFlags:'.length).trim().split(/ +/)
      continue
    }
    if (current !== null && line.startsWith(PAGE_SIZE)) {
      current.pageBytes = Number.parseInt(line.slice(PAGE_SIZE.length), 10) * BYTES_PER_KIB
      continue
    }
    const [, start, end, permissions, name] = HEADER.exec(line) ?? []
    if (start === undefined || end === undefined || permissions === undefined) continue
    current = {
      ...emptyTotals(),
      start: BigInt(`0x${start}`),
      end: BigInt(`0x${end}`),
      permissions,
      name: name ?? '',
      flags: [],
      pageBytes: 0,
    }
    mappings.push(current)
  }
  return mappings
}

/** Takes a line like `Rss:     12 kB`; false if it is none of ours. */
function readField(totals: MemoryTotals, line: string): boolean {
  const colon = line.indexOf(':')
  const field = colon < 0 ? undefined : FIELDS.get(line.slice(0, colon))
  if (field === undefined) return false
  const kibibytes = Number.parseInt(line.slice(colon + 1), 10)
  if (Number.isNaN(kibibytes)) return false
  totals[field] += kibibytes * BYTES_PER_KIB
  return true
}
