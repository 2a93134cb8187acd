/**
 * What /proc says of a process.
 *
 * @module
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** One letter as in ps(1), or null if there is no such process. */
export function stateOf(pid: number): string | null {
  return statFields(pid)?.[0] ?? null
}

/** Ended, whether or not somebody has waited for it: an orphan's parent may be a lazy init. */
export function hasEnded(pid: number): boolean {
  const state = stateOf(pid)
  return state === null || state === 'Z' || state === 'X'
}

export function niceOf(pid: number): number {
  return Number(statFields(pid)?.[16])
}

export function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()
}

export function oomScoreAdjOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'))
}

/** What each descriptor leads to. */
export function descriptorsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`))
}

/** Children of all threads of a process, zombies included. */
export function childrenOf(pid: number): number[] {
  const folder = `/proc/${pid}/task`
  return readdirSync(folder).flatMap((thread) =>
    readFileSync(`${folder}/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

/** An address range with what the kernel says of it. */
export interface Mapping {
  start: bigint
  end: bigint
  /** The file behind it, or what the kernel calls it; mostly ''. */
  name: string
  /** Two letters each, as proc(5) explains VmFlags. */
  flags: ReadonlySet<string>
}

export function mappingsOf(pid: number | 'self'): Mapping[] {
  const text = readFileSync(`/proc/${pid}/smaps`, 'utf8')
  const header = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ *(.*)$[\s\S]*?^VmFlags:(.*)$/gm
  return [...text.matchAll(header)].map(([, start, end, name, flags]) => ({
    start: BigInt(`0x${start}`),
    end: BigInt(`0x${end}`),
    name: name ?? '',
    flags: new Set(flags?.trim().split(' ')),
  }))
}

/** Waits until a condition holds. What does not come about ends with the time limit of tap. */
export async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** The fields of stat behind the name, which may hold blanks. */
function statFields(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}
