/**
 * A server whose disk stands still for five seconds: only those who were promised that it is
 * written wait for it, and what was acknowledged is there after the server was killed.
 */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { open } from '../../dist/index.js'
import { mountDisk, stallProblem } from '../support/faults.js'
import { spawnPlainNode } from '../support/plain-node.js'
import { RespClient, type RespReply, SimpleString } from '../support/resp-client.js'

const DISK_MIB = 64
const STALL_MS = 5000
/** So that a server that waits for the disk fails the test in the end. */
const RESCUE_MS = 60_000
const LIST_LENGTH = 1500
const ELEMENT = 'x'.repeat(1000)
const WRITES = 20_000
const WRITES_AT_ONCE = 100

interface Host {
  readonly dir: string
  readonly process: ChildProcess
  readonly freeze: () => void
  readonly thaw: () => void
  readonly connect: () => Promise<RespClient>
}

/** A server of its own process, with its log on a disk of its own. */
async function start(t: Test, appendfsync: string): Promise<Host> {
  const disk = mountDisk(t, DISK_MIB)
  const root = mkdtempSync(join(tmpdir(), 'sf-stalled-'))
  const [dir, path] = [join(disk.dir, 'data'), join(root, 'socket')]
  // A child that begins meanwhile is another matter: its file is made before the fork.
  const rewritePercentage = '0'
  const words = [dir, appendfsync, path, rewritePercentage]
  const process = spawnPlainNode('server-host.mjs', words, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const clients: RespClient[] = []
  const rescue = setTimeout(() => {
    t.fail('the server has waited for the disk')
    disk.thaw()
  }, RESCUE_MS)
  t.teardown(async () => {
    clearTimeout(rescue)
    for (const client of clients) client.close()
    // A thread that waits for the disk ends with it only.
    disk.thaw()
    await kill(process)
    rmSync(root, { recursive: true })
  })
  await once(process.stdout as NodeJS.ReadableStream, 'data')
  const connect = async () => {
    const client = await RespClient.connect({ path })
    clients.push(client)
    return client
  }
  return { dir, process, freeze: disk.freeze, thaw: disk.thaw, connect }
}

async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return
  const ended = once(process, 'exit')
  process.kill('SIGKILL')
  await ended
}

/** The elements of the list are more than the express lane gathers before it lets them out. */
async function read(client: RespClient): Promise<void> {
  const [list, before] = await client.pipeline([
    ['LRANGE', 'list', 0, -1],
    ['GET', 'before'],
  ])
  if (before !== 'there' || (list as RespReply[]).length !== LIST_LENGTH) {
    throw new Error('what was written before is not there')
  }
}

async function fill(client: RespClient): Promise<void> {
  await client.send('SET', 'before', 'there')
  await client.send('RPUSH', 'list', ...new Array<string>(LIST_LENGTH).fill(ELEMENT))
}

const isOk = (reply: RespReply) => reply instanceof SimpleString && reply.text === 'OK'

t.test('A server on a disk that stands still', { skip: stallProblem() }, async (t) => {
  await t.test('holds the replies of those who write, synced always, and no others', async (t) => {
    const host = await start(t, 'always')
    const [reader, waiter, plain, mixed, atomic] = await Promise.all([
      host.connect(),
      host.connect(),
      host.connect(),
      host.connect(),
      host.connect(),
    ])
    await fill(reader)
    const events: string[] = []
    const note = (event: string) => (reply: RespReply) => {
      events.push(event)
      return reply
    }
    const popped = waiter.send('BLPOP', 'queue', 0).then(note('BLPOP'))
    host.freeze()
    const frozenAt = Date.now()
    const written = [
      plain.send('SET', 'plain', '1').then(note('SET')),
      // What is behind a write waits with it.
      mixed.send('SET', 'mixed', '1').then(note('SET, GET')),
      mixed.send('GET', 'before').then(note('GET behind SET')),
      atomic.send('MULTI').then(note('MULTI')),
      atomic.send('RPUSH', 'queue', 'one', 'two').then(note('QUEUED')),
      atomic.send('EXEC').then(note('EXEC')),
    ]
    let reads = 0
    for (; Date.now() - frozenAt < STALL_MS || reads === 0; ++reads) await read(reader)
    t.equal(await reader.send('GET', 'plain'), '1', 'what is not durable is seen')
    const meanwhile = events.filter((event) => event !== 'MULTI' && event !== 'QUEUED')
    t.strictSame(meanwhile, [], `nobody who wrote was answered during ${reads} reads`)
    host.thaw()
    const [set, setOfMixed, got, , , executed] = await Promise.all(written)
    t.ok([set, setOfMixed].every((reply) => isOk(reply as RespReply)))
    t.equal(got, 'there')
    t.strictSame(executed, [2])
    t.strictSame(await popped, ['queue', 'one'])
    await kill(host.process)
    const db = await open({ dir: host.dir, appendonly: true, hugePages: false })
    t.strictSame(db.mget('before', 'plain', 'mixed'), ['there', '1', '1'])
    t.strictSame(db.lrange('queue', 0, -1), ['two'])
    t.equal(db.llen('list'), LIST_LENGTH)
    await db.close()
  })

  await t.test('answers all meanwhile, synced every second', async (t) => {
    const host = await start(t, 'everysec')
    const [reader, writer] = await Promise.all([host.connect(), host.connect()])
    await fill(reader)
    host.freeze()
    const frozenAt = Date.now()
    let reads = 0
    let written = 0
    while (Date.now() - frozenAt < STALL_MS || written < WRITES) {
      await read(reader)
      reads += 1
      if (written === WRITES) continue
      const commands = Array.from({ length: WRITES_AT_ONCE }, (_, index) => [
        ...['SET', `key:${written + index}`, 'value'],
      ])
      const replies = await writer.pipeline(commands)
      if (!replies.every(isOk)) throw new Error('a write was refused')
      written += WRITES_AT_ONCE
    }
    t.pass(`${reads} reads and ${written} writes were answered`)
    host.thaw()
    // The reply to this write promises all that was before it.
    t.ok(isOk(await writer.send('CONFIG', 'SET', 'appendfsync', 'always')))
    t.ok(isOk(await writer.send('SET', 'last', '1')))
    await kill(host.process)
    const db = await open({ dir: host.dir, appendonly: true, hugePages: false })
    t.equal(db.dbsize(), WRITES + 3)
    t.equal(db.get(`key:${WRITES - 1}`), 'value')
    await db.close()
  })
})
