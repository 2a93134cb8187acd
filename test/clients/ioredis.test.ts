/**
 * Uses the clients ioredis and iovalkey, which have the same face, for what programs use them for.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { Redis as IoRedis } from 'ioredis'
import { Redis as IoValkey } from 'iovalkey'
import t from 'tap'
import { serve } from '../support/our-server.js'

const CLIENTS = { ioredis: IoRedis, iovalkey: IoValkey as unknown as typeof IoRedis }

for (const [name, Redis] of Object.entries(CLIENTS)) {
  t.test(name, async (t) => {
    const { path, server } = await serve(t, { port: 0 })
    const connect = (options = {}) => {
      const client = new Redis({ path, ...options })
      t.teardown(() => client.disconnect())
      return client
    }

    await t.test('values of all types', async (t) => {
      const redis = connect()
      t.equal(await redis.set('s', 'text', 'EX', 100), 'OK')
      t.equal(await redis.get('s'), 'text')
      t.ok((await redis.ttl('s')) > 90)
      t.strictSame(await redis.getBuffer('s'), Buffer.from('text'))
      t.equal(await redis.rpush('l', 'a', 'b', 'c'), 3)
      t.strictSame(await redis.lrange('l', 0, -1), ['a', 'b', 'c'])
      t.equal(await redis.hset('h', { f: 1, g: 'two' }), 2)
      t.strictSame(await redis.hgetall('h'), { f: '1', g: 'two' })
      t.equal(await redis.sadd('set', 'x', 'y'), 2)
      t.strictSame((await redis.smembers('set')).sort(), ['x', 'y'])
      t.equal(await redis.zadd('z', 1, 'one', 2.5, 'two'), 2)
      t.strictSame(await redis.zrange('z', 0, -1, 'WITHSCORES'), ['one', '1', 'two', '2.5'])
      t.equal(await redis.xadd('x', '1-1', 'f', 'v'), '1-1')
      t.strictSame(await redis.xrange('x', '-', '+'), [['1-1', ['f', 'v']]])
      t.equal(await redis.pfadd('p', 'a', 'b'), 1)
      t.equal(await redis.setbit('bits', 7, 1), 0)
      t.equal(await redis.geoadd('g', 13.4, 52.5, 'Berlin'), 1)
      const bytes = Buffer.from([0, 255, 13, 10])
      await redis.set('bytes', bytes)
      t.strictSame(await redis.getBuffer('bytes'), bytes)
      await t.rejects(redis.incr('h'), /WRONGTYPE/)
    })

    await t.test('pipelines and transactions', async (t) => {
      const redis = connect()
      const pipeline = redis.pipeline()
      for (let index = 0; index < 1000; ++index) pipeline.set(`p:${index}`, index).get(`p:${index}`)
      const replies = (await pipeline.exec()) ?? []
      t.equal(replies.length, 2000)
      t.ok(replies.every(([error]) => error === null))
      t.equal(replies[1999]?.[1], '999')
      t.strictSame(await redis.multi().incr('n').incr('n').get('n').exec(), [
        [null, 1],
        [null, 2],
        [null, '2'],
      ])
      await redis.watch('n')
      await connect().incr('n')
      t.equal(await redis.multi().incr('n').exec(), null)
    })

    await t.test('messages', async (t) => {
      const subscriber = connect()
      const messages: string[][] = []
      subscriber.on('message', (channel, message) => messages.push([channel, message]))
      subscriber.on('pmessage', (pattern, channel, message) => {
        messages.push([pattern, channel, message])
      })
      await subscriber.subscribe('one')
      await subscriber.psubscribe('o*')
      const redis = connect()
      t.equal(await redis.publish('one', 'hello'), 2)
      for (let turns = 0; turns < 100 && messages.length < 2; ++turns) await delay(20)
      t.strictSame(messages, [
        ['one', 'hello'],
        ['o*', 'one', 'hello'],
      ])
      await subscriber.unsubscribe('one')
      await subscriber.punsubscribe('o*')
      t.equal(await redis.publish('one', 'hello'), 0)
    })

    await t.test('waits', async (t) => {
      const waiting = connect()
      const popped = waiting.blpop('queue', 0)
      const redis = connect()
      await redis.rpush('queue', 'job')
      t.strictSame(await popped, ['queue', 'job'])
      t.equal(await waiting.blpop('queue', 0.05), null)
      const read = waiting.xread('BLOCK', 0, 'STREAMS', 'events', '$')
      // Until it waits there.
      await redis.ping()
      await redis.xadd('events', '5-1', 'f', 'v')
      t.strictSame(await read, [['events', [['5-1', ['f', 'v']]]]])
    })

    await t.test('scripts', async (t) => {
      const redis = connect()
      redis.defineCommand('addBoth', {
        numberOfKeys: 2,
        lua: `return redis.call('incrby', KEYS[1], ARGV[1]) +
          redis.call('incrby', KEYS[2], ARGV[1])`,
      })
      const scripted = redis as unknown as Record<
        'addBoth',
        (...args: unknown[]) => Promise<number>
      >
      t.equal(await scripted.addBoth('x1', 'x2', 5), 10)
      t.equal(await scripted.addBoth('x1', 'x2', 5), 20)
    })

    await t.test('scans, databases, and what is known of the server', async (t) => {
      const redis = connect({ db: 3, connectionName: 'mine' })
      await redis.mset(Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k:${at}`, at])))
      const keys = new Set<string>()
      for await (const found of redis.scanStream({ match: 'k:*', count: 50 })) {
        for (const key of found as string[]) keys.add(key)
      }
      t.equal(keys.size, 500)
      t.equal(await redis.dbsize(), 500)
      t.match(await redis.client('LIST'), /name=mine/)
      t.match(await redis.info(), /redis_version:7\.0\.15/)
      await redis.flushdb()
    })

    await t.test('reconnects', async (t) => {
      const redis = connect({ path: undefined, host: '127.0.0.1', port: server.port })
      await redis.set('kept', '1')
      const closed = new Promise((resolve) => redis.once('reconnecting', resolve))
      await connect().client('KILL', 'ID', String(await redis.client('ID')))
      await closed
      t.equal(await redis.get('kept'), '1')
    })
  })
}
