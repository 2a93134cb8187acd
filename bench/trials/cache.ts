/**
 * The trial `cache`: what it costs to keep a snapshot out of the page cache, and what O_DIRECT
 * would.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { open } from '../../dist/index.js'

export type CacheWay = 'kept' | 'dropped'
export type WriteWay = 'buffered' | 'direct'

export interface CacheFigures {
  readonly way: CacheWay
  readonly bytes: number
  readonly saveMs: number
  /** Of an engine that is opened right behind the save. */
  readonly loadMs: number
}

export interface WriteFigures {
  readonly way: WriteWay
  readonly bytes: number
  readonly writeMs: number
}

const KEYS = 1_000_000
const VALUE_BYTES = 700
const FILE_MIB = 800

export async function measureCache(way: CacheWay, dir: string): Promise<CacheFigures> {
  const db = await open({ dir, rdbcompression: false, saveDropsCache: way === 'dropped' })
  const value = Buffer.alloc(VALUE_BYTES, 'v')
  for (let index = 0; index < KEYS; ++index) db.set(`key:${index}`, value)
  const { bytes, durationMs } = await db.bgsave()
  await db.close()
  const startedAt = performance.now()
  const again = await open({ dir })
  const loadMs = performance.now() - startedAt
  await again.close()
  return { way, bytes, saveMs: durationMs, loadMs }
}

/** A file of zeros and its sync by dd(1), in pieces of a mebibyte, as a child writes. */
export function measureWrite(way: WriteWay, dir: string): WriteFigures {
  const path = join(dir, 'zeros')
  const flags = way === 'direct' ? ['oflag=direct'] : []
  const words = ['if=/dev/zero', `of=${path}`, 'bs=1M', `count=${FILE_MIB}`, 'conv=fsync', ...flags]
  const startedAt = performance.now()
  const { status } = spawnSync('dd', words, { stdio: 'ignore' })
  const writeMs = performance.now() - startedAt
  if (status !== 0) throw new Error(`dd ended with ${status}`)
  rmSync(path)
  return { way, bytes: FILE_MIB * 2 ** 20, writeMs }
}
