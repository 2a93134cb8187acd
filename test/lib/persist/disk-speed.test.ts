import { readdirSync, statfsSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { measureDisk } from '../../../dist/persist/disk-speed.js'
import { mountProblem, mountTmpfs } from '../../support/faults.js'

const MIB = 2 ** 20

t.test('measureDisk()', async (t) => {
  await t.test('gives a rate and times of syncs, and leaves nothing', async (t) => {
    const dir = t.testdir()
    const speed = await measureDisk(dir, { bytesMax: 8 * MIB })
    t.ok(speed.bytesPerSecond > 0)
    t.ok(speed.syncMs > 0 && speed.syncMs <= speed.syncMsMax)
    t.ok(speed.syncs >= 3)
    // What is written before the last piece is less than that.
    t.ok(speed.measuredBytes >= MIB && speed.writtenBytes <= 8 * MIB)
    t.ok(speed.measuredBytes > (speed.writtenBytes - speed.syncs * 4096) / 2)
    t.strictSame(readdirSync(dir), [])
  })

  await t.test('begins no second piece when the time is over', async (t) => {
    const { measuredBytes, syncs } = await measureDisk(t.testdir(), { msMax: 0 })
    t.equal(measuredBytes, MIB)
    t.equal(syncs, 3)
  })

  await t.test('rejects where nothing can be written', async (t) => {
    const missing = join(t.testdir(), 'none')
    await t.rejects(measureDisk(missing), { code: 'ERR_SNAPFORK_IO', cause: { code: 'ENOENT' } })
  })

  await t.test('keeps a reserve on a small disk', { skip: mountProblem() }, async (t) => {
    const dir = mountTmpfs(t, 'size=16m')
    let leastFree = Number.POSITIVE_INFINITY
    const watcher = watch(dir, () => {
      const { bavail, bsize } = statfsSync(dir)
      leastFree = Math.min(leastFree, bavail * bsize)
    })
    const { writtenBytes } = await measureDisk(dir, { reserveBytes: 8 * MIB })
    watcher.close()
    t.ok(writtenBytes > 0 && writtenBytes <= 8 * MIB, `${writtenBytes}`)
    t.ok(leastFree >= 8 * MIB && leastFree < 16 * MIB, `${leastFree}`)
    t.strictSame(readdirSync(dir), [])
  })

  await t.test('refuses a disk with less than the reserve', { skip: mountProblem() }, async (t) => {
    const dir = mountTmpfs(t, 'size=16m')
    await t.rejects(measureDisk(dir), { code: 'ERR_SNAPFORK_NO_SPACE' })
    const reserveBytes = 15.5 * MIB
    await t.rejects(measureDisk(dir, { reserveBytes }), { code: 'ERR_SNAPFORK_NO_SPACE' })
    t.strictSame(readdirSync(dir), [])
  })

  await t.test('cleans up on a disk that becomes full', { skip: mountProblem() }, async (t) => {
    const dir = mountTmpfs(t, 'size=4m')
    const filler = join(dir, 'filler')
    // Another program takes what is left, as soon as the file of the measurement is there.
    const watcher = watch(dir, () => {
      watcher.close()
      try {
        writeFileSync(filler, Buffer.alloc(8 * MIB))
      } catch (error) {
        t.match(error, { code: 'ENOSPC' })
      }
    })
    const measured = measureDisk(dir, { reserveBytes: 0, msMax: 10_000 })
    await t.rejects(measured, { code: 'ERR_SNAPFORK_NO_SPACE' })
    t.strictSame(readdirSync(dir), ['filler'])
  })
})
