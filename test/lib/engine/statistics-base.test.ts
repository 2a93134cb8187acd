/** What INFO counts from CONFIG RESETSTAT on, while metrics go on. */

import t from 'tap'
import { metrics } from '../../../dist/index.js'
import { serve } from '../../support/our-server.js'
import { Talker } from '../../support/talker.js'

/** Fields of INFO, as it is told to a client. */
async function fieldsOf(client: Talker, ...names: string[]): Promise<number[]> {
  const info = String(await client.send('INFO', 'everything'))
  return names.map((name) => Number(new RegExp(`^${name}:(.*)\r$`, 'm').exec(info)?.[1]))
}

t.test('StatisticsBase', async (t) => {
  const { db, path } = await serve(t, {}, { appendonly: true })
  const client = await Talker.connect(t, path)
  const names = ['keyspace_hits', 'keyspace_misses', 'total_forks', 'rdb_saves', 'aof_rewrites']
  await client.send('SET', 'key', 'value')
  for (const key of ['key', 'none', 'none']) await client.send('GET', key)
  await db.bgsave()
  await db.bgrewriteaof()

  await t.test('takes off what was counted before', async (t) => {
    t.strictSame(await fieldsOf(client, ...names), [1, 2, 2, 1, 1])
    await client.send('CONFIG', 'RESETSTAT')
    t.strictSame(await fieldsOf(client, ...names), [0, 0, 0, 0, 0])
    t.strictSame(await fieldsOf(client, 'latest_fork_usec'), [0])
  })

  await t.test('counts what comes, again and again', async (t) => {
    await client.send('GET', 'key')
    await db.bgsave()
    t.strictSame(await fieldsOf(client, ...names), [1, 0, 1, 1, 0])
    await client.send('CONFIG', 'RESETSTAT')
    await client.send('GET', 'none')
    t.strictSame(await fieldsOf(client, ...names), [0, 1, 0, 0, 0])
  })

  await t.test('begins with a log that is switched on anew', async (t) => {
    await db.bgrewriteaof()
    await client.send('CONFIG', 'RESETSTAT')
    await client.send('CONFIG', 'SET', 'appendonly', 'no')
    await client.send('CONFIG', 'SET', 'appendonly', 'yes')
    const [rewrites = -1] = await fieldsOf(client, 'aof_rewrites')
    t.ok(rewrites >= 0, `${rewrites}`)
  })

  await t.test('leaves metrics as they are', async (t) => {
    t.match(metrics(db), /keyspace_hits_total 2\n/)
  })
})
