/**
 * Scripts of clients of a server, here and in redis-server: how their commands and errors are
 * counted, and that time stands still for them.
 */

import t from 'tap'
import { serve } from '../support/our-server.js'
import { startRedis } from '../support/redis-server.js'
import { RespClient } from '../support/resp-client.js'

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

/** Takes a script longer than a key lives in it. */
const WAIT = 'for i = 1, 10000000 do end'

/** Sets a key that expires in the middle, looks at it natively and through a handler. */
const STILL = `redis.call('SET', KEYS[1], 'value', 'PX', 10)
  ${WAIT}
  return {redis.call('EXISTS', KEYS[1]), redis.call('GET', KEYS[1]), redis.call('GETEX', KEYS[1])}`

const COUNTED: readonly string[][] = [
  ['EVAL', `redis.call('SET', KEYS[1], 1) return redis.call('INCR', KEYS[1])`, '1', 'key'],
  ['EVAL', `for i = 1, 10 do redis.call('RPUSH', KEYS[1], i) end`, '1', 'list'],
  ['EVAL', `return redis.call('GETRANGE', KEYS[1], 0, -1)`, '1', 'key'],
  ['EVAL', `return redis.call('GETRANGE', KEYS[1], 0, -1)`, '1', 'list'],
  ['EVAL', `return redis.call('INCR', KEYS[1])`, '1', 'list'],
  ['EVAL', `redis.pcall('INCR', KEYS[1]) redis.pcall('SETRANGE', KEYS[1], 0, 'a')`, '1', 'list'],
  ['EVAL', `return redis.call('OBJECT', 'ENCODING', KEYS[1])`, '1', 'key'],
  ['EVAL_RO', `return redis.call('GET', KEYS[1])`, '1', 'key'],
  ['EVAL', `return 1 +`, '0'],
  ['EVAL_RO', `return redis.call('SET', KEYS[1], 1)`, '1', 'key'],
  ['EVAL_RO', `redis.pcall('SET', KEYS[1], 1)`, '1', 'key'],
  // An error counts once, wherever it comes to light.
  ['EVAL', `return redis.pcall('INCR', KEYS[1])`, '1', 'list'],
  ['EVAL', `return {1, redis.pcall('INCR', KEYS[1]), '-no error'}`, '1', 'list'],
  ['EVAL', `return {'text', redis.error_reply('MY own'), {redis.error_reply('OTHER one')}}`, '0'],
  ['EVAL', `return redis.error_reply('MY own')`, '0'],
  ['EVAL', `error('own')`, '0'],
  ['EVAL', `redis.pcall('NOSUCH') redis.pcall('GET') redis.pcall('OBJECT') return 1`, '0'],
  ['EVAL', `redis.pcall('SUBSCRIBE', 'a') return redis.pcall('NOSUCH')`, '0'],
  ['EVAL', `return redis.call('GET')`, '0'],
  ['EVALSHA', 'nosuch', '0'],
  ['MULTI'],
  ['INCR', 'list'],
  ['EVAL', `return redis.call('INCR', KEYS[1])`, '1', 'list'],
  ['EXEC'],
  ['MULTI'],
  ['GET'],
  ['EXEC'],
  ['NOSUCH'],
  ['CLIENT'],
  ['CLIENT', 'NOSUCH'],
  ['XGROUP', 'CREATE', 'a'],
]

t.test('Scripts of clients', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const { path } = await serve(t)
  const ours = await RespClient.connect({ path })
  t.teardown(() => ours.close())
  const theirs = await redis.connect()

  await t.test('see the time stand still', async (t) => {
    for (const client of [ours, theirs]) {
      t.strictSame(await client.send('EVAL', STILL, '1', 'key'), [1, 'value', 'value'])
      t.equal(await client.send('GET', 'key'), null, 'and it goes on behind them')
    }
  })

  await t.test('are counted with their commands', async (t) => {
    const counts: string[][] = []
    for (const client of [ours, theirs]) {
      await client.send('CONFIG', 'RESETSTAT')
      for (const command of COUNTED) await client.send(...command).catch(() => {})
      const sections = ['commandstats', 'latencystats', 'errorstats']
      const info = String(await client.send('INFO', ...sections))
      counts.push(info.split('\r\n').map(withoutTimes).sort())
    }
    t.strictSame(counts[0], counts[1])
  })
})

function withoutTimes(line: string): string {
  return line
    .replace(/usec=\d+,usec_per_call=[\d.]+,/, '')
    .replace(/^(latency_percentiles_usec_[^:]+:).*/, '$1')
}
