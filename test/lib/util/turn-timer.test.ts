import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { TurnTimer } from '../../../dist/util/turn-timer.js'

t.test('TurnTimer', async (t) => {
  await t.test('takes a turn after each rest that the one before asked for', async (t) => {
    let turns = 0
    const done = new Promise<void>((resolve) => {
      const timer = new TurnTimer(1, () => {
        if (++turns < 3) return 1
        resolve()
        return 60_000
      })
      timer.start()
      t.teardown(() => timer.stop())
    })
    t.equal(turns, 0, 'not at once')
    // The timer keeps nothing alive by itself.
    const alive = setInterval(() => {}, 1000)
    await done
    clearInterval(alive)
    t.equal(turns, 3)
  })

  await t.test('takes none once it is stopped', async (t) => {
    let turns = 0
    const timer = new TurnTimer(1, () => ++turns)
    timer.start()
    timer.stop()
    await sleep(30)
    t.equal(turns, 0)
  })
})
