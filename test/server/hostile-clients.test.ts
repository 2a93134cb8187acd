/**
 * Clients that send nonsense, never read, send half a command, or come by the thousand: the server
 * lives, others are served, and what they took comes back.
 *
 * SF_LONG=1 runs ten times as many; SF_SEED repeats a run.
 */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type OurServer, serve } from '../support/our-server.js'
import { announceSeed, Random } from '../support/random.js'
import { RespClient } from '../support/resp-client.js'

const LONG = process.env.SF_LONG ? 10 : 1
const FUZZED = 300 * LONG
const CONNECTIONS = 1000 * LONG

const PIECES = [
  ...[
    '*',
    '$',
    '\r\n',
    '\n',
    '-1',
    '0',
    '3',
    '99999999999',
    'GET',
    'SET',
    'a',
    '"',
    "'",
    '\\x',
    ' ',
  ],
  ...[
    '*1\r\n$4\r\nPING\r\n',
    '*2\r\n$3\r\nGET\r\n$1\r\na\r\n',
    '\0',
    '\xff',
    'HELLO 3\r\n',
    'MULTI\r\n',
  ],
  ...['*1048577\r\n', '$536870912\r\n', 'EXEC\r\n', 'SUBSCRIBE x\r\n', 'BLPOP none 0\r\n'],
]

/** Bytes that now and then are commands. */
function nonsense(random: Random): Buffer {
  let text = ''
  for (let left = 1 + random.below(30); left > 0; --left) {
    text +=
      random.below(4) === 0
        ? String.fromCharCode(random.below(256))
        : (PIECES[random.below(PIECES.length)] as string)
  }
  return Buffer.from(text, 'latin1')
}

/** @param at A path, or a port of this host. */
async function open(at: string | number): Promise<Socket> {
  const socket = typeof at === 'string' ? connect(at) : connect(at, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Another client is served. */
async function assertServes(t: Test, { path }: OurServer): Promise<void> {
  const client = await RespClient.connect({ path })
  await client.send('SET', 'alive', '1')
  t.equal(String(await client.send('GET', 'alive')), '1')
  client.close()
}

t.test('Nonsense, cut anywhere', async (t) => {
  const ours = await serve(t)
  announceSeed(t)
  const random = new Random(1)
  for (let round = 0; round < FUZZED; ++round) {
    const socket = await open(ours.path)
    socket.resume()
    for (let left = random.below(6); left > 0 && !socket.destroyed; --left) {
      const bytes = nonsense(random)
      const cut = random.below(bytes.length + 1)
      socket.write(bytes.subarray(0, cut))
      if (random.below(3) === 0) await delay(0)
      socket.write(bytes.subarray(cut))
    }
    if (random.below(2) === 0) socket.destroy()
    else socket.end()
  }
  await assertServes(t, ours)
})

t.test('Connections by the thousand', async (t) => {
  const ours = await serve(t, { port: 0, bind: '127.0.0.1' })
  const port = ours.server.port as number
  for (let round = 0; round < CONNECTIONS; round += 100) {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => open(port)))
    for (const socket of sockets) socket.write('PING\r\n*1\r\n$4\r\nPI')
    for (const socket of sockets) socket.destroy()
  }
  for (let turns = 0; turns < 100 && !/connected_clients:1\r/.test(await info(ours)); ++turns) {
    await delay(20)
  }
  t.match(await info(ours), /connected_clients:1\r/)
  await assertServes(t, ours)
})

async function info({ path }: OurServer): Promise<string> {
  const client = await RespClient.connect({ path })
  const text = String(await client.send('INFO', 'clients'))
  client.close()
  return text
}

t.test('A client that never reads is dropped at its limit', async (t) => {
  const ours = await serve(t, {
    normalOutputBufferLimit: { hardBytes: 8 << 20, softBytes: 0, softSeconds: 0 },
    pubsubOutputBufferLimit: { hardBytes: 1 << 20, softBytes: 0, softSeconds: 0 },
  })
  const deaf = await open(ours.path)
  deaf.write('SUBSCRIBE news\r\n')
  await once(deaf, 'data')
  deaf.pause()
  const client = await RespClient.connect({ path: ours.path })
  t.teardown(() => client.close())
  const message = 'x'.repeat(100_000)
  let receivers = 1
  for (let sent = 0; sent < 200 && receivers > 0; ++sent) {
    receivers = Number(await client.send('PUBLISH', 'news', message))
  }
  t.equal(receivers, 0)
  await assertServes(t, ours)
})

t.test('What a client asks for and does not read is not all made', async (t) => {
  const ours = await serve(t)
  ours.db.set('large', Buffer.alloc(1 << 20, 'x'))
  const greedy = await open(ours.path)
  greedy.pause()
  // 400 MiB of replies.
  greedy.write('GET large\r\n'.repeat(400))
  await delay(300)
  const client = await RespClient.connect({ path: ours.path })
  t.teardown(() => client.close())
  const list = String(await client.send('CLIENT', 'LIST'))
  const waiting = [...list.matchAll(/ omem=(\d+)/g)].map(([, bytes]) => Number(bytes))
  t.ok(Math.max(...waiting) < 16 << 20, `${Math.max(...waiting)} bytes wait`)
  let received = 0
  greedy.on('data', (chunk) => {
    received += chunk.length
  })
  greedy.resume()
  for (let turns = 0; turns < 400 && received < 400 << 20; ++turns) await delay(25)
  t.equal(received, 400 * ((1 << 20) + '$1048576\r\n\r\n'.length))
  greedy.destroy()
})

t.test('A client whose commands never end is dropped at its limit', async (t) => {
  const ours = await serve(t, { clientQueryBufferLimit: 1 << 20 })
  const endless = await open(ours.path)
  const closed = new Promise((resolve) => endless.once('close', resolve))
  endless.write('*2\r\n$3\r\nGET\r\n$100000000\r\n')
  const chunk = Buffer.alloc(1 << 16)
  while (!endless.destroyed && endless.writable) {
    const drained = new Promise((resolve) => endless.once('drain', resolve))
    if (!endless.write(chunk)) await Promise.race([drained, closed])
  }
  await assertServes(t, ours)
})

t.test('A client that goes while it waits takes nothing with it', async (t) => {
  const ours = await serve(t)
  const client = await RespClient.connect({ path: ours.path })
  t.teardown(() => client.close())
  const isBlocked = async (count: number) => {
    const pattern = new RegExp(`blocked_clients:${count}\\r`)
    for (let turns = 0; turns < 100 && !pattern.test(await info(ours)); ++turns) await delay(10)
    t.match(await info(ours), pattern)
  }
  for (const goes of ['destroy', 'end'] as const) {
    const waiting = await open(ours.path)
    waiting.write('BLPOP list 0\r\nGET a\r\n')
    await isBlocked(1)
    waiting[goes]()
    await isBlocked(0)
    t.equal(await client.send('RPUSH', 'list', 'element'), 1)
    t.equal(String(await client.send('LPOP', 'list')), 'element')
  }
})

t.test('A client that has said nothing for long is dropped, and no other', async (t) => {
  const ours = await serve(t, { timeout: 2 })
  const quiet = await open(ours.path)
  const closed = once(quiet, 'close')
  const client = await RespClient.connect({ path: ours.path })
  t.teardown(() => client.close())
  const speaking = setInterval(() => void client.send('GET', 'a'), 100)
  t.teardown(() => clearInterval(speaking))
  await closed
  await delay(1000)
  const list = String(await client.send('CLIENT', 'LIST'))
  t.match(list, /idle=0 /)
  t.equal(list.trim().split('\n').length, 1)
})
