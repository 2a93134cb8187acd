/**
 * MIGRATE from a server of ours and from redis-server, to both, and to others that are none.
 */

import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { collectionCommands, contentOf, ServerRunner } from '../support/collections.js'
import { EventListener } from '../support/event-listener.js'
import { type Answer, FalseTarget } from '../support/false-target.js'
import { serve } from '../support/our-server.js'
import { startRedis } from '../support/redis-server.js'
import { RespClient } from '../support/resp-client.js'
import { Talker } from '../support/talker.js'

const HOST = '127.0.0.1'

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

interface Side {
  readonly path: string
  readonly port: string
}

async function serveOurs(t: Test): Promise<Side> {
  const { path, server } = await serve(t, { port: 0, enableDebugCommand: 'yes' })
  return { path, port: String(server.port) }
}

const redisPort = await freePort()
const redis = await startRedis('--port', String(redisPort), '--bind', HOST)
const skip = redis === null && 'no redis-server on this machine'
const theirs: Side = { path: redis?.socketPath ?? '', port: String(redisPort) }

/** Words of a line; `''` is an empty one. */
function wordsOf(line: string): string[] {
  return line
    .trim()
    .split(/\s+/)
    .map((word) => (word === "''" ? '' : word))
}

/** Which keys hold what string in a database. */
async function stringsOf(talker: Talker): Promise<string[]> {
  const keys = (await talker.send('KEYS', '*')) as string[]
  const values = keys.sort().map(async (key) => `${key}=${await talker.send('GET', key)}`)
  return Promise.all(values)
}

/** Types and values, without the time they have left. */
async function valuesOf(client: RespClient): Promise<[string, unknown][]> {
  const content = await contentOf(new ServerRunner(client))
  return [...content].map(([key, parts]) => {
    const [type, , value] = parts as [string, unknown, unknown]
    return [key, [type, value]]
  })
}

/**
 * Lines are sent to the source, or behind `>` to the target; `TARGET` is its address. What both
 * reply, which events the source tells, and what is left in both.
 */
async function transcript(
  t: Test,
  ends: { source: Side; target: Side },
  lines: string,
): Promise<string[]> {
  const source = await Talker.connect(t, ends.source.path)
  const target = await Talker.connect(t, ends.target.path)
  for (const one of [source, target]) await one.send('FLUSHALL')
  await source.send('CONFIG', 'SET', 'notify-keyspace-events', 'KEAm')
  const listener = await EventListener.connect(ends.source.path)
  const told: string[] = []
  for (const line of lines.trim().split('\n')) {
    const [first = '', ...rest] = wordsOf(line.replace('TARGET', `${HOST} ${ends.target.port}`))
    const isForTarget = first === '>'
    const reply = isForTarget ? await target.send(...rest) : await source.send(first, ...rest)
    told.push(`${line.trim()}: ${JSON.stringify(reply)}`, ...(await listener.take()))
  }
  listener.close()
  await source.send('CONFIG', 'SET', 'notify-keyspace-events', '')
  await target.send('SELECT', '0')
  told.push('source', ...(await stringsOf(source)), 'target', ...(await stringsOf(target)))
  await source.send('SELECT', '0')
  return told
}

