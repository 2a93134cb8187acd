/**
 * Uses the client node-redis in both protocols, for what programs use it for.
 */

import { createClient } from 'redis'
import t from 'tap'
import { serve } from '../support/our-server.js'

for (const RESP of [2, 3] as const) {
  t.test(`node-redis in RESP${RESP}`, async (t) => {
    const { path } = await serve(t)
    const connect = async () => {
      const client = createClient({ socket: { path, tls: false }, RESP })
      client.on('error', () => {})
      await client.connect()
      t.teardown(() => client.destroy())
      return client
    }

    await t.test('values of all types', async (t) => {
      const redis = await connect()
      t.equal(await redis.set('s', 'text', { EX: 100 }), 'OK')
      t.equal(await redis.get('s'), 'text')
      t.equal(await redis.get('none'), null)
      t.equal(await redis.hSet('h', { f: '1', g: 'two' }), 2)
      t.strictSame({ ...(await redis.hGetAll('h')) }, { f: '1', g: 'two' })
      t.equal(await redis.sAdd('set', ['x', 'y']), 2)
      t.strictSame([...(await redis.sMembers('set'))].sort(), ['x', 'y'])
      await redis.zAdd('z', [
        { score: 1, value: 'one' },
        { score: 2.5, value: 'two' },
      ])
      t.equal(await redis.zScore('z', 'two'), 2.5)
      t.strictSame(await redis.zRangeWithScores('z', 0, -1), [
        { value: 'one', score: 1 },
        { value: 'two', score: 2.5 },
      ])
      t.equal(await redis.xAdd('x', '1-1', { f: 'v' }), '1-1')
      const [entry] = await redis.xRange('x', '-', '+')
      t.match(entry, { id: '1-1', message: { f: 'v' } })
      t.equal(await redis.rPush('l', ['a', 'b']), 2)
      t.strictSame(await redis.lRange('l', 0, -1), ['a', 'b'])
      await t.rejects(redis.incr('h'), /WRONGTYPE/)
    })

    await t.test('transactions', async (t) => {
      const redis = await connect()
      t.strictSame(await redis.multi().incr('n').incr('n').get('n').exec(), [1, 2, '2'])
      await redis.watch('n')
      await (await connect()).incr('n')
      await t.rejects(redis.multi().incr('n').exec(), /watched keys/i)
    })

    await t.test('messages', async (t) => {
      const subscriber = await connect()
      const received = new Promise((resolve) => {
        void subscriber.subscribe('one', (message, channel) => resolve([channel, message]))
      })
      const redis = await connect()
      while ((await redis.publish('one', 'hello')) === 0);
      t.strictSame(await received, ['one', 'hello'])
      await subscriber.unsubscribe('one')
    })

    await t.test('waits and scripts', async (t) => {
      const waiting = await connect()
      const popped = waiting.blPop('queue', 0)
      const redis = await connect()
      await redis.rPush('queue', 'job')
      t.match(await popped, { key: 'queue', element: 'job' })
      t.equal(await redis.eval('return ARGV[1]', { arguments: ['text'] }), 'text')
      t.match(await redis.info(), /redis_version/)
      t.ok((await redis.configGet('maxmemory')) !== null)
    })
  })
}
