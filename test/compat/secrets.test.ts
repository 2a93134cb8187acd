/**
 * Passwords that commands bring: the slow log and monitors of a server of ours and of redis-server
 * show none of them.
 */

import t from 'tap'
import { serve } from '../support/our-server.js'
import { RawClient } from '../support/raw-client.js'
import { startRedis } from '../support/redis-server.js'
import { Talker } from '../support/talker.js'

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

const COMMANDS = [
  'AUTH secret',
  'AUTH default secret',
  'hello 2 auth default secret',
  'HELLO 2 AUTH default secret SETNAME name',
  'HELLO 2 SETNAME name',
  'ACL SETUSER somebody on >secret ~*',
  'ACL SETUSER somebody',
  'ACL DELUSER somebody',
  'CONFIG SET maxclients 100 masterauth secret',
  'CONFIG SET MASTERUSER secret',
  'MIGRATE h 1 nokey 0 10 AUTH secret',
  'MIGRATE h 1 nokey 0 10 copy auth2 secret secret REPLACE',
  'ECHO AUTH word',
]

t.test('Passwords of commands', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const { path } = await serve(t, { acllogMaxLen: 10 })
  const paths = [path, redis.socketPath]

  await t.test('are not in the slow log', async (t) => {
    const shown: string[][] = []
    for (const path of paths) {
      const client = await Talker.connect(t, path)
      await client.send('CONFIG', 'SET', 'slowlog-log-slower-than', '0')
      await client.send('SLOWLOG', 'RESET')
      for (const line of COMMANDS) await client.send(...line.split(' '))
      const entries = (await client.send('SLOWLOG', 'GET', '-1')) as unknown[][]
      shown.push(entries.map((entry) => (entry[3] as string[]).join(' ')))
    }
    t.strictSame(shown[0], shown[1])
    t.notMatch(shown[0]?.join(), 'secret')
    t.equal(shown[0]?.filter((line) => line.includes('(redacted)')).length, 10)
  })

  await t.test('are not shown to monitors', async (t) => {
    for (const path of paths) {
      const client = await Talker.connect(t, path)
      const monitor = await RawClient.connect({ path }, 2)
      t.teardown(() => monitor.close())
      await monitor.send('MONITOR')
      const lines = COMMANDS.filter((line) => /^(AUTH|hello|MIGRATE)/i.test(line))
      for (const line of lines) {
        const told = monitor.next()
        await client.send(...line.split(' '))
        const text = await told
        t.match(text, line.includes('secret') ? '(redacted)' : 'name')
        t.notMatch(text, 'secret')
      }
    }
  })
})