const TRANSCRIPTS: Readonly<Record<string, string>> = {
  'arguments that are none': `
    MIGRATE
    MIGRATE h 1 k 0
    SET k v
    MIGRATE TARGET k x 10
    MIGRATE TARGET k 0 x
    MIGRATE TARGET k 0 1.5
    MIGRATE TARGET k 0 10 FOO
    MIGRATE TARGET k x y FOO
    MIGRATE TARGET k 0 10 AUTH
    MIGRATE TARGET k 0 10 COPY AUTH2 u
    MIGRATE TARGET k 0 10 KEYS a
    MIGRATE TARGET k 0 10 KEYS
    MIGRATE TARGET k x 10 KEYS a
    MIGRATE TARGET '' 0 10 KEYS
    MIGRATE no.such.host.invalid 1 k 0 10
    MIGRATE '' 1 k 0 10
    MIGRATE ${HOST} 1 k 0 1000
    MIGRATE localhost 1 k 0 1000
    MIGRATE ::1 1 k 0 1000
    MIGRATE ${HOST} x k 0 1000
    MIGRATE ${HOST} 0 k 0 1000
  `,
  'keys that are not there': `
    MIGRATE TARGET nokey 0 10
    MIGRATE TARGET '' 0 10
    MIGRATE TARGET nokey 99999999999 99999999999
    MIGRATE ${HOST} 1 nokey 0 -5
    MIGRATE TARGET '' 0 10 copy Replace KEYS a b
    MIGRATE TARGET nokey 0 10 auth a AUTH2 b c
    SET gone v PXAT 1
    MIGRATE TARGET gone 0 10
  `,
  'one key': `
    SET k v
    MIGRATE TARGET k 0 1000
    MIGRATE TARGET k 0 1000
    SET k v2
    MIGRATE TARGET k 0 1000
    MIGRATE TARGET k 0 1000 COPY REPLACE
    MIGRATE TARGET k 0 0 REPLACE
    SET copied v
    MIGRATE TARGET copied 0 1000 COPY
    MIGRATE TARGET copied 0 1000 COPY
    SET '' empty
    MIGRATE TARGET '' 0 1000
    SET k 17
    MIGRATE localhost ${theirs.port} nokey 0 1000
  `,
  'several keys': `
    MSET a 1 b 2 c 3 d 4
    > MSET b x d y
    MIGRATE TARGET '' 0 1000 KEYS a nokey b c d
    MIGRATE TARGET '' 0 1000 REPLACE KEYS b d
    MSET twice 1
    MIGRATE TARGET '' 0 1000 KEYS twice twice
    MSET KEYS 1 e 2
    MIGRATE TARGET '' 0 1000 KEYS KEYS e
  `,
  'other databases': `
    SET k zero
    MIGRATE TARGET k 3 1000
    SELECT 2
    SET k two
    MIGRATE TARGET k 3 1000
    MIGRATE TARGET k 3 1000 REPLACE
    SET k five
    MIGRATE TARGET k 0 1000
    > SELECT 3
    > GET k
  `,
  'times to live': `
    SET k v PXAT 4102444800000
    MIGRATE TARGET k 0 1000
    > EXISTS k
    > PERSIST k
    SET k v
    MIGRATE TARGET k 0 1000 REPLACE
    > PERSIST k
  `,
  passwords: `
    SET k v
    MIGRATE TARGET k 0 1000 AUTH secret
    SET k v
    > ACL SETUSER mover on >pass ~* +restore +select
    MIGRATE TARGET k 0 1000 AUTH2 mover wrong
    MIGRATE TARGET k 4 1000 COPY AUTH2 mover pass
    MIGRATE TARGET k 0 1000 REPLACE AUTH2 mover pass
    > ACL SETUSER mover -restore
    SET k v
    MIGRATE TARGET k 0 1000 AUTH2 mover pass
    > ACL DELUSER mover
    > ACL SETUSER default >secret
    MIGRATE TARGET k 0 1000 REPLACE AUTH wrong
    MIGRATE TARGET k 0 1000 REPLACE AUTH secret
    > ACL SETUSER default nopass
  `,
  'a transaction that watches': `
    SET k v
    WATCH k
    MIGRATE TARGET k 0 1000
    MULTI
    PING
    EXEC
  `,
}

t.teardown(() => redis?.stop())

