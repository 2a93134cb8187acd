import t from 'tap'
import { ChangeRate } from '../../../dist/engine/change-rate.js'

function setUp() {
  const world = { atMs: 0, changes: 5000, reads: 0 }
  const changes = () => {
    world.reads += 1
    return world.changes
  }
  const rate = new ChangeRate(changes, () => world.atMs)
  /** Lets time pass at a rate, with a turn of the upkeep timer every 100 ms. */
  const run = (ms: number, perSecond: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      world.atMs += 100
      world.changes += perSecond / 10
      rate.sample()
    }
  }
  return { world, rate, run }
}

t.test('ChangeRate', async (t) => {
  await t.test('counts from its beginning, not from that of the counter', async (t) => {
    const { rate, run } = setUp()
    t.equal(rate.perSecond(), 0)
    run(500, 200)
    t.equal(rate.perSecond(), 200)
  })

  await t.test('forgets what was ten seconds ago', async (t) => {
    const { rate, run } = setUp()
    run(60_000, 1000)
    t.equal(rate.perSecond(), 1000)
    run(5000, 0)
    t.ok(rate.perSecond() > 400 && rate.perSecond() < 600, `${rate.perSecond()}`)
    run(6000, 0)
    t.equal(rate.perSecond(), 0)
  })

  await t.test('reads the counter once a second', async (t) => {
    const { world, run } = setUp()
    run(10_000, 1)
    t.equal(world.reads, 11)
  })

  await t.test('divides by the time that passed, also where the loop stood still', async (t) => {
    const { world, rate } = setUp()
    world.atMs = 20_000
    world.changes += 1000
    t.equal(rate.perSecond(), 50)
  })

  await t.test('makes no large rate of a moment', async (t) => {
    const { world, rate } = setUp()
    world.atMs = 1
    world.changes += 10
    t.equal(rate.perSecond(), 100)
  })
})
