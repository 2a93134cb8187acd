import t from 'tap'
import { entriesAtPeak, FIXED_MS, overheadBytes } from '../../../dist/engine/forecast.js'
import { SaveHistory } from '../../../dist/engine/save-history.js'
import type { SnapshotReport } from '../../../dist/index.js'

function report(bytes: number, durationMs: number, extraBytes = 0, keys = 1e6): SnapshotReport {
  const cow = { extraBytes } as SnapshotReport['cow']
  return { kind: 'rdb', path: '', pid: 1, forkMicros: 1, keys, bytes, durationMs, cow }
}

const AROUND = { usedBytes: 100e6, metaBytes: 1e6, changes: 0 }

t.test('SaveHistory', async (t) => {
  await t.test(
    'knows nothing at first, and takes a file to be as long as its content',
    async (t) => {
      const history = new SaveHistory()
      t.equal(history.fileBytes(1000), 1000)
      t.equal(history.bytesPerSecond, null)
      t.equal(history.bytesPerEntry, null)
    },
  )

  await t.test('learns how long files are, from a load or the last save', async (t) => {
    const history = new SaveHistory()
    history.learnSize(50, 100)
    t.equal(history.fileBytes(1000), 500)
    history.learnSize(0, 0)
    t.equal(history.fileBytes(1000), 500)
    history.learn(report(80e6, 1000), AROUND)
    t.equal(history.fileBytes(1000), 800)
  })

  await t.test('learns a rate, the newest save counting half', async (t) => {
    const history = new SaveHistory()
    history.learn(report(100e6, FIXED_MS + 500), AROUND)
    t.equal(history.bytesPerSecond, 200e6)
    history.learn(report(100e6, FIXED_MS + 1000), AROUND)
    t.equal(history.bytesPerSecond, 150e6)
    history.learn(report(1e6, 500), AROUND)
    t.equal(history.bytesPerSecond, 150e6, 'a short save teaches none')
  })

  await t.test('learns what a change costs, where there were enough of them', async (t) => {
    const history = new SaveHistory()
    const entries = entriesAtPeak(1e6, 1e7)
    const extraBytes = overheadBytes(1e6, entries) + 150 * entries
    history.learn(report(100e6, 1000, extraBytes), { ...AROUND, changes: null })
    history.learn(report(100e6, 1000, extraBytes), { ...AROUND, changes: 1000 })
    t.equal(history.bytesPerEntry, null)
    history.learn(report(100e6, 1000, extraBytes), { ...AROUND, changes: 1e7 })
    t.ok(Math.abs((history.bytesPerEntry ?? 0) - 150) < 0.1, `${history.bytesPerEntry}`)
    history.learn(report(100e6, 1000, 0), { ...AROUND, changes: 1e7 })
    t.ok(Math.abs((history.bytesPerEntry ?? 0) - 75) < 0.1, `${history.bytesPerEntry}`)
  })
})