t.test('MIGRATE does as from redis-server to redis-server', { skip }, async (t) => {
  const ours = await serveOurs(t)
  const other = await serveOurs(t)
  const second = await startRedis('--port', String(await freePort()))
  if (second === null) return
  t.teardown(() => second.stop())
  const source: Side = { path: second.socketPath, port: '' }
  for (const [name, lines] of Object.entries(TRANSCRIPTS)) {
    await t.test(name, async (t) => {
      const expected = await transcript(t, { source, target: theirs }, lines)
      const toRedis = await transcript(t, { source: ours, target: theirs }, lines)
      t.strictSame(toRedis, expected, 'from ours to redis-server')
      const toOurs = await transcript(t, { source: ours, target: other }, lines)
      t.strictSame(toOurs, expected, 'from ours to ours')
      const fromRedis = await transcript(t, { source, target: other }, lines)
      t.strictSame(fromRedis, expected, 'from redis-server to ours')
    })
  }
})

t.test('MIGRATE moves values of all types', { skip }, async (t) => {
  const ours = await serveOurs(t)
  const other = await serveOurs(t)
  for (const [name, source, target] of [
    ['from ours to redis-server', ours, theirs],
    ['from redis-server to ours', theirs, ours],
    ['from ours to ours', ours, other],
  ] as const) {
    await t.test(name, async (t) => {
      const [from, to] = [
        await RespClient.connect({ path: source.path }),
        await RespClient.connect({ path: target.path }),
      ]
      t.teardown(() => {
        from.close()
        to.close()
      })
      const make = async (client: RespClient) => {
        await client.send('FLUSHALL')
        await client.pipeline(collectionCommands())
        await client.pipeline([
          ['SET', 'string', 'v'],
          ['SET', 'number', '17'],
          ['PFADD', 'hll', 'a', 'b', 'c'],
        ])
      }
      // Digests of each kind of server are its own: these are of the same values, made there.
      await make(to)
      const keys = ((await to.send('KEYS', '*')) as string[]).sort()
      const digested = keys.filter((key) => !key.startsWith('stream'))
      const expected = await to.send('DEBUG', 'DIGEST-VALUE', ...digested)
      await to.send('FLUSHALL')
      await make(from)
      const values = await valuesOf(from)
      const expiries = await from.pipeline(keys.map((key) => ['PTTL', key]))
      const move = ['MIGRATE', HOST, target.port, '', '0', '5000', 'KEYS', ...keys]
      t.match(await from.send(...move), { text: 'OK' })
      t.equal(await from.send('DBSIZE'), 0)
      t.strictSame(await to.send('DEBUG', 'DIGEST-VALUE', ...digested), expected)
      t.strictSame(await valuesOf(to), values)
      const left = await to.pipeline(keys.map((key) => ['PTTL', key]))
      for (const [at, ttl] of left.entries()) {
        const before = Number(expiries[at])
        // It goes on meanwhile.
        const isKept = before < 0 ? ttl === before : Number(ttl) > 0 && Number(ttl) <= before
        t.ok(isKept, `${keys[at]} ${ttl} of ${before}`)
      }
      t.ok(expiries.filter((ttl) => Number(ttl) > 0).length >= 2)
    })
  }
})

const OK = '+OK\r\n'
const SETTLING = new Set(['AUTH', 'SELECT'])

/** Answers RESTOREs by their turn, and whatever else with OK. */
function inTurn(...answers: readonly (string | 'hang up' | null)[]): Answer {
  let turn = 0
  return (words, socket) => {
    if (SETTLING.has(words[0] ?? '')) return OK
    const answer = answers[turn] ?? null
    turn += 1
    if (answer !== 'hang up') return answer
    // Behind what was answered before.
    socket.end()
    return null
  }
}

