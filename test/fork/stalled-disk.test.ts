/**
 * A disk that stands still: the event loop goes on, nothing counts as durable, what was logged
 * meanwhile is there in the end, and memory is bounded.
 */

import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { open, type SnapforkError } from '../../dist/index.js'
import { mountDisk, stallProblem } from '../support/faults.js'

const COMMANDS = 20_000
const DISK_MIB = 64
/** For more than may wait for the disk. */
const LARGE_DISK_MIB = 600
const LARGE_VALUE = 'x'.repeat(2 ** 20)
const WAITING_MIB_MAX = 256

t.test('A save that begins on a disk that stands still', { skip: stallProblem() }, async (t) => {
  const disk = mountDisk(t, DISK_MIB)
  const db = await open({ dir: join(disk.dir, 'data'), hugePages: false })
  for (let index = 0; index < COMMANDS; ++index) db.set(`key:${index}`, 'value')
  disk.freeze()
  let hasEnded = false
  const saved = db.bgsave().finally(() => {
    hasEnded = true
  })
  // It is the child that waits for its file: who is here goes on, and thaws the disk.
  await sleep(200)
  t.notOk(hasEnded)
  t.equal(db.set('meanwhile', 'value'), 'OK')
  disk.thaw()
  t.equal((await saved).keys, COMMANDS)
  await db.close()
})

t.test('A log on a disk that stands still', { skip: stallProblem() }, async (t) => {
  for (const appendfsync of ['always', 'everysec', 'no'] as const) {
    await t.test(`keeps nobody waiting, synced ${appendfsync}`, async (t) => {
      const disk = mountDisk(t, DISK_MIB)
      const dir = join(disk.dir, 'data')
      const db = await open({ dir, appendonly: true, appendfsync, hugePages: false })
      db.set('before', '1')
      await db.durable()
      disk.freeze()
      for (let index = 0; index < COMMANDS; ++index) {
        db.set(`key:${index}`, 'value')
        if (index % 100 === 0) await nextTurn()
      }
      t.equal(db.get(`key:${COMMANDS - 1}`), 'value')
      let isDurable = false
      const durable = db.durable().then(() => {
        isDurable = true
      })
      await sleep(200)
      t.notOk(isDurable, 'nothing is durable while the disk stands still')
      disk.thaw()
      await durable
      const digest = db.digest()
      await db.close()
      const again = await open({ dir, appendonly: true, hugePages: false })
      t.equal(again.dbsize(), COMMANDS + 1)
      t.equal(again.digest(), digest)
      await again.close()
    })
  }

  await t.test('takes no writes when too much waits, and goes on by itself', async (t) => {
    const disk = mountDisk(t, LARGE_DISK_MIB)
    const dir = join(disk.dir, 'data')
    const db = await open({ dir, appendonly: true, hugePages: false })
    db.set('before', '1')
    await db.durable()
    disk.freeze()
    let taken = 0
    const isTaken = () => {
      try {
        db.set(`key:${taken % 10}`, `${taken}${LARGE_VALUE}`)
        taken += 1
        return true
      } catch (error) {
        if ((error as SnapforkError).code === 'ERR_SNAPFORK_LOG_FAILED') return false
        throw error
      }
    }
    while (isTaken()) await nextTurn()
    t.ok(taken >= WAITING_MIB_MAX, `${taken} MiB were taken`)
    t.ok(taken <= WAITING_MIB_MAX + 10, `${taken} MiB were taken`)
    t.equal(db.get('before'), '1')
    t.throws(() => db.incr('before'), { code: 'ERR_SNAPFORK_LOG_FAILED' })
    disk.thaw()
    while (!isTaken()) await sleep(10)
    await db.durable()
    t.equal(db.incr('before'), 2)
    const digest = db.digest()
    await db.close()
    const again = await open({ dir, appendonly: true, hugePages: false })
    t.equal(again.digest(), digest)
    await again.close()
  })
})
