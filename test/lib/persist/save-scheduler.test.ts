/**
 * When saves run, with a clock that stands and with saves and rewrites that only take note.
 */

import t from 'tap'
import type { SnapshotReport } from '../../../dist/index.js'
import { SaveScheduler, type SchedulerLog } from '../../../dist/persist/save-scheduler.js'
import type { SnapshotStatus } from '../../../dist/persist/snapshotter.js'
import type { SaveRule } from '../../../dist/util/save-rules.js'

const REPORT = { keys: 1 } as SnapshotReport

class World {
  nowMs = 1_000_000
  rules: SaveRule[] = []
  changes = 0
  savedAtMs = 1_000_000
  attemptedAtMs: number | null = null
  failures = 0
  isSaving = false
  isHalfway = false
  isRewriting = false
  isRewriteScheduled = false
  hasGrown = false
  refusal: Error | null = null
  readonly begun: string[] = []
  readonly scheduler: SaveScheduler

  constructor() {
    const world = this
    this.scheduler = new SaveScheduler({
      snapshots: {
        get isSaving() {
          return world.isSaving
        },
        get isHalfway() {
          return world.isHalfway
        },
        get status() {
          return world as unknown as SnapshotStatus
        },
        start: () => world.#save(),
      },
      log: () => world.#log,
      rules: () => world.rules,
      now: () => world.nowMs,
    })
  }

  #save(): Promise<SnapshotReport> {
    this.begun.push('save')
    if (this.refusal !== null) throw this.refusal
    this.isSaving = true
    this.attemptedAtMs = this.nowMs
    return Promise.resolve(REPORT)
  }

  readonly #log: SchedulerLog = ((world: World) => ({
    get isRewriting() {
      return world.isRewriting
    },
    rewriteIfScheduled: () => world.#rewrite(world.isRewriteScheduled, 'scheduled rewrite'),
    rewriteIfGrown: () => world.#rewrite(world.hasGrown, 'rewrite'),
  }))(this)

  #rewrite(isDue: boolean, name: string): void {
    if (!isDue) return
    this.begun.push(name)
    this.isRewriting = true
  }

  /** What begins now, when what ran has ended. */
  tick(): string[] {
    this.begun.length = 0
    this.scheduler.tick()
    return [...this.begun]
  }
}

t.test('SaveScheduler', async (t) => {
  await t.test('starts one thing at a time, in the order of Redis', async (t) => {
    const world = new World()
    world.isSaving = true
    const scheduled = world.scheduler.schedule()
    world.rules = [{ seconds: 1, changes: 1 }]
    Object.assign(world, { isRewriteScheduled: true, hasGrown: true, changes: 1 })
    world.nowMs += 1001
    t.strictSame(world.tick(), [], 'not while a save runs')
    world.isSaving = false
    t.strictSame(world.tick(), ['scheduled rewrite'])
    world.isRewriteScheduled = false
    t.strictSame(world.tick(), [], 'not while a rewrite runs')
    world.isRewriting = false
    t.strictSame(world.tick(), ['save'], 'the save point; it is the scheduled save as well')
    t.equal(await scheduled, REPORT)
    t.notOk(world.scheduler.isScheduled)
    Object.assign(world, { isSaving: false, changes: 0 })
    t.strictSame(world.tick(), ['rewrite'])
  })

  await t.test('lets a rewrite for growth go before a scheduled save', async (t) => {
    const world = new World()
    world.isSaving = true
    const scheduled = world.scheduler.schedule()
    Object.assign(world, { isSaving: false, hasGrown: true })
    t.strictSame(world.tick(), ['rewrite'])
    Object.assign(world, { isRewriting: false, hasGrown: false })
    t.strictSame(world.tick(), ['save'])
    t.equal(await scheduled, REPORT)
  })

  await t.test('starts what is scheduled at once if nothing runs', async (t) => {
    const world = new World()
    t.equal(await world.scheduler.schedule(), REPORT)
    t.strictSame(world.begun, ['save'])
  })

  await t.test('starts no save while a rewrite prepares', async (t) => {
    const world = new World()
    world.isRewriting = true
    t.throws(() => world.scheduler.start(), { code: 'ERR_SNAPFORK_CHILD_ACTIVE' })
    t.strictSame(world.begun, [])
  })

  await t.test('starts nothing while a script is halfway, and then what has waited', async (t) => {
    const world = new World()
    Object.assign(world, { isHalfway: true, isRewriteScheduled: true, hasGrown: true })
    const saves = [world.scheduler.start(), world.scheduler.schedule()]
    t.strictSame(world.tick(), [])
    Object.assign(world, { isHalfway: false, isRewriteScheduled: false, hasGrown: false })
    t.strictSame(world.tick(), ['save'])
    t.strictSame(await Promise.all(saves), [REPORT, REPORT])
  })

  await t.test('tries again five seconds behind a failure, and later if it goes on', async (t) => {
    const world = new World()
    world.rules = [{ seconds: 1, changes: 1 }]
    Object.assign(world, { changes: 1, failures: 1, attemptedAtMs: world.nowMs })
    world.nowMs += 5000
    t.strictSame(world.tick(), [])
    world.nowMs += 1
    t.strictSame(world.tick(), ['save'])
    Object.assign(world, { isSaving: false, failures: 4 })
    world.nowMs += 10_000
    t.strictSame(world.tick(), [])
    world.nowMs += 1
    t.strictSame(world.tick(), ['save'])
  })

  await t.test('does not ask again and again for a save that cannot begin', async (t) => {
    const world = new World()
    world.rules = [{ seconds: 1, changes: 1 }]
    Object.assign(world, { changes: 1, refusal: new Error('no') })
    world.nowMs += 1001
    t.strictSame(world.tick(), ['save'])
    world.nowMs += 5000
    t.strictSame(world.tick(), [])
    world.nowMs += 1
    t.strictSame(world.tick(), ['save'])
  })

  await t.test('tells whoever waits that it could not begin, or was given up', async (t) => {
    const world = new World()
    world.isSaving = true
    const refused = world.scheduler.schedule()
    Object.assign(world, { isSaving: false, refusal: new Error('no') })
    world.tick()
    await t.rejects(refused, { message: 'no' })
    world.isSaving = true
    const ended = world.scheduler.schedule()
    world.scheduler.giveUp('ERR_SNAPFORK_CLOSED')
    await t.rejects(ended, { code: 'ERR_SNAPFORK_CLOSED' })
  })
})
