import t from 'tap'
import {
  isSaveDue,
  mayRetry,
  parseSaveRules,
  retryDelayMs,
  type SaveState,
} from '../../../dist/util/save-rules.js'

const IDLE: SaveState = {
  nowMs: 1_000_000,
  savedAtMs: 1_000_000,
  attemptedAtMs: null,
  failures: 0,
  changes: 0,
}

t.test('isSaveDue()', async (t) => {
  const rules = [
    { seconds: 3600, changes: 1 },
    { seconds: 60, changes: 10_000 },
  ]
  const isDue = (state: Partial<SaveState>) => isSaveDue(rules, { ...IDLE, ...state })

  await t.test('is what one of the rules asks for, in more than its time', async (t) => {
    const after = (seconds: number, changes: number) =>
      isDue({ nowMs: IDLE.savedAtMs + seconds * 1000, changes })
    t.notOk(after(3600, 1), 'not at the second itself')
    t.ok(after(3600.001, 1))
    t.notOk(after(10_000, 0))
    t.notOk(after(60.001, 9999))
    t.ok(after(60.001, 10_000))
    t.notOk(after(59, 1_000_000))
  })

  await t.test('is never without rules, and without changes only for a rule of none', async (t) => {
    t.notOk(isSaveDue([], { ...IDLE, nowMs: 1e12, changes: 1e9 }))
    t.ok(isSaveDue([{ seconds: 1, changes: 0 }], { ...IDLE, nowMs: IDLE.savedAtMs + 1001 }))
  })

  await t.test('waits behind a failure, counted from the attempt', async (t) => {
    const due = { savedAtMs: 0, changes: 1, nowMs: 10_000_000, failures: 1 }
    t.notOk(isDue({ ...due, attemptedAtMs: due.nowMs - 5000 }))
    t.ok(isDue({ ...due, attemptedAtMs: due.nowMs - 5001 }))
    t.ok(isDue({ ...due, attemptedAtMs: due.nowMs, failures: 0 }), 'not behind a success')
  })
})

t.test('retryDelayMs()', async (t) => {
  await t.test('is five seconds, and doubles from the fourth failure on, to a limit', async (t) => {
    const delays = [0, 1, 2, 3, 4, 5, 9, 10, 1000].map(retryDelayMs)
    t.strictSame(delays, [0, 5000, 5000, 5000, 10_000, 20_000, 320_000, 320_000, 320_000])
  })
})

t.test('mayRetry()', async (t) => {
  await t.test('asks for no time where nothing has failed', async (t) => {
    t.ok(mayRetry(IDLE))
    t.ok(mayRetry({ ...IDLE, attemptedAtMs: IDLE.nowMs }))
    t.notOk(mayRetry({ ...IDLE, attemptedAtMs: IDLE.nowMs - 9000, failures: 4 }))
    t.ok(mayRetry({ ...IDLE, attemptedAtMs: IDLE.nowMs - 10_001, failures: 4 }))
  })
})

t.test('parseSaveRules()', async (t) => {
  await t.test("takes pairs and Redis's text alike", async (t) => {
    const rules = [
      { seconds: 3600, changes: 1 },
      { seconds: 300, changes: 100 },
    ]
    t.strictSame(parseSaveRules('3600 1 300 100'), rules)
    t.strictSame(
      parseSaveRules([
        [3600, 1],
        [300, 100],
      ]),
      rules,
    )
    t.strictSame(parseSaveRules(''), [])
  })

  await t.test('takes nothing else', async (t) => {
    for (const wrong of ['1', '0 1', '1 -1', 'a b', '1 1 1', '1.5 1', '1e3 1']) {
      t.equal(parseSaveRules(wrong), null, wrong)
    }
    for (const wrong of [[1, 1], [[1]], [['1', '1']], [[0, 1]], [[1, -1]], [[1, 1, 1]]]) {
      t.equal(parseSaveRules(wrong), null, JSON.stringify(wrong))
    }
  })
})
