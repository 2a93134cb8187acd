/**
 * A server whose engine does not hold what its files hold yet, or is made to read them again.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { beginOpen } from '../../../dist/engine/open.js'
import { createServer, open } from '../../../dist/index.js'
import { serve } from '../../support/our-server.js'
import { Talker } from '../../support/talker.js'

/** Commands in the log: enough for a conversation while they are run. */
const COMMANDS = 300_000

/** A directory with a log that takes some turns of the event loop to run. */
async function makeLog(t: Test): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'sf-loading-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const db = await open({ dir, appendonly: true, hugePages: false })
  for (let at = 0; at < COMMANDS; ++at) db.call('BITFIELD', 'bits', 'SET', 'u8', '0', `${at % 256}`)
  db.set('last', 'value')
  await db.close()
  return dir
}

t.test('while files are loaded', async (t) => {
  const dir = await makeLog(t)
  const opening = await beginOpen({ dir, appendonly: true, hugePages: false })
  const path = join(dir, 'socket')
  const server = createServer(opening.engine, { port: null, unixsocket: path })
  await server.listen()
  let isOpen = false
  const opened = opening.opened.then(() => {
    isOpen = true
  })
  const client = await Talker.connect(t, path)
  const other = await Talker.connect(t, path)
  // Sent at once: the files are short.
  const conversation = Promise.all([
    client.send('GET', 'last'),
    client.send('INFO', 'persistence'),
    client.send('SELECT', '1'),
    client.send('SELECT', '0'),
    client.send('CONFIG', 'SET', 'notify-keyspace-events', 'KEA'),
    client.send('MULTI'),
    client.send('GET', 'last'),
    client.send('EXEC'),
    client.send('SAVE'),
  ])
  const limited = other.send('CONFIG', 'SET', 'maxmemory', '1gb')
  await t.rejects(opening.engine.bgsave(), { code: 'ERR_SNAPFORK_BUSY' })
  t.throws(() => opening.engine.save(), { code: 'ERR_SNAPFORK_BUSY' })
  const replies = await conversation
  t.notOk(isOpen, 'all of this was said meanwhile')
  const text = String(replies.splice(1, 1)[0])
  t.strictSame(replies, [
    '-LOADING Redis is loading the dataset in memory',
    'OK',
    'OK',
    'OK',
    'OK',
    '-LOADING Redis is loading the dataset in memory',
    '-EXECABORT Transaction discarded because of previous errors.',
    '-LOADING Redis is loading the dataset in memory',
  ])
  t.match(text, /^loading:1\r$/m)
  t.match(text, /^loading_start_time:\d{10}\r$/m)
  t.match(text, /^loading_total_bytes:\d+\r$/m)
  t.match(text, /^loading_loaded_perc:\d{1,2}\.\d\d\r$/m)
  t.match(text, /^loading_eta_seconds:\d+\r$/m)

  await opened
  t.equal(await limited, 'OK', 'options of the engine are changed when it is open')
  t.match(opening.engine.info('memory'), /maxmemory:1073741824\r/)
  t.match(opening.engine.info('persistence'), /loading:0\r/)
  t.notMatch(opening.engine.info('persistence'), /loading_/)
  t.equal(await client.send('GET', 'last'), 'value')
  await other.send('PSUBSCRIBE', '__keyevent*')
  await client.send('SET', 'last', 'other')
  // The message comes before the reply to what is sent behind it.
  t.strictSame(await other.send('PING'), ['pmessage', '__keyevent*', '__keyevent@0__:set', 'last'])
  await server.close()
  await opening.engine.close()
})

t.test('an engine that is given up while it loads', async (t) => {
  const dir = await makeLog(t)
  const opening = await beginOpen({ dir, appendonly: true, hugePages: false })
  opening.abort()
  await t.rejects(opening.opened, { code: 'ERR_SNAPFORK_CLOSED' })
  const db = await open({ dir, appendonly: true, hugePages: false })
  t.equal(db.get('last'), 'value')
  await db.close()
})

t.test('DEBUG RELOAD and LOADAOF', async (t) => {
  const options = { enableDebugCommand: 'yes' as const }
  const { path, db, dir, server } = await serve(t, options, { appendonly: true })
  const client = await Talker.connect(t, path)
  const other = await Talker.connect(t, path)
  const library = "#!lua name=lib\nredis.register_function('f', function() return 'called' end)"
  await client.send('FUNCTION', 'LOAD', library)
  for (let at = 0; at < 1000; ++at) db.zadd(`ranking:${at % 7}`, { [`member:${at}`]: at })
  db.set('fleeting', 'value', { EX: 1000 })
  db.database(3).rpush('list', 'a', 'b')
  const digest = db.digest()
  await other.send('WATCH', 'fleeting')
  await other.send('MULTI')
  const popped = (await Talker.connect(t, path)).send('BLPOP', 'queue', '0')
  while (!/blocked_clients:1/.test(String(await client.send('INFO', 'clients'))));

  for (const words of [['RELOAD'], ['LOADAOF'], ['RELOAD', 'NOSAVE']]) {
    const reloaded = client.send('DEBUG', ...words)
    await t.resolveMatch(reloaded, 'OK', words.join(' '))
    t.equal(db.digest(), digest)
    t.equal(await client.send('FCALL', 'f', '0'), 'called')
  }
  t.equal(await other.send('EXEC'), null, 'whoever watched a key was told')
  t.match(await client.send('DEBUG', 'RELOAD', 'MERGE'), /^-ERR DEBUG RELOAD/)
  t.match(await client.send('DEBUG', 'RELOAD', 'BOGUS'), /^-ERR DEBUG RELOAD/)
  await client.send('RPUSH', 'queue', 'job')
  t.strictSame(await popped, ['queue', 'job'], 'whoever waited for a key waits on')

  db.set('behind', 'it')
  t.equal(db.del('none'), 0)
  const last = db.digest()
  await server.close()
  await db.close()
  const again = await open({ dir, appendonly: true, hugePages: false })
  t.equal(again.digest(), last, 'the log holds what was done behind it')
  await again.close()
})

t.test('DEBUG RELOAD while a child saves', async (t) => {
  const { path, db } = await serve(t, { enableDebugCommand: 'yes' })
  const client = await Talker.connect(t, path)
  db.set('a', '1')
  const saved = db.bgsave()
  t.match(await client.send('DEBUG', 'RELOAD', 'NOSAVE'), /^-ERR .*child/i)
  await saved
  t.equal(db.get('a'), '1')
  t.match(await client.send('DEBUG', 'LOADAOF'), /^-ERR/)
})
