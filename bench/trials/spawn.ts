/**
 * The trial `spawn`: how long `child_process.spawn` holds up the event loop of a host, and how long
 * the fork of a save does.
 *
 * In a fresh process each: with an empty store, with memory in the store, and with as much ordinary
 * memory outside of it, which every other fork of the process has to copy the page tables of.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { open } from '../../dist/index.js'
import { percentileOf } from '../stats.js'

export type SpawnState = 'empty' | 'store' | 'buffers'

export interface SpawnFigures {
  readonly state: SpawnState
  readonly bytes: number
  /** Of the call alone, not of the program. */
  readonly medianMicros: number
  readonly percentile99Micros: number
  /** The same behind the saves. */
  readonly medianMicrosLater: number
  /** Pauses of saves in a row. */
  readonly forkMicros: readonly number[]
}

const SPAWNS = 200
const SAVES = 5
const VALUE_BYTES = 1000
const MIB = 1 << 20
const BUFFER_BYTES = 64 * MIB

export async function measureSpawn(
  state: SpawnState,
  dir: string,
  bytes: number,
): Promise<SpawnFigures> {
  const db = await open({ dir })
  const buffers: Buffer[] = []
  if (state === 'store') {
    const value = Buffer.alloc(VALUE_BYTES, 'v')
    for (let index = 0; index < bytes / VALUE_BYTES; ++index) db.set(`key:${index}`, value)
  } else if (state === 'buffers') {
    for (let filled = 0; filled < bytes; filled += BUFFER_BYTES) {
      buffers.push(Buffer.alloc(BUFFER_BYTES, 'v'))
    }
  }
  const micros = await spawnMany()
  const forkMicros: number[] = []
  for (let save = 0; save < SAVES; ++save) {
    forkMicros.push((await db.bgsave()).forkMicros)
    // The program works with its memory.
    for (const buffer of buffers) {
      for (let offset = 0; offset < buffer.length; offset += MIB) buffer[offset] = save
    }
  }
  const later = await spawnMany()
  await db.close()
  const held = state === 'empty' ? 0 : Math.max(bytes, buffers.length * BUFFER_BYTES)
  return {
    state,
    bytes: held,
    medianMicros: percentileOf(micros, 0.5),
    percentile99Micros: percentileOf(micros, 0.99),
    medianMicrosLater: percentileOf(later, 0.5),
    forkMicros,
  }
}

/** Sorted. */
async function spawnMany(): Promise<Float64Array> {
  const micros = new Float64Array(SPAWNS)
  for (let index = 0; index < SPAWNS; ++index) micros[index] = await spawnOnce()
  return micros.sort()
}

/** Microseconds of the call; the next one waits for the end of the program. */
async function spawnOnce(): Promise<number> {
  const startedAt = performance.now()
  const child = spawn('true', { stdio: 'ignore' })
  const micros = (performance.now() - startedAt) * 1000
  await new Promise((resolve, reject) => {
    child.once('exit', resolve)
    child.once('error', reject)
  })
  return micros
}
