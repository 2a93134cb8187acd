/**
 * What /proc says of a process, seen from outside. Nothing here needs the process's help.
 *
 * @module
 */

import { readFileSync } from 'node:fs'

const PAGE_BYTES = 4096
const BYTES_PER_KIB = 1024
/** USER_HZ, on all machines that we know. */
const TICKS_A_SECOND = 100

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

/** Resident bytes: a counter of the kernel, so reading it costs the process nothing. */
export function residentBytes(pid: number): number {
  const text = read(`/proc/${pid}/statm`)
  return text === null ? 0 : Number(text.split(' ')[1]) * PAGE_BYTES
}

/** Children of the process's main thread, which is the one that forks in both engines. */
export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`) ?? ''
  return text.split(' ').filter(Boolean).map(Number)
}

/** Whether it runs: one that has ended and waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return false
  const state = text[text.lastIndexOf(')') + 2]
  return state !== 'Z' && state !== 'X'
}

/** In user and kernel mode, in steps of 10 ms; see proc_pid_stat(5). */
export function cpuSeconds(pid: number): number {
  const text = read(`/proc/${pid}/stat`)
  if (text === null) return 0
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

export interface PrivateBytes {
  readonly dirty: number
  readonly clean: number
}

/** Pages that only this process has. The kernel walks its page tables: some ms per GiB. */
export function privateBytes(pid: number): PrivateBytes | null {
  const text = read(`/proc/${pid}/smaps_rollup`)
  if (text === null || text === '') return null
  return { dirty: sumOf(text, 'Private_Dirty'), clean: sumOf(text, 'Private_Clean') }
}

function sumOf(text: string, field: string): number {
  const [, kibibytes] = new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(text) ?? []
  return Number(kibibytes ?? 0) * BYTES_PER_KIB
}

/** Words of the command line; empty for a process that has ended. */
export function commandLine(pid: number): string[] {
  return (read(`/proc/${pid}/cmdline`) ?? '').split('\0').filter(Boolean)
}
