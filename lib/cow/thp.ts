/**
 * Whether the kernel is fit for a keyspace in huge pages.
 *
 * Since Linux 5.8 the first write to a shared huge page splits the mapping and copies 4 KiB. Before
 * that it copied 2 MiB, which makes huge pages a bad bargain for a process that forks.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { release } from 'node:os'

const ENABLED_PATH = '/sys/kernel/mm/transparent_hugepage/enabled'
const AUXILIARY_VECTOR_PATH = '/proc/self/auxv'
/** Number of the page size in the auxiliary vector. */
const AT_PAGESZ = 6n
const PAGE_BYTES = 4096

/** Why huge pages are not used; 'fit' where they are. */
export type HugePageFitness = 'fit' | 'old kernel' | 'switched off' | 'other page size'

/** Facts of a machine, as the kernel gives them. */
export interface KernelFacts {
  /** `uname -r` */
  release: string
  /** Content of transparent_hugepage/enabled, or null where there is no such file. */
  enabled: string | null
  /** Of a base page, or null if it is not known. */
  pageBytes: number | null
}

export function hugePageFitness(facts: KernelFacts): HugePageFitness {
  const [major = 0, minor = 0] = facts.release.split('.').map((part) => Number.parseInt(part, 10))
  if (!(major > 5 || (major === 5 && minor >= 8))) return 'old kernel'
  if (facts.enabled === null || facts.enabled.includes('[never]')) return 'switched off'
  if (facts.pageBytes !== null && facts.pageBytes !== PAGE_BYTES) return 'other page size'
  return 'fit'
}

/** The value of AT_PAGESZ, or null: pairs of 64-bit words, little-endian here and on arm64. */
export function pageBytesOf(auxiliaryVector: Uint8Array): number | null {
  const { buffer, byteOffset, byteLength } = auxiliaryVector
  const words = new DataView(buffer, byteOffset, byteLength)
  for (let at = 0; at + 16 <= byteLength; at += 16) {
    if (words.getBigUint64(at, true) === AT_PAGESZ) return Number(words.getBigUint64(at + 8, true))
  }
  return null
}

export async function readKernelFacts(): Promise<KernelFacts> {
  const [enabled, pageBytes] = await Promise.all([
    readFile(ENABLED_PATH, 'utf8').catch(() => null),
    readPageBytes(),
  ])
  return { release: release(), enabled, pageBytes }
}

/** Of a base page, or null if it is not known. */
export async function readPageBytes(): Promise<number | null> {
  const auxiliaryVector = await readFile(AUXILIARY_VECTOR_PATH).catch(() => null)
  return auxiliaryVector === null ? null : pageBytesOf(auxiliaryVector)
}

/** What `'auto'` means on this machine. */
export async function canUseHugePages(): Promise<boolean> {
  return hugePageFitness(await readKernelFacts()) === 'fit'
}
