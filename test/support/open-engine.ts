/**
 * Opens an engine without files, for tests of what happens in memory.
 *
 * @module
 */

import { Database } from '../../dist/api/database.js'
import type { Clock } from '../../dist/commands/context.js'
import { loadAddon } from '../../dist/native/addon.js'
import type { NativeEngine } from '../../dist/native/engine.js'

interface TearingDown {
  teardown(callback: () => Promise<void>): void
}

export interface OpenedEngine {
  native: NativeEngine
  /** Database 0. */
  db: Database
  database(index: number): Database
  /** Freezes the clock of the engine and of its databases; null frees it. */
  setClock(nowMs: number | null): void
}

export function openEngine(t: TearingDown, databases = 16): OpenedEngine {
  const { Engine } = loadAddon()
  const native = new Engine({ databases, hugePages: false })
  t.teardown(() => native.close())
  let frozenMs: number | null = null
  const clock: Clock = () => frozenMs ?? Date.now()
  const database = (index: number) => new Database(native, index, clock)
  const setClock = (nowMs: number | null) => {
    frozenMs = nowMs
    native.setClock(nowMs)
  }
  return { native, db: database(0), database, setClock }
}
