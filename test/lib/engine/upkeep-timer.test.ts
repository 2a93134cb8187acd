import t from 'tap'
import { UpkeepTimer } from '../../../dist/engine/upkeep-timer.js'

t.test('UpkeepTimer', async (t) => {
  await t.test('comes back until nothing is due, a slice at a time', async (t) => {
    let due = 12_345
    let calls = 0
    const timer = new UpkeepTimer((limit) => {
      calls += 1
      const removed = Math.min(limit, due)
      due -= removed
      return removed
    })
    timer.start()
    while (due > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    timer.stop()
    t.ok(calls >= 124)
  })
  await t.test('does nothing after it was stopped', async (t) => {
    let calls = 0
    const timer = new UpkeepTimer(() => {
      calls += 1
      return 0
    })
    timer.start()
    timer.stop()
    await new Promise((resolve) => setTimeout(resolve, 250))
    t.equal(calls, 0)
  })
})
