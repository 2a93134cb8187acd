/**
 * Saves where memory is short: with limits that are made up, and a real child.
 */

import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  MemoryGuard,
  type MemoryGuardParts,
  type SaveMemoryEvent,
} from '../../../dist/engine/memory-guard.js'
import type { MemoryLimits } from '../../../dist/host/memory-limits.js'
import { open } from '../../../dist/index.js'
import type { ChildProgress } from '../../../dist/native/engine.js'

const MIB = 2 ** 20
const ROOT = t.testdir()

function limits(headroomMib: number | null): MemoryLimits {
  if (headroomMib === null) return { headroomBytes: null, tightest: null, levels: [], swap: [] }
  const freeBytes = headroomMib * MIB
  const limitBytes = 1000 * MIB
  const usedBytes = limitBytes - freeBytes
  const tightest = { kind: 'memory.max', group: '/g', limitBytes, usedBytes, freeBytes } as const
  return { headroomBytes: freeBytes, tightest, levels: [tightest], swap: [] }
}

/** A guard over an engine without entries; `world` may change. */
function makeGuard(policy: 'none' | 'end' | 'wait' | 'slow') {
  const world = {
    headroomMib: 500 as number | null,
    forecastMib: 10,
    movedBytes: 0,
    events: [] as SaveMemoryEvent[],
    rates: [] as number[],
    canceled: null as string | null,
    progress: { keys: 0, totalKeys: 100 },
    elapsedMs: 0,
  }
  const native = {
    stats: () => ({ metaBytes: 0, movedBytes: world.movedBytes }),
    limitGrowth: (rate: number) => world.rates.push(rate),
  } as unknown as MemoryGuardParts['native']
  const guard = new MemoryGuard({
    native,
    policy: () => policy,
    forecastBytes: () => world.forecastMib * MIB,
    notify: (event) => world.events.push(event),
    read: async () => limits(world.headroomMib),
  })
  const child = {
    get elapsedMs() {
      return world.elapsedMs
    },
    get progress() {
      return world.progress as ChildProgress
    },
    cancel: (code: string) => {
      world.canceled = code
    },
  }
  const actions = () => world.events.map(({ action }) => action)
  return { world, guard, child, actions }
}

async function waitFor(t: Test, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !condition(); ++i) await sleep(10)
  t.ok(condition())
}

t.test('Before a fork', async (t) => {
  await t.test('what is not known limits nothing', async (t) => {
    const { guard, world } = makeGuard('end')
    t.doesNotThrow(() => guard.admit())
    world.headroomMib = null
    guard.sample()
    await sleep(5)
    world.forecastMib = 1e6
    t.doesNotThrow(() => guard.admit())
  })

  await t.test('a save that might not fit is refused, with who limits it', async (t) => {
    const { guard, world, actions } = makeGuard('end')
    guard.sample()
    await sleep(5)
    t.doesNotThrow(() => guard.admit())
    world.forecastMib = 600
    const message = /may take 600 MiB, and 500 MiB are left \(memory.max of \/g: 1000 MiB\)/
    t.throws(() => guard.admit(), { code: 'ERR_SNAPFORK_SAVE_MEMORY', message })
    t.strictSame(actions(), ['refused'])
    t.match(world.events[0], { neededBytes: 600 * MIB, headroomBytes: 500 * MIB })
  })

  await t.test('one that fits with slowed writers is begun', async (t) => {
    const { guard, world } = makeGuard('slow')
    world.forecastMib = 600
    guard.sample()
    await sleep(5)
    t.doesNotThrow(() => guard.admit())
    world.headroomMib = 20
    await guard.whenItFits(() => {})
    const other = makeGuard('slow')
    other.world.headroomMib = 20
    other.guard.sample()
    await sleep(5)
    t.throws(() => other.guard.admit(), { code: 'ERR_SNAPFORK_SAVE_MEMORY' })
  })

  await t.test('or waited for', async (t) => {
    const { guard, world, actions } = makeGuard('wait')
    world.forecastMib = 600
    let fits = false
    const waited = guard
      .whenItFits(() => {})
      .then(() => {
        fits = true
      })
    await waitFor(t, () => actions().length > 0)
    t.notOk(fits)
    world.forecastMib = 100
    await waited
    t.strictSame(actions(), ['waiting'])
    world.forecastMib = 600
    const closed = new Error('closed')
    await t.rejects(
      guard.whenItFits(() => {
        throw closed
      }),
      closed,
    )
  })

  await t.test('nothing is looked at where that is the policy', async (t) => {
    const { guard, world } = makeGuard('none')
    world.headroomMib = 0
    guard.sample()
    await guard.whenItFits(() => {})
    t.doesNotThrow(() => guard.admit())
  })
})

t.test('While a child lives', async (t) => {
  await t.test('it is ended when the reserve is touched', async (t) => {
    const { guard, child, world, actions } = makeGuard('end')
    const stop = guard.watch(child)
    await sleep(250)
    t.equal(world.canceled, null)
    world.headroomMib = 19
    await waitFor(t, () => world.canceled !== null)
    t.equal(world.canceled, 'ERR_SNAPFORK_SAVE_MEMORY')
    await sleep(250)
    t.strictSame(actions(), ['ended'], 'once')
    stop()
  })

  await t.test('writers are slowed when memory would run out, and freed again', async (t) => {
    const { guard, child, world, actions } = makeGuard('slow')
    const stop = guard.watch(child)
    const grow = setInterval(() => {
      world.elapsedMs += 50
      world.progress.keys += 0.05
      if (world.headroomMib !== null && world.headroomMib > 200) world.headroomMib -= 5
      world.movedBytes += 5 * MIB
    }, 50)
    await waitFor(t, () => world.rates.some((rate) => rate > 0))
    t.strictSame(actions(), ['slowed'])
    t.equal(world.canceled, null)
    clearInterval(grow)
    // The child is nearly done, and nothing grows any more.
    world.progress.keys = 99
    await waitFor(t, () => world.rates.at(-1) === 0)
    stop()
  })

  await t.test('it is ended when slowing does not suffice', async (t) => {
    const { guard, child, world } = makeGuard('slow')
    const stop = guard.watch(child)
    world.headroomMib = 15
    await sleep(250)
    t.equal(world.canceled, null, 'half of the reserve is left')
    world.headroomMib = 9
    await waitFor(t, () => world.canceled === 'ERR_SNAPFORK_SAVE_MEMORY')
    stop()
  })
})

t.test('An engine tells of it', async (t) => {
  const dir = mkdtempSync(join(ROOT, 'dir-'))
  const db = await open({ dir, hugePages: false, saveMemoryPolicy: 'end' })
  t.teardown(() => db.close())
  const events: SaveMemoryEvent[] = []
  db.on('save-memory', (event) => events.push(event))
  db.set('key', 'value')
  await db.bgsave()
  t.strictSame(events, [], 'a small save fits')
  await t.rejects(db.configure({ saveMemoryPolicy: 'sometimes' } as object), {
    code: 'ERR_SNAPFORK_INVALID_ARG',
  })
  await db.configure({ saveMemoryPolicy: 'wait' })
  await db.bgsave()
})
