import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { SnapforkError } from '../../../dist/index.js'
import { ReportFile, readSaveRecords } from '../../../dist/persist/report-file.js'
import { makeRecord } from '../../support/save-records.js'

function fail(error: SnapforkError): void {
  throw error
}

async function keysIn(path: string): Promise<number[]> {
  return (await readSaveRecords(path)).records.map(({ keys }) => keys)
}

t.test('ReportFile', async (t) => {
  await t.test('keeps records in their order, of several processes', async (t) => {
    const path = join(t.testdir(), 'saves.jsonl')
    for (const keys of [1, 2]) {
      const file = new ReportFile(path, fail)
      file.add(makeRecord({ keys }))
      file.add(makeRecord({ keys: keys * 10 }))
      await file.settled()
    }
    t.strictSame(await keysIn(path), [1, 10, 2, 20])
  })

  await t.test('is bounded, and leaves nothing beside it', async (t) => {
    const dir = t.testdir()
    const path = join(dir, 'saves.jsonl')
    const file = new ReportFile(path, fail)
    for (let keys = 0; keys < 200; ++keys) file.add(makeRecord({ keys }))
    await file.settled()
    const kept = await keysIn(path)
    t.ok(kept.length >= 32 && kept.length <= 64, `${kept.length} are kept`)
    t.strictSame(
      kept,
      kept.map((_, index) => 200 - kept.length + index),
    )
    t.strictSame(readdirSync(dir), ['saves.jsonl'])
  })

  await t.test('goes on behind a line that was cut', async (t) => {
    const path = join(t.testdir(), 'saves.jsonl')
    writeFileSync(path, 'no record\n{"version":1,"ki')
    const file = new ReportFile(path, fail)
    for (const keys of [1, 2]) file.add(makeRecord({ keys }))
    await file.settled()
    t.strictSame(await keysIn(path), [1, 2])
    t.equal((await readSaveRecords(path)).skipped, 2)
  })

  await t.test('drops what is no record when it is shortened', async (t) => {
    const path = join(t.testdir(), 'saves.jsonl')
    appendFileSync(path, 'no record\n'.repeat(63))
    const file = new ReportFile(path, fail)
    for (const keys of [1, 2, 3]) file.add(makeRecord({ keys }))
    await file.settled()
    t.strictSame(await keysIn(path), [1, 2, 3])
    t.equal(readFileSync(path, 'utf8').split('\n').length, 4)
  })

  await t.test('tells of a write that fails, and tries the next one', async (t) => {
    const dir = t.testdir()
    const path = join(dir, 'none', 'saves.jsonl')
    const errors: SnapforkError[] = []
    const file = new ReportFile(path, (error) => errors.push(error))
    file.add(makeRecord({ keys: 1 }))
    await file.settled()
    t.match(errors, [{ code: 'ERR_SNAPFORK_IO', cause: { code: 'ENOENT' } }])
    mkdirSync(join(dir, 'none'))
    file.add(makeRecord({ keys: 2 }))
    await file.settled()
    t.strictSame(await keysIn(path), [2])
    t.equal(errors.length, 1)
  })
})

t.test('readSaveRecords() rejects where there is no file', async (t) => {
  const path = join(t.testdir(), 'none')
  rmSync(path, { force: true })
  await t.rejects(readSaveRecords(path), { code: 'ERR_SNAPFORK_IO', cause: { code: 'ENOENT' } })
})
