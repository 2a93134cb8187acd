/**
 * What a server is beyond its replies: passwords and users, limits, its configuration, what INFO
 * says of it, and how it ends.
 */

import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { createServer, ReplyError } from '../../../dist/index.js'
import { resolveServerOptions } from '../../../dist/server/server-options.js'
import { EventListener } from '../../support/event-listener.js'
import { serve } from '../../support/our-server.js'
import { Talker } from '../../support/talker.js'

t.test('options', async (t) => {
  const { db } = await serve(t)
  t.throws(() => createServer(db, { nosuch: 1 } as object), { code: 'ERR_SNAPFORK_INVALID_ARG' })
  t.throws(() => createServer(db, { port: 65_536 }), { code: 'ERR_SNAPFORK_INVALID_ARG' })
  t.throws(() => createServer(db, { port: '1' as unknown as number }), TypeError)
})

t.test('an engine has one server at a time', async (t) => {
  const { db, server } = await serve(t)
  t.throws(() => createServer(db), { code: 'ERR_SNAPFORK_SERVER_EXISTS' })
  await server.close()
  const path = join(t.testdir(), 'next.sock')
  const next = createServer(db, { port: null, unixsocket: path })
  await next.listen()
  await server.close()
  const client = await Talker.connect(t, path)
  t.equal(await client.send('SET', 'a', '1'), 'OK')
  t.throws(() => createServer(db), { code: 'ERR_SNAPFORK_SERVER_EXISTS' })
  await next.close()
})

t.test('a password', async (t) => {
  const { path } = await serve(t, { requirepass: 'secret' })
  const client = await Talker.connect(t, path)
  t.match(await client.send('GET', 'a'), /^-NOAUTH /)
  t.match(await client.send('AUTH', 'wrong'), /^-WRONGPASS /)
  t.match(await client.send('AUTH', 'nobody', 'secret'), /^-WRONGPASS /)
  t.equal(await client.send('AUTH', 'secret'), 'OK')
  t.equal(await client.send('GET', 'a'), null)
  const other = await Talker.connect(t, path)
  t.ok(Array.isArray(await other.send('HELLO', '2', 'AUTH', 'default', 'secret')))
  t.match(await other.send('ACL', 'LOG', '1'), [[/count/]])
})

