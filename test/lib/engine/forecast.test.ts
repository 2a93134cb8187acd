import t from 'tap'
import {
  distinctEntries,
  entriesAtPeak,
  entryCost,
  FIXED_MS,
  type ForecastFacts,
  forecastOn,
  forecastTypical,
  overheadBytes,
} from '../../../dist/engine/forecast.js'

const MIB = 2 ** 20
const IDLE = 8 * MIB
const AHEAD = 16 * MIB

/** A million entries of 100 bytes. */
const FACTS: ForecastFacts = {
  snapshotBytes: 100e6,
  encodeBytesPerSecond: 500e6,
  changesPerSecond: 0,
  keys: 1e6,
  usedBytes: 100e6,
  metaBytes: 1e6,
  learntBytesPerEntry: null,
  headroomBytes: 100e6,
}
const DISK = { bytesPerSecond: 200e6, syncMs: 10 }

function isClose(found: number, expected: number): boolean {
  return Math.abs(found - expected) < 1e-6
}

t.test('distinctEntries()', async (t) => {
  t.equal(distinctEntries(0, 10), 0)
  t.equal(distinctEntries(10, 0), 0)
  t.equal(distinctEntries(1, 7), 1)
  t.ok(isClose(distinctEntries(2, 1), 1))
  // 2 (1 - 1/4), 3 (1 - 8/27)
  t.ok(isClose(distinctEntries(2, 2), 1.5))
  t.ok(isClose(distinctEntries(3, 3), 19 / 9))
  // As many as there are: all but 1/e.
  t.ok(Math.abs(distinctEntries(1e6, 1e6) - 1e6 * (1 - 1 / Math.E)) < 1)
  // No digit is lost where N is large and n small.
  t.ok(isClose(distinctEntries(1e12, 5), 5))
  t.equal(Math.round(distinctEntries(1000, 1e6)), 1000)
})

t.test('entriesAtPeak()', async (t) => {
  t.equal(entriesAtPeak(0, 10), 0)
  for (const changes of [1, 1000, 1e5, 1e6, 1e7, 1e9]) {
    let highest = 0
    for (let share = 0; share <= 1; share += 1e-4) {
      highest = Math.max(highest, (1 - share) * distinctEntries(1e6, share * changes))
    }
    const found = entriesAtPeak(1e6, changes)
    t.ok(found >= highest * 0.999999 && found <= highest * 1.01, `${found} and ${highest}`)
  }
  // Few changes: a quarter of them.
  t.ok(Math.abs(entriesAtPeak(1e9, 4000) - 1000) < 0.01)
})

t.test('forecastOn()', async (t) => {
  await t.test('takes the slower of child and disk, and two syncs', async (t) => {
    // 100 MB at 200 MB/s.
    t.equal(forecastOn(DISK, FACTS).durationMs, FIXED_MS + 500 + 20)
    // 100 MB at 500 MB/s.
    const fast = { bytesPerSecond: 2000e6, syncMs: 0.5 }
    t.equal(forecastOn(fast, FACTS).durationMs, FIXED_MS + 200 + 1)
  })

  await t.test('takes little memory where nothing is changed', async (t) => {
    const { extraBytes, changedEntries, fits } = forecastOn(DISK, FACTS)
    t.strictSame(
      { extraBytes, changedEntries, fits },
      { extraBytes: IDLE, changedEntries: 0, fits },
    )
    t.ok(fits)
  })

  await t.test('counts each entry that is changed once', async (t) => {
    const slow = { bytesPerSecond: 100e6, syncMs: 0 }
    const changesPerSecond = 1e6 / ((FIXED_MS + 1000) / 1000)
    const forecast = forecastOn(slow, { ...FACTS, changesPerSecond })
    // A million changes of a million entries hit 632,121 of them, of 100 bytes each; of these,
    // 199,346 cost at the same time.
    t.equal(Math.round(forecast.changedEntries), 632_121)
    t.ok(Math.abs(forecast.extraBytes - (IDLE + AHEAD + 2e6 + 199_346 * 100)) < 200)
    t.ok(forecast.fits)
    t.notOk(forecastOn(slow, { ...FACTS, changesPerSecond, headroomBytes: 40e6 }).fits)
    t.ok(forecastOn(slow, { ...FACTS, changesPerSecond, headroomBytes: null }).fits)
  })

  await t.test('takes no more than there is, however much is changed', async (t) => {
    const { extraBytes } = forecastOn(DISK, { ...FACTS, changesPerSecond: 1e12 })
    t.ok(extraBytes <= IDLE + AHEAD + 2e6 + 1e6 * 100)
    t.ok(extraBytes > IDLE + AHEAD + 2e6 + 0.999 * 1e6 * 100)
  })

  await t.test('is zero changes and a short time for an empty store', async (t) => {
    const empty = { ...FACTS, snapshotBytes: 0, keys: 0, usedBytes: 0, changesPerSecond: 1000 }
    const { durationMs, extraBytes } = forecastOn(DISK, empty)
    t.strictSame({ durationMs, extraBytes }, { durationMs: FIXED_MS + 20, extraBytes: IDLE })
  })

  await t.test('believes what was learnt if it is more, and of large values if less', async (t) => {
    const all = { changesPerSecond: 1e12 }
    const extra = (facts: Partial<ForecastFacts>) => {
      const { extraBytes } = forecastOn(DISK, { ...FACTS, ...all, ...facts })
      return extraBytes - overheadBytes(0, 1e6)
    }
    const isNearly = (found: number, expected: number) => {
      t.ok(found <= expected && found > 0.999 * expected, `${found} of ${expected}`)
    }
    const large = { keys: 1e6, usedBytes: 1e12, metaBytes: 0 }
    isNearly(extra(large), 1e12)
    isNearly(extra({ ...large, learntBytesPerEntry: 5000 }), 5e9)
    isNearly(extra({ ...large, learntBytesPerEntry: 10 }), 1e6 * 4096)
    const small = { keys: 1e6, usedBytes: 1e9, metaBytes: 0 }
    isNearly(extra({ ...small, learntBytesPerEntry: 10 }), 1e9)
  })
})

t.test('entryCost() and overheadBytes()', async (t) => {
  t.equal(entryCost(80_000, 1000), 80)
  t.equal(entryCost(2048, 1), 2048)
  t.equal(entryCost(32_768, 1), 32_768)
  t.equal(entryCost(32_769, 1), 10 * 4096)
  t.equal(entryCost(0, 0), 0)
  t.equal(overheadBytes(1e6, 0), IDLE)
  t.equal(overheadBytes(1e6, 3), IDLE + AHEAD + 2 * 3 * 4096)
  t.equal(overheadBytes(1e6, 1e6), IDLE + AHEAD + 2e6)
})

t.test('forecastTypical() knows three disks, the faster the shorter', async (t) => {
  const { hdd, sataSsd, nvme } = forecastTypical({ ...FACTS, changesPerSecond: 1e5 })
  // 100 MB at 150 and 450 MB/s, and at what the child makes.
  t.ok(isClose(hdd.durationMs, FIXED_MS + 100e6 / 150e3 + 50))
  t.ok(isClose(sataSsd.durationMs, FIXED_MS + 100e6 / 450e3 + 6))
  t.ok(isClose(nvme.durationMs, FIXED_MS + 200 + 2))
  t.ok(hdd.extraBytes > sataSsd.extraBytes && sataSsd.extraBytes > nvme.extraBytes)
})
