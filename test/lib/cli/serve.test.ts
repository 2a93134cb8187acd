/**
 * `snapfork serve` as a process: how it starts, what it says, how it ends.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { open } from '../../../dist/index.js'
import { ended, run, start } from '../../support/cli.js'
import { notifyProblem } from '../../support/faults.js'
import { Talker } from '../../support/talker.js'

interface Served {
  readonly child: ChildProcess
  readonly end: ReturnType<typeof ended>
  readonly dir: string
  readonly path: string
  /** Resolves when that was said. */
  said(text: string): Promise<void>
}

/** Starts a server in a directory of the test, at a socket there. */
function serve(
  t: Test,
  dir: string,
  words: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Served {
  const path = join(dir, 's')
  const options = ['--dir', dir, '--port', '0', '--unixsocket', path]
  const child = start(['serve', ...words, ...options], variables)
  t.teardown(() => child.kill('SIGKILL'))
  let text = ''
  child.stdout?.on('data', (chunk) => {
    text += chunk
  })
  const end = ended(child)
  const said = async (words: string) => {
    while (!text.includes(words)) {
      if (child.exitCode !== null) throw new Error(`it has ended: ${text}`)
      await sleep(5)
    }
  }
  return { child, end, dir, path, said }
}

/** A short path: that of a socket may have 107 bytes. */
function makeDir(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'sf-serve-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  return dir
}

async function serveReady(t: Test, ...words: readonly string[]): Promise<Served> {
  const served = serve(t, makeDir(t), words)
  await served.said('ready to accept connections')
  return served
}

async function keysIn(dir: string, appendonly = false): Promise<number> {
  const db = await open({ dir, appendonly, hugePages: false })
  const keys = db.dbsize()
  await db.close()
  return keys
}

t.test('a signal ends it, behind a save if there are save points', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    for (const save of ['3600 1', '']) {
      const { child, end, dir, path } = await serveReady(t, '--save', save)
      const client = await Talker.connect(t, path)
      t.equal(await client.send('SET', 'key', 'value'), 'OK')
      child.kill(signal)
      t.match(await end, { status: 0, signal: null, stderr: '' })
      t.equal(await keysIn(dir), save === '' ? 0 : 1)
    }
  }
})

t.test('SHUTDOWN ends it', async (t) => {
  for (const [word, keys] of [
    ['SAVE', 1],
    ['NOSAVE', 0],
  ] as const) {
    const { end, dir, path } = await serveReady(t)
    const client = await Talker.connect(t, path)
    await client.send('SET', 'key', 'value')
    await t.rejects(client.send('SHUTDOWN', word))
    t.match(await end, { status: 0, stderr: '' })
    t.equal(await keysIn(dir), keys)
  }
})

t.test('it goes on if it cannot save, until a second signal', async (t) => {
  const { child, end, dir, path, said } = await serveReady(t, '--dbfilename', 'taken')
  const client = await Talker.connect(t, path)
  await client.send('SET', 'key', 'value')
  // A directory that is not empty is in the way of the file.
  await client.send('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no')
  mkdirSync(join(dir, 'taken/x'), { recursive: true })
  t.match(await client.send('SHUTDOWN', 'SAVE'), /^-ERR Errors trying to SHUTDOWN/)
  child.kill('SIGTERM')
  await said('the server goes on')
  t.equal(await client.send('GET', 'key'), 'value')
  child.kill('SIGTERM')
  t.match(await end, { status: 128 + 15 })
})

t.test('a signal while it loads ends it, and changes no file', async (t) => {
  const dir = makeDir(t)
  const db = await open({ dir, appendonly: true, hugePages: false })
  for (let at = 0; at < 200_000; ++at) db.call('BITFIELD', 'bits', 'SET', 'u8', '0', `${at % 256}`)
  db.set('last', 'value')
  await db.close()
  const { child, end, said } = serve(t, dir, ['--appendonly', 'yes', '--save', '1 1'])
  await said('listens')
  child.kill('SIGTERM')
  t.match(await end, { status: 0, stderr: '' })
  t.equal(await keysIn(dir, true), 2)
})

t.test('its files', async (t) => {
  const dir = t.testdir({
    'redis.conf': 'maxmemory 50mb\nrdbcompression no\nreplica-priority 50\n',
  })
  const [pidfile, logfile] = [join(dir, 'run.pid'), join(dir, 'server.log')]
  const words = ['--pidfile', pidfile, '--logfile', logfile, '--loglevel', 'notice']
  const { child, end, path } = serve(t, dir, [join(dir, 'redis.conf'), ...words])
  while (!existsSync(logfile) || !readFileSync(logfile, 'utf8').includes('ready')) await sleep(5)
  const client = await Talker.connect(t, path)
  t.strictSame(await client.send('CONFIG', 'GET', 'maxmemory'), ['maxmemory', `${50 << 20}`])
  t.equal(Number(readFileSync(pidfile, 'utf8')), child.pid)
  child.kill('SIGTERM')
  t.match(await end, { status: 0, stdout: '', stderr: '' })
  t.notOk(existsSync(pidfile), 'the pidfile goes with it')
  const lines = readFileSync(logfile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const warning = lines.find(({ directives }) => directives !== undefined)
  t.match(warning, { level: 40, directives: ['replica-priority'] })
})

t.test('what is wrong at the start', async (t) => {
  const dir = t.testdir({ 'bad.conf': 'port 0\nno-such-directive 1\n' })
  const bad = await run('serve', join(dir, 'bad.conf'))
  t.equal(bad.status, 1)
  t.match(bad.stderr, /no-such-directive/)
  const missing = await run('serve', join(dir, 'none.conf'))
  t.equal(missing.status, 1)
  t.match(missing.stderr, /none\.conf/)
  writeFileSync(join(dir, 'dump.rdb'), 'no such file')
  const damaged = await ended(start(['serve', '--port', '0', '--dir', dir]))
  t.equal(damaged.status, 1)
  t.match(damaged.stderr, /dump\.rdb.*ERR_SNAPFORK_CORRUPT/s)
})

t.test('tells systemd when it is ready', { skip: notifyProblem() }, async (t) => {
  const dir = makeDir(t)
  const socket = join(dir, 'notify')
  const code = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('bound', flush=True)
print(receiver.recv(4096).decode(), flush=True)`
  const receiver = spawn('python3', ['-c', code, socket])
  t.teardown(() => receiver.kill())
  let text = ''
  receiver.stdout.on('data', (chunk) => {
    text += chunk
  })
  while (!text.includes('bound')) await sleep(5)
  const words = ['--supervised', 'systemd']
  const { child, end } = serve(t, dir, words, { NOTIFY_SOCKET: socket })
  await once(receiver, 'close')
  t.match(text, /READY=1/)
  child.kill('SIGTERM')
  t.match(await end, { status: 0 })
})
