/**
 * What an engine keeps of its saves, from end to end: counters, INFO, the file.
 */

import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { SaveCosts, snakeCase } from '../../../dist/engine/save-costs.js'
import {
  open,
  readSaveRecords,
  type Snapfork,
  type SnapforkError,
  type SnapshotReport,
} from '../../../dist/index.js'
import { childOf } from '../../support/children.js'
import { makeCow, makeRecord } from '../../support/save-records.js'

t.test('SaveCosts adds up by kind and outcome', async (t) => {
  const costs = new SaveCosts(null, () => {})
  t.equal(costs.facts.last, null)
  costs.add(makeRecord({ forkMicros: 100, durationMs: 5 }))
  costs.add(makeRecord({ outcome: 'failed', forkMicros: 300, durationMs: 9 }))
  costs.add(makeRecord({ kind: 'rewrite', forkMicros: 50, cow: makeCow({ hugePages: null }) }))
  const refused = makeRecord({ outcome: 'failed', forkMicros: null, cow: null })
  costs.add(refused)
  const { kinds, copiedPages, splitHugePages, last } = costs.facts
  t.strictSame(kinds.snapshot.ended, { saved: 1, failed: 2, canceled: 0 })
  t.strictSame(kinds.rewrite.ended, { saved: 1, failed: 0, canceled: 0 })
  t.match(kinds.snapshot.forks, { count: 2, sum: 400, longest: 300 })
  t.match(kinds.snapshot.durations, { count: 1, sum: 5000 })
  t.match(kinds.rewrite.forks, { count: 1, sum: 50 })
  t.match(copiedPages, { data: 3 * 1280, meta: 6, rest: 0 })
  t.equal(splitHugePages, 14)
  t.equal(last?.kind, 'rewrite')
  t.equal(snakeCase('jsHeap'), 'js_heap')
})

/** A save whose child stands still, and its end. */
function startStopped(db: Snapfork): { pid: number; saved: Promise<SnapshotReport> } {
  let saved: Promise<SnapshotReport> | null = null
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  process.kill(pid, 'SIGSTOP')
  return { pid, saved: saved as unknown as Promise<SnapshotReport> }
}

t.test('An engine', async (t) => {
  await t.test('keeps a record of each save and rewrite, however it ended', async (t) => {
    const dir = t.testdir()
    const options = { dir, reportFile: 'saves.jsonl', appendonly: true, cowHeatMap: true }
    const db = await open({ ...options, autoAofRewritePercentage: 0 })
    const errors: SnapforkError[] = []
    db.on('report-error', (error) => errors.push(error))
    db.set('a', '1')
    const report = await db.bgsave()
    await db.bgrewriteaof()
    // So slow that no child is done before it is stopped.
    db.set('b', randomBytes(4 << 20))
    await db.configure({ saveRateLimit: 1 << 20 })
    const killed = startStopped(db)
    process.kill(killed.pid, 'SIGKILL')
    await t.rejects(killed.saved, { code: 'ERR_SNAPFORK_CHILD_DIED' })
    const canceled = startStopped(db)
    const busy = db.bgsave()
    await t.rejects(busy, { code: 'ERR_SNAPFORK_CHILD_ACTIVE' })
    db.flushall()
    await t.rejects(canceled.saved, { code: 'ERR_SNAPFORK_CANCELED' })
    t.match(db.info('cow'), /cow_fork_usec:count=3,sum=\d+,p50=\d+,p99=\d+,max=\d+\r\n/)
    t.match(db.info('cow'), /cow_save_usec:count=1,/)
    t.match(db.info('cow'), /cow_rewrite_usec:count=1,/)
    t.match(db.info('cow'), /cow_last_copied_pages:data=\d+,meta=\d+,index=0,scratch=\d+,js_heap=/)
    await db.close()
    const { records, skipped } = await readSaveRecords(join(dir, 'saves.jsonl'))
    t.match(records, [
      { kind: 'snapshot', outcome: 'saved', error: null, path: db.path, keys: 1, pid: report.pid },
      { kind: 'rewrite', outcome: 'saved', error: null },
      { outcome: 'failed', error: { code: 'ERR_SNAPFORK_CHILD_DIED', message: /phase/ } },
      { outcome: 'canceled', error: { code: 'ERR_SNAPFORK_CANCELED' } },
    ])
    t.strictSame([records.length, skipped, errors], [4, 0, []])
    t.strictSame(records[0]?.cow, JSON.parse(JSON.stringify(report.cow)))
    t.equal(records[0]?.forkMicros, report.forkMicros)
    t.notOk(readdirSync(dir).some((name) => name.endsWith('.tmp')))
  })

  await t.test('tells of a file that cannot be written, and saves all the same', async (t) => {
    const dir = t.testdir()
    mkdirSync(join(dir, 'saves.jsonl'))
    const db = await open({ dir, reportFile: 'saves.jsonl' })
    t.teardown(() => db.close())
    const told = new Promise<SnapforkError>((resolve) => db.once('report-error', resolve))
    await db.bgsave()
    t.match(await told, { code: 'ERR_SNAPFORK_IO', cause: { code: 'EISDIR' } })
    t.match(db.info('persistence'), 'rdb_last_bgsave_status:ok')
  })
})
