/**
 * Saves and rewrites that are asked for while a script is paused: they hold all that it does.
 */

import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { open } from '../../dist/index.js'
import { serve } from '../support/our-server.js'
import { ErrorReply, RespClient } from '../support/resp-client.js'

/** Counts before it is paused and behind that. */
const SCRIPT = `redis.call('INCR', KEYS[1])
  for i = 1, 20000000 do end
  return redis.call('INCR', KEYS[1])`

/** Starts the script, and waits until it is paused. What it comes to. */
async function pause(t: Test, path: string): Promise<() => Promise<unknown>> {
  const [runner, other] = [await RespClient.connect({ path }), await RespClient.connect({ path })]
  t.teardown(() => {
    runner.close()
    other.close()
  })
  const reply = runner.send('EVAL', SCRIPT, '1', 'n')
  const isBusy = async () => {
    const reply = await other.send('PING')
    return reply instanceof ErrorReply && reply.text.startsWith('BUSY')
  }
  while (!(await isBusy())) await sleep(1)
  return () => reply
}

t.test('While a script is paused', async (t) => {
  await t.test('a save waits for its end', async (t) => {
    const { path, db, dir } = await serve(t, { busyReplyThreshold: 1 })
    const reply = await pause(t, path)
    const report = await db.bgsave()
    t.equal(await reply(), 2)
    t.equal(report.keys, 1)
    const copy = join(dir, 'copy')
    mkdirSync(copy)
    copyFileSync(join(dir, 'dump.rdb'), join(copy, 'dump.rdb'))
    const saved = await open({ dir: copy, hugePages: false })
    t.equal(saved.call('GET', 'n'), '2')
    await saved.close()
  })

  await t.test('a rewrite of the log does', async (t) => {
    const { path, server, db, dir } = await serve(
      t,
      { busyReplyThreshold: 1 },
      { appendonly: true },
    )
    const reply = await pause(t, path)
    await db.bgrewriteaof()
    t.equal(await reply(), 2)
    await server.close()
    await db.close()
    const again = await open({ dir, appendonly: true, hugePages: false })
    t.equal(again.call('GET', 'n'), '2', 'nothing is in the base and in the file behind it')
    await again.close()
  })

  await t.test('so does the last save of a close', async (t) => {
    const { path, server, db, dir } = await serve(t, { busyReplyThreshold: 1 })
    const reply = await pause(t, path)
    const closed = db.close({ save: true })
    await reply().catch(() => {})
    await closed
    await server.close()
    const again = await open({ dir, hugePages: false })
    t.equal(again.call('GET', 'n'), '2')
    await again.close()
  })
})