/** What a target does with three keys. */
const TARGETS: Readonly<Record<string, () => Answer>> = {
  'restores all': () => inTurn(OK, OK, OK),
  'refuses one': () => inTurn(OK, '-ERR no\r\n', OK),
  'refuses two': () => inTurn('-BUSYKEY a\r\n', OK, '-WRONGTYPE b\r\n'),
  'is silent': () => inTurn(),
  'falls silent': () => inTurn(OK, OK),
  'refuses and falls silent': () => inTurn(OK, '-ERR no\r\n'),
  'goes at once': () => inTurn('hang up', 'hang up', 'hang up'),
  'goes halfway': () => inTurn(OK, 'hang up'),
  'refuses and goes': () => inTurn('-ERR no\r\n', OK, 'hang up'),
  'ends lines without a CR': () => inTurn('+OK\n', '+OK\n', '+OK\n'),
  'has no such database': () => (words) => (words[0] === 'SELECT' ? '-ERR out of range\r\n' : OK),
  'has another password': () => (words) => (words[0] === 'AUTH' ? '-WRONGPASS no\r\n' : OK),
}

t.test('MIGRATE to somebody who', { skip }, async (t) => {
  const ours = await serveOurs(t)
  for (const [name, makeAnswer] of Object.entries(TARGETS)) {
    await t.test(name, async (t) => {
      const told: string[][] = []
      for (const { path } of [ours, theirs]) {
        const target = await FalseTarget.listen(t, makeAnswer())
        const source = await Talker.connect(t, path)
        await source.send('FLUSHALL')
        await source.send('MSET', 'a', '1', 'b', '2', 'c', '3')
        const words = ['MIGRATE', HOST, target.port, '', '7', '150', 'AUTH', 'x']
        const reply = await source.send(...words, 'KEYS', 'a', 'b', 'c')
        told.push([String(reply), ...(await stringsOf(source))])
        target.close()
      }
      t.strictSame(told[0], told[1])
    })
  }

  await t.test('takes nothing', async (t) => {
    const told: string[][] = []
    const value = 'x'.repeat(1000)
    for (const { path } of [ours, theirs]) {
      const target = await FalseTarget.listen(t, (words, socket) => {
        if (words[0] === 'SELECT') socket.pause()
        return OK
      })
      const source = await Talker.connect(t, path)
      await source.send('FLUSHALL')
      // What does not shrink in a payload.
      await source.send('EVAL', RANDOM_LIST, '1', 'long', value)
      const reply = await source.send('MIGRATE', HOST, target.port, 'long', '7', '150')
      told.push([String(reply), String(await source.send('LLEN', 'long'))])
      target.close()
    }
    t.strictSame(told[0], told[1])
    t.match(told[0]?.[0], 'writing to target instance')
  })
})

/** Some twenty megabytes. */
const RANDOM_LIST = `
  local seed = 1
  for i = 1, 2000 do
    local words = {}
    for j = 1, 1000 do
      seed = (seed * 1103515245 + 12345) % 2147483648
      words[j] = string.format('%08x', seed)
    end
    redis.call('RPUSH', KEYS[1], table.concat(words))
  end`

t.test('What MIGRATE sends', { skip }, async (t) => {
  const ours = await serveOurs(t)
  await t.test('is what redis-server sends', async (t) => {
    const sent: string[][] = []
    for (const { path } of [ours, theirs]) {
      const target = await FalseTarget.listen(t, () => OK)
      const source = await Talker.connect(t, path)
      await source.send('FLUSHALL')
      await source.send('MSET', 'a', '1', 'b', 'text')
      const move = ['MIGRATE', HOST, target.port, '']
      await source.send(...move, '3', '1000', 'COPY', 'KEYS', 'a', 'b')
      await source.send(...move, '3', '1000', 'COPY', 'REPLACE', 'KEYS', 'b', 'no', 'a')
      await source.send(...move, '4', '1000', 'AUTH', 'word', 'KEYS', 'a')
      await source.send(...move, '5', '1000', 'AUTH2', 'user', 'word', 'KEYS', 'b')
      sent.push(target.sent.map(({ words }) => JSON.stringify(words)))
      target.close()
    }
    t.strictSame(sent[0], sent[1])
  })
})
