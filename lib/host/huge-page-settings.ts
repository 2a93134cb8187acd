/**
 * What the kernel is set to do about transparent huge pages.
 *
 * @module
 */

import { parseNumber, type ReadText, readText } from './read-text.js'

const DIRECTORY = '/sys/kernel/mm/transparent_hugepage'

/** null where the kernel has no such setting. */
export interface HugePageSettings {
  /** `always`, `madvise` or `never`. */
  readonly enabled: string | null
  /** What a first touch does if there is none: `always`, `defer`, `madvise`, `never`, ... */
  readonly defrag: string | null
  /** Of shared memory. */
  readonly shmemEnabled: string | null
  /** The thread that merges small pages into huge ones. */
  readonly khugepaged: {
    readonly isOn: boolean | null
    readonly pagesToScan: number | null
    readonly scanSleepMs: number | null
    /** Pages of a huge one that may be absent when it is merged. */
    readonly maxPtesNone: number | null
  }
}

/** The word in brackets of a line like `always [madvise] never`. */
export function parseChoice(text: string | null): string | null {
  return /\[([^\]]+)\]/.exec(text ?? '')?.[1] ?? null
}

export async function readHugePageSettings(read: ReadText = readText): Promise<HugePageSettings> {
  const number = async (name: string) => parseNumber(await read(`${DIRECTORY}/${name}`))
  const [enabled, defrag, shmem, ...khugepaged] = await Promise.all([
    read(`${DIRECTORY}/enabled`),
    read(`${DIRECTORY}/defrag`),
    read(`${DIRECTORY}/shmem_enabled`),
    number('khugepaged/defrag'),
    number('khugepaged/pages_to_scan'),
    number('khugepaged/scan_sleep_millisecs'),
    number('khugepaged/max_ptes_none'),
  ])
  const [isOn, pagesToScan, scanSleepMs, maxPtesNone] = khugepaged
  return {
    enabled: parseChoice(enabled),
    defrag: parseChoice(defrag),
    shmemEnabled: parseChoice(shmem),
    khugepaged: { isOn: isOn === null ? null : isOn === 1, pagesToScan, scanSleepMs, maxPtesNone },
  }
}
