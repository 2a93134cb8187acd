/**
 * The event loop while a large file is loaded.
 *
 * Method: a timer that counts. Not how long its ticks took is looked at, but that there are many:
 * a load that holds the loop lets through none.
 */

import { join } from 'node:path'
import t from 'tap'
import { type LoadProgressEvent, open } from '../../../dist/index.js'

const KEYS = 1_000_000
const TICKS_MIN = 20

t.test('A file of a million keys', async (t) => {
  const dir = t.testdir()
  const engine = await open({ dir })
  const value = 'v'.repeat(64)
  for (let index = 0; index < KEYS; ++index) engine.set(`key:${index}`, value)
  const digest = engine.digest()
  const { bytes } = engine.save()
  await engine.close()

  const events: LoadProgressEvent[] = []
  let ticks = 0
  const timer = setInterval(() => {
    ticks += 1
  }, 1)
  const again = await open({ dir, onLoadProgress: (event) => events.push(event) })
  clearInterval(timer)
  t.teardown(() => again.close())

  await t.test('leaves the event loop free while it is loaded', async (t) => {
    t.comment(`${ticks} ticks`)
    t.ok(ticks >= TICKS_MIN)
    t.equal(again.dbsize(), KEYS)
    t.equal(again.digest(), digest)
  })

  await t.test('tells how far it is, and at the end that it is all there', async (t) => {
    t.comment(`${events.length} events`)
    t.ok(events.length >= 2, 'at least one on the way')
    t.equal(events[0]?.path, join(dir, 'dump.rdb'))
    for (const [index, event] of events.entries()) {
      const before = events[index - 1] ?? { bytes: 0, keys: 0 }
      t.ok(event.bytes >= before.bytes && event.bytes <= bytes)
      t.ok(event.keys >= before.keys && event.keys <= KEYS)
      t.equal(event.totalBytes, bytes)
    }
    const { path: _, ...last } = events.at(-1) as LoadProgressEvent
    t.strictSame(last, { bytes, totalBytes: bytes, keys: KEYS })
  })
})
