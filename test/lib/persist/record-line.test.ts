import t from 'tap'
import { formatRecord, parseRecord } from '../../../dist/persist/record-line.js'
import { makeCow, makeRecord } from '../../support/save-records.js'

t.test('A record', async (t) => {
  await t.test('comes back from its line as it was', async (t) => {
    const heatMap = { cellBytes: 2 << 20, pages: [0, 512] }
    const error = { code: 'ERR_SNAPFORK_IO', message: 'two\nlines' }
    for (const record of [
      makeRecord(),
      makeRecord({ cow: makeCow({ heatMap, hugePages: null, samples: [] }) }),
      makeRecord({ outcome: 'failed', error, pid: null, forkMicros: null, cow: null }),
    ]) {
      const line = formatRecord(record)
      t.notMatch(line, /\n/)
      t.strictSame(parseRecord(line), record)
    }
  })

  await t.test('is none if the line is cut, or anything in it is of another kind', async (t) => {
    const line = formatRecord(makeRecord())
    t.equal(parseRecord(line.slice(0, -1)), null)
    for (const text of ['', 'null', '[]', '7', '{}', '{"version":1}'])
      t.equal(parseRecord(text), null)
    for (const [from, to] of [
      ['"version":1', '"version":2'],
      ['"kind":"snapshot"', '"kind":"dump"'],
      ['"outcome":"saved"', '"outcome":null'],
      ['"path":"/data/dump.rdb"', '"path":7'],
      ['"durationMs":250', '"durationMs":"250"'],
      ['"durationMs":250', '"durationMs":-1'],
      ['"durationMs":250', '"durationMs":1e999'],
      ['"pageBytes":4096', '"pageBytes":0'],
      ['"atMs":10', '"atMs":null'],
      ['"samples":[', '"samples":[null,'],
      ['"split":7', '"split":{}'],
    ] as const) {
      t.ok(line.includes(from), from)
      t.equal(parseRecord(line.replace(from, to)), null, to)
    }
  })
})
