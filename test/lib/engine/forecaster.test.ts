import { readdirSync } from 'node:fs'
import t from 'tap'
import { ENCODE_BYTES_PER_SECOND, encodeRate, ratesHere } from '../../../dist/engine/forecaster.js'
import { open } from '../../../dist/index.js'

const MIB = 2 ** 20
const DISK = { bytesPerSecond: 200e6, syncMs: 5 }

t.test('what was learnt and what was measured are weighed', async (t) => {
  t.equal(encodeRate(null, null), ENCODE_BYTES_PER_SECOND)
  t.equal(encodeRate(50e6, DISK), 50e6, 'the child is slower than the disk')
  t.equal(encodeRate(190e6, DISK), ENCODE_BYTES_PER_SECOND, 'the disk held it up')
  t.equal(encodeRate(900e6, DISK), 900e6)
  t.equal(encodeRate(50e6, null), 50e6)

  t.equal(ratesHere(null, null), null)
  t.equal(ratesHere(null, DISK), DISK)
  t.equal(ratesHere(50e6, DISK), DISK)
  t.strictSame(ratesHere(190e6, DISK), { bytesPerSecond: 190e6, syncMs: 5 })
  t.strictSame(ratesHere(900e6, DISK), { bytesPerSecond: 900e6, syncMs: 5 })
  t.strictSame(ratesHere(50e6, null), { bytesPerSecond: 50e6, syncMs: 0 })
})

t.test('db.forecast()', async (t) => {
  await t.test('speaks of an engine as it is', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir, appendonly: false })
    t.teardown(() => db.close())
    const empty = await db.forecast()
    t.strictSame(
      [empty.snapshotBytes, empty.changesPerSecond, empty.changedEntriesPerSecond, empty.fitsDisk],
      [0, 0, 0, true],
    )
    t.ok(empty.here !== null && empty.here.durationMs > 0 && empty.here.fits)
    for (let index = 0; index < 20_000; ++index) db.set(`key:${index}`, 'a'.repeat(90))
    const full = await db.forecast()
    t.ok(full.snapshotBytes > 2e6 && full.snapshotBytes < 3e6, `${full.snapshotBytes}`)
    t.ok(full.changesPerSecond > 0)
    t.ok(full.changedEntriesPerSecond > 0 && full.changedEntriesPerSecond <= 20_000)
    t.ok((full.here?.extraBytes ?? 0) > (empty.here?.extraBytes ?? 0))
    t.equal(full.here?.syncMs, empty.here?.syncMs, 'the disk is measured once')
    t.ok((full.headroomBytes ?? 0) > 0)
    t.equal(full.tightest?.freeBytes, full.headroomBytes)
    t.strictSame(readdirSync(dir), ['snapfork.lock'])
  })

  await t.test('learns the length of the file from a save, and from a load', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir })
    for (let index = 0; index < 20_000; ++index) db.set(`key:${index}`, 'a'.repeat(900))
    const { bytes } = await db.bgsave()
    t.ok(bytes < 2e6, 'it is compressed')
    t.equal((await db.forecast()).snapshotBytes, bytes)
    await db.close()
    const again = await open({ dir })
    t.teardown(() => again.close())
    t.equal((await again.forecast()).snapshotBytes, bytes)
  })

  await t.test('does not measure the disk while a child saves', async (t) => {
    const db = await open({ dir: t.testdir() })
    t.teardown(() => db.close())
    const saved = db.bgsave()
    const { here, typical } = await db.forecast()
    await saved
    t.equal(here, null)
    t.ok(typical.hdd.durationMs > 0)
    t.not((await db.forecast()).here, null)
  })

  await t.test('learns from a save how fast the child is', async (t) => {
    const db = await open({ dir: t.testdir(), rdbcompression: false })
    t.teardown(() => db.close())
    const value = 'a'.repeat(MIB)
    for (let index = 0; index < 40; ++index) db.set(`key:${index}`, value)
    const { bytes, durationMs } = await db.bgsave()
    t.ok(bytes > 40 * MIB)
    const { here } = await db.forecast()
    // The same again, and the syncs, which it cannot tell apart from the rest.
    const expected = durationMs + 2 * (here?.syncMs ?? 0)
    t.ok(Math.abs((here?.durationMs ?? 0) - expected) < 1, `${here?.durationMs}, ${expected}`)
  })

  await t.test('is refused after close(), which waits for a measurement', async (t) => {
    const dir = t.testdir()
    const db = await open({ dir })
    const forecast = db.forecast().catch((error) => error)
    await db.close()
    t.strictSame(readdirSync(dir), ['snapfork.lock'])
    // It may have been ready just before.
    const outcome = await forecast
    t.ok('typical' in outcome || outcome.code === 'ERR_SNAPFORK_CLOSED', outcome)
    await t.rejects(db.forecast(), { code: 'ERR_SNAPFORK_CLOSED' })
  })
})
