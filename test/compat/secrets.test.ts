/**
 * What MONITOR, SLOWLOG and ACL LOG show of commands, and that they show no passwords: as
 * redis-server.
 */

import t, { type Test } from 'tap'
import { serve } from '../support/our-server.js'
import { parseRaw, RawClient } from '../support/raw-client.js'
import { startRedis } from '../support/redis-server.js'
import { compareSessions } from '../support/sessions.js'

const HASH = 'ab'.repeat(32)
const SECRET = 'shibboleth'

/** Of both kinds: with the secret in a place of its own, and in others. */
const WITH_SECRETS = `
  AUTH ${SECRET}
  AUTH default ${SECRET}
  AUTH nobody ${SECRET}
  AUTH a b c
  HELLO 3 AUTH default ${SECRET}
  HELLO 3 auth default ${SECRET} SETNAME x
  HELLO 2 SETNAME x AUTH default ${SECRET}
  HELLO 3 AUTH default
  HELLO 3 AUTH default ${SECRET} AUTH nobody ${SECRET}
  HELLO x AUTH default word
  HELLO 9 AUTH default word
  HELLO 3 NONSENSE AUTH default word
  HELLO 3 SETNAME x default AUTH word
  HELLO 2
  CONFIG SET masterauth ${SECRET}
  CONFIG SET MasterAuth ${SECRET}
  CONFIG SET masteruser ${SECRET}
  CONFIG SET maxmemory 0 masterauth ${SECRET} appendonly no
  CONFIG SET nosuch x masterauth ${SECRET}
  CONFIG SET masterauth ${SECRET} masterauth ${SECRET}
  CONFIG SET masterauth ${SECRET} b masterauth
  CONFIG SET requirepass ${SECRET} maxmemory zzz
  CONFIG SET maxmemory 0 masterauth
  CONFIG SET requirepass ""
  CONFIG GET requirepass
  ACL SETUSER bob on >${SECRET}
  ACL SETUSER bob <${SECRET}
  ACL SETUSER bob on ~* #${HASH} +@all
  ACL SETUSER bob !${HASH}
  ACL SETUSER bob nosuch >${SECRET}
  ACL SETUSER
  ACL GETUSER bob
  ACL DELUSER bob
  MIGRATE h 1 nokey 0 10 AUTH ${SECRET}
  MIGRATE h 1 nokey 0 10 copy auth2 ${SECRET} ${SECRET} REPLACE
  MIGRATE h 1 nokey 0 10 NONSENSE AUTH word
  MULTI
  AUTH default ${SECRET}
  CONFIG SET masterauth ${SECRET}
  HELLO 2 AUTH default ${SECRET}
  ACL SETUSER bob >${SECRET}
  EXEC
`

const SESSIONS: Readonly<Record<string, string>> = {
  'shows no secrets': `m: MONITOR\n${WITH_SECRETS}`,
  'shows a command when it has run': `
    m: MONITOR
    MULTI
    SET a 1
    GET a
    EXEC
    EXEC
    MULTI
    NOSUCH
    EXEC
    SELECT 3
    GET a
    RESET
    GET
    LPUSH a 1
    BLPOP l 0
    b: RPUSH l 1
    BLPOP l 0.05
    -- 100
    CONFIG GET databases
    ACL WHOAMI
    m: PING
    m: HELLO 3 SETNAME x
    PING
  `,
  'shows a script before what it calls': `
    m: MONITOR
    EVAL "redis.call('set','x','1') return redis.call('get','x')" 0
    EVAL "redis.call('select', '5') return redis.call('get', 'x')" 0
    EVAL "redis.call('set', 's', '1') return redis.pcall('lpush', 's', 'x')" 0
    EVAL "return redis.pcall('lpush', 's')" 0
    EVAL "return redis.call('nosuch')" 0
    EVAL "return redis.call('publish', 'a', 'b')" 0
    EVAL_RO "return redis.call('get','x')" 0
    EVALSHA 0000000000000000000000000000000000000000 0
    EVAL "return 1" x
    FCALL nosuch 0
    MULTI
    EVAL "return redis.call('get','x')" 0
    PING
    EXEC
  `,
}

/** What SLOWLOG GET tells, but for numbers, times and places. */
function wordsOf(slow: string): string[] {
  return parseRaw(slow).items.map(({ items: [, , , words, , name] }) => {
    return JSON.stringify([words?.items.map(({ text }) => text), name?.text])
  })
}

function connect(t: Test, path: string): Promise<RawClient> {
  return RawClient.connect({ path }, 2).then((client) => {
    t.teardown(() => client.close())
    return client
  })
}

function linesOf(text: string): string[][] {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter(Boolean).map((line) => {
    return line.split(' ').map((word) => (word === '""' ? '' : word))
  })
}

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

t.test('MONITOR', { skip }, async (t) => {
  if (redis === null) return
  await compareSessions(t, redis, SESSIONS)
})

t.test('SLOWLOG', { skip }, async (t) => {
  if (redis === null) return
  await (await redis.connect()).send('ACL', 'DELUSER', 'bob')
  const { path } = await serve(t)
  const [ours, theirs] = [await connect(t, path), await connect(t, redis.socketPath)]
  const both = (...words: string[]) => {
    return Promise.all([ours.send(...words), theirs.send(...words)])
  }

  await t.test('shows no secrets', async (t) => {
    await both('CONFIG', 'SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '1000')
    await both('SLOWLOG', 'RESET')
    for (const words of linesOf(WITH_SECRETS)) await both(...words)
    const [a, b] = await both('SLOWLOG', 'GET', '-1')
    t.same(wordsOf(a), wordsOf(b))
    t.notMatch(a, SECRET)
  })

  await t.test('has a command that waited when it was served', async (t) => {
    await both('SLOWLOG', 'RESET')
    const served = [await connect(t, path), await connect(t, redis.socketPath)]
    const replies = served.map((one) => one.send('BLPOP', 'none', 'list', '5'))
    await both('PING')
    await both('RPUSH', 'list', 'x')
    await Promise.all(replies)
    await both('BLPOP', 'none', '0.01')
    const [a, b] = await both('SLOWLOG', 'GET', '-1')
    t.same(wordsOf(a), wordsOf(b))
  })

  await t.test('keeps the passwords of key files back, too', async (t) => {
    for (const name of ['tls-key-file-pass', 'tls-client-key-file-pass']) {
      await ours.send('CONFIG', 'SET', name, SECRET)
    }
    t.notMatch(await ours.send('SLOWLOG', 'GET', '-1'), SECRET)
  })
})

t.test('ACL LOG', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const { path } = await serve(t)
  const [a, b] = await Promise.all(
    [path, redis.socketPath].map(async (place) => {
      const talker = await connect(t, place)
      await talker.send('ACL', 'LOG', 'RESET')
      await talker.send('ACL', 'SETUSER', 'eve', 'on', '>p', '~k*', '+get', '+auth')
      await talker.send('aUTH', 'bob', SECRET)
      await talker.send('HELLO', '3', 'AUTH', 'eve', SECRET)
      const other = await connect(t, place)
      await other.send('AUTH', 'eve', 'p')
      await other.send('CONFIG', 'SET', 'masterauth', SECRET)
      await other.send('ACL', 'SETUSER', 'eve', `>${SECRET}`)
      await other.send('GET', 'other')
      const log = await talker.send('ACL', 'LOG')
      t.notMatch(log, SECRET)
      return parseRaw(log).items.map(({ items }) => items.slice(0, 10))
    }),
  )
  t.same(a, b, 'counts, reasons, contexts, objects and names')
})
