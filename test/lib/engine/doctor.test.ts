import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { doctor } from '../../../dist/index.js'
import { mountProblem, mountTmpfs } from '../../support/faults.js'

const MIB = 2 ** 20

t.test('doctor()', async (t) => {
  await t.test('looks at a directory with a snapshot, and leaves nothing in it', async (t) => {
    const dir = t.testdir({ 'dump.rdb': '' })
    truncateSync(join(dir, 'dump.rdb'), 300e6)
    const report = await doctor({ dir })
    t.equal(report.dir, dir)
    t.strictSame(report.snapshot, { path: join(dir, 'dump.rdb'), bytes: 300e6 })
    t.match(report.forecast, { snapshotBytes: 300e6, changesPerSecond: 10_000 })
    // 300 MB at 150 MB/s, with two syncs of 25 ms.
    t.equal(report.forecast.typical.hdd.durationMs, 15 + 2000 + 50)
    t.equal(report.forecast.here?.bytesPerSecond, report.diskSpeed?.bytesPerSecond)
    t.equal(report.forecast.here?.headroomBytes, report.memory.headroomBytes)
    t.equal(report.isHealthy, !report.findings.some(({ level }) => level === 'bad'))
    t.ok(report.findings.length > 10)
    t.strictSame(readdirSync(dir), ['dump.rdb'])
  })

  await t.test('takes another name, another rate, and no measurement', async (t) => {
    const dir = t.testdir({ 'a.rdb': 'REDIS0010' })
    const options = { dir, dbfilename: 'a.rdb', changesPerSecond: 0, measureDisk: false }
    const { snapshot, diskSpeed, forecast } = await doctor(options)
    t.equal(snapshot?.bytes, 9)
    t.equal(diskSpeed, null)
    t.equal(forecast.here, null)
    t.equal(forecast.typical.hdd.changedEntries, 0)
  })

  await t.test('forecasts for 1 GiB where there is no snapshot', async (t) => {
    const { snapshot, forecast } = await doctor({ dir: t.testdir(), measureDisk: false })
    t.equal(snapshot, null)
    t.equal(forecast.snapshotBytes, 2 ** 30)
  })

  await t.test('rejects what is no directory, and wrong options', async (t) => {
    const dir = t.testdir()
    const missing = doctor({ dir: join(dir, 'none') })
    await t.rejects(missing, { code: 'ERR_SNAPFORK_IO', cause: { code: 'ENOENT' } })
    const file = join(dir, 'file')
    writeFileSync(file, '')
    await t.rejects(doctor({ dir: file }), { code: 'ERR_SNAPFORK_IO', cause: { code: 'ENOTDIR' } })
    for (const changesPerSecond of [-1, Number.NaN, '1' as unknown as number]) {
      const wrong = doctor({ dir, changesPerSecond })
      await t.rejects(wrong, { code: 'ERR_SNAPFORK_INVALID_ARG' })
    }
    const wrong = doctor({ dir: 1 as unknown as string })
    await t.rejects(wrong, { code: 'ERR_SNAPFORK_INVALID_ARG' })
  })

  await t.test('takes the base of a log for the snapshot if it is longer', async (t) => {
    const base = 'appendonly.aof.1.base.rdb'
    const dir = t.testdir({
      'dump.rdb': 'short',
      appendonlydir: {
        'appendonly.aof.manifest': `file ${base} seq 1 type b\n`,
        [base]: 'longer than that',
      },
    })
    const found = await doctor({ dir, measureDisk: false })
    t.strictSame(found.snapshot, { path: join(dir, 'appendonlydir', base), bytes: 16 })
    t.equal(found.forecast.snapshotBytes, 16)
    writeFileSync(join(dir, 'appendonlydir', 'appendonly.aof.manifest'), 'no manifest\n')
    t.equal((await doctor({ dir, measureDisk: false })).snapshot?.bytes, 5)
  })

  await t.test('finds a disk without room bad', { skip: mountProblem() }, async (t) => {
    const dir = mountTmpfs(t, 'size=4m')
    writeFileSync(join(dir, 'dump.rdb'), Buffer.alloc(3 * MIB))
    const { isHealthy, findings, diskSpeed } = await doctor({ dir })
    const level = (id: string) => findings.find((finding) => finding.id === id)?.level
    t.equal(isHealthy, false)
    t.equal(level('disk-space'), 'bad')
    t.equal(level('file-system'), 'warn')
    t.equal(level('disk-speed'), 'note')
    t.equal(diskSpeed, null)
  })
})