t.test('users', async (t) => {
  const { path } = await serve(t)
  const admin = await Talker.connect(t, path)
  const rules = ['on', '>pw', '+get', '+set', '+multi', '+exec', '+eval', '~mine:*', '&news']
  t.equal(await admin.send('ACL', 'SETUSER', 'ada', ...rules), 'OK')
  const ada = await Talker.connect(t, path)
  t.equal(await ada.send('AUTH', 'ada', 'pw'), 'OK')
  t.equal(await ada.send('SET', 'mine:1', 'x'), 'OK')
  t.match(await ada.send('SET', 'other', 'x'), /^-NOPERM .*keys/)
  t.match(await ada.send('INCR', 'mine:1'), /^-NOPERM .*'incr'/)
  const script = "return redis.pcall('incr', 'mine:1')"
  t.match(await ada.send('EVAL', script, '0'), /can't run this command/)
  await ada.send('MULTI')
  t.match(await ada.send('DEL', 'mine:1'), /^-NOPERM/)
  t.match(await ada.send('EXEC'), /^-EXECABORT/)
  // The express lane knows that she may do everything now.
  await admin.send('ACL', 'SETUSER', 'ada', '+@all', '~*')
  t.equal(await ada.send('INCR', 'n'), 1)
  t.equal(await admin.send('ACL', 'DELUSER', 'ada'), 1)
  await t.rejects(ada.send('GET', 'n'))
})

t.test('more clients than it may have', async (t) => {
  const { path } = await serve(t, { maxclients: 2 })
  const clients = [await Talker.connect(t, path), await Talker.connect(t, path)]
  await Promise.all(clients.map((client) => client.send('PING')))
  const refused = connect(path)
  let text = ''
  for await (const chunk of refused) text += String(chunk)
  t.equal(text, '-ERR max number of clients reached\r\n')
})

t.test('CONFIG', async (t) => {
  const { path, db } = await serve(t, { slowlogLogSlowerThan: 77 }, { maxmemory: 10 << 20 })
  const client = await Talker.connect(t, path)
  const get = async (name: string) => ((await client.send('CONFIG', 'GET', name)) as string[])[1]
  t.equal(await get('slowlog-log-slower-than'), '77')
  t.equal(await get('maxmemory'), `${10 << 20}`)
  t.equal(await client.send('CONFIG', 'SET', 'maxmemory', '20mb', 'timeout', '5'), 'OK')
  t.equal(await get('timeout'), '5')
  t.match(db.info('memory'), /maxmemory:20971520\r/)
  t.match(await client.send('CONFIG', 'SET', 'port', '1'), /while the server listens/)
  t.match(await client.send('CONFIG', 'REWRITE'), /without a config file/)
  t.equal(await client.send('CONFIG', 'SET', 'appendonly', 'yes'), 'OK')
  t.match(db.info('persistence'), /aof_enabled:1/)
  t.equal(await client.send('CONFIG', 'SET', 'requirepass', 'new'), 'OK')
  const stranger = await Talker.connect(t, path)
  t.match(await stranger.send('GET', 'a'), /^-NOAUTH/)
})

t.test('INFO', async (t) => {
  const { path } = await serve(t, { port: 0, bind: '127.0.0.1' })
  const client = await Talker.connect(t, path)
  await client.send('SET', 'a', '1')
  await client.send('GET', 'a')
  await client.send('LPUSH', 'a', '1')
  const text = String(await client.send('INFO', 'everything'))
  t.match(text, /connected_clients:1\r/)
  t.match(text, /tcp_port:[1-9]\d*\r/)
  t.match(text, /cmdstat_get:calls=1,usec=\d+,usec_per_call=[\d.]+,rejected_calls=0,failed_calls=0/)
  t.match(text, /errorstat_WRONGTYPE:count=1/)
  t.match(text, /role:master/)
  t.notMatch(String(await client.send('INFO')), /cmdstat_/)
  await client.send('CONFIG', 'RESETSTAT')
  t.notMatch(String(await client.send('INFO', 'errorstats')), /WRONGTYPE/)
})

t.test('both ways to an engine take turns', async (t) => {
  const { path, db } = await serve(t)
  const client = await Talker.connect(t, path)
  db.set('a', '1')
  t.equal(await client.send('INCR', 'a'), 2)
  t.equal(db.get('a'), '2')
  const popped = client.send('BLPOP', 'queue', '0')
  const other = await Talker.connect(t, path)
  while (!/blocked_clients:1/.test(String(await other.send('INFO', 'clients'))));
  await other.send('RPUSH', 'queue', 'job')
  t.strictSame((await popped) as unknown, ['queue', 'job'])
})

t.test('what the engine is used for directly is no event of a command', async (t) => {
  const { path, db } = await serve(t, { notifyKeyspaceEvents: 'KEAnm' })
  const client = await Talker.connect(t, path)
  const listener = await EventListener.connect(path)
  t.teardown(() => listener.close())
  t.match(db.set('direct', '1'), 'OK')
  t.equal(db.get('nothing'), null)
  t.equal(await client.send('LPUSH', 'list', '1'), 1)
  t.strictSame(await listener.take(), ['new 0:list', 'lpush 0:list'])
  // A watched key is changed by it all the same, in whichever order.
  await client.send('WATCH', 'direct')
  db.set('direct', '2')
  await client.send('MULTI')
  await client.send('GET', 'direct')
  t.equal(await client.send('EXEC'), null)
})

t.test('INFO, of latencies', async (t) => {
  const { path } = await serve(t, { latencyTrackingInfoPercentiles: [50, 99.9] })
  const client = await Talker.connect(t, path)
  const info = async () => String(await client.send('INFO', 'latencystats'))
  t.notMatch(await info(), /usec_get/)
  // In the express lane and out of it alike.
  await client.send('GET', 'a')
  await client.send('MULTI')
  await client.send('GET', 'a')
  await client.send('EXEC')
  t.match(await info(), /latency_percentiles_usec_get:p50=\d+\.\d{3},p99.9=\d+\.\d{3}\r/)
  const [name, facts] = (await client.send('LATENCY', 'HISTOGRAM', 'GET')) as [string, unknown[]]
  t.strictSame([name, facts[0], facts[1]], ['get', 'calls', 2])
  t.notMatch(String(await client.send('INFO')), /usec_get/)
  t.equal(await client.send('CONFIG', 'SET', 'latency-tracking', 'no'), 'OK')
  t.equal(await info(), '# Latencystats\r\n')
  t.throws(() => resolveServerOptions({ latencyTrackingInfoPercentiles: [101] }), RangeError)
})

t.test('a script is told by its own words, whatever commands it has run', async (t) => {
  const { path } = await serve(t, { slowlogLogSlowerThan: 0 })
  const client = await Talker.connect(t, path)
  const script = "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('GET', KEYS[1])"
  t.equal(await client.send('EVAL', script, '1', 'a', 'value'), 'value')
  const [[, , , words]] = (await client.send('SLOWLOG', 'GET', '1')) as [[0, 0, 0, string[]]]
  t.strictSame(words, ['EVAL', script, '1', 'a', 'value'])
})

t.test('a script without end', async (t) => {
  const { path } = await serve(t, { busyReplyThreshold: 20, slowlogLogSlowerThan: 0 })
  const client = await Talker.connect(t, path)
  const other = await Talker.connect(t, path)
  const untilBusy = async () => {
    while (!/^-BUSY /.test(String(await other.send('PING'))));
  }
  const script = "redis.call('GET', 'a') while true do end"
  const running = client.send('EVAL', script, '0')
  await untilBusy()
  t.match(await other.send('SET', 'a', '1'), /^-BUSY .*SCRIPT KILL or SHUTDOWN NOSAVE/)
  t.match(await other.send('SHUTDOWN'), /^-BUSY /)
  t.match(await other.send('FUNCTION', 'KILL'), /^-BUSY /)
  t.equal(await other.send('SCRIPT', 'KILL'), 'OK')
  t.match(await running, /^-ERR .*Script killed by user with SCRIPT KILL/)
  t.equal(await client.send('GET', 'a'), null)
  t.match(await other.send('SCRIPT', 'KILL'), /^-NOTBUSY /)

  const writer = client.send('EVAL', "redis.call('SET', 'a', '1') while true do end", '0')
  await untilBusy()
  t.match(await other.send('SCRIPT', 'KILL'), /^-UNKILLABLE /)
  writer.catch(() => {})
})

t.test('its end', async (t) => {
  const { path, server, db } = await serve(t)
  const client = await Talker.connect(t, path)
  t.match(await client.send('SHUTDOWN'), /cannot be shut down by a client/)
  server.onShutdown(async () => {
    throw new ReplyError('ERR Errors trying to SHUTDOWN. Check logs.')
  })
  t.match(await client.send('SHUTDOWN', 'NOSAVE'), /^-ERR Errors trying/)
  const waiting = t.rejects(client.send('BLPOP', 'none', '0'))
  await server.close()
  await waiting
  t.equal(db.set('goes', 'on'), 'OK')
})

t.test('an engine that is closed before its server', async (t) => {
  const { db, server, path } = await serve(t)
  const [one, other] = [await Talker.connect(t, path), await Talker.connect(t, path)]
  for (const client of [one, other]) t.equal(await client.send('PING'), 'PONG')
  await db.close()
  await t.rejects(one.send('GET', 'a'))
  await t.rejects(other.send('TYPE', 'a'))
  await server.close()
})

/** Serves at a path until it is told to exit. */
const SERVING = `
  const { parentPort, workerData } = require('node:worker_threads')
  import(workerData.module).then(async ({ createServer, open }) => {
    const server = createServer(await open({}), { port: null, unixsocket: workerData.path })
    await server.listen()
    parentPort.once('message', () => process.exit(0))
    parentPort.postMessage('ready')
  })
`

t.test('the end of a worker thread that serves', async (t) => {
  const path = join(t.testdir(), 'socket')
  const module = new URL('../../../dist/index.js', import.meta.url).href
  for (const end of ['terminate', 'exit'] as const) {
    const options = { eval: true, env: { NODE_OPTIONS: '' }, workerData: { module, path } }
    const worker = new Worker(SERVING, options)
    await once(worker, 'message')
    const client = await Talker.connect(t, path)
    t.equal(await client.send('SET', 'a', '1'), 'OK')
    t.equal(await client.send('TYPE', 'a'), 'string')
    const exited = once(worker, 'exit')
    if (end === 'exit') worker.postMessage(end)
    else void worker.terminate()
    await exited
    await t.rejects(client.send('GET', 'a'), end)
  }
})
