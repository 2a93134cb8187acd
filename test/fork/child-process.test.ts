/**
 * The child as the rest of the machine sees it: its name, its priorities, its descriptors, its end.
 *
 * Method: the host stops the child with SIGSTOP when it has begun to write, so that its set-up is
 * behind it; the test then looks at it from a third process.
 */

import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Host } from '../support/host.js'
import {
  childrenOf,
  descriptorsOf,
  hasEnded,
  mappingsOf,
  nameOf,
  niceOf,
  oomScoreAdjOf,
  stateOf,
} from '../support/processes.js'
import { digestOfFile, strangeFiles } from '../support/snapshot-files.js'

const KEYS = 100_000
const VALUE_BYTES = 300

interface Stopped {
  pid: number
}

type Ending = { report: { keys: number; path: string }; error?: undefined }

async function startFilled(t: Test, options: object = {}): Promise<{ host: Host; dir: string }> {
  const dir = t.testdir()
  const host = await Host.start(t, 'engine-host.mjs')
  await host.call('open', { dir, ...options })
  await host.call('fill', KEYS, VALUE_BYTES)
  return { host, dir }
}

/** Lets the child go on; it must then write the whole file. */
async function finish(t: Test, host: Host, pid: number): Promise<void> {
  await host.call('signalChild', pid, 'SIGCONT')
  const { report, error } = await host.call<Ending>('endOfSave')
  t.equal(error, undefined)
  t.equal(report?.keys, KEYS)
}

/** What it holds, without the file in which it now and then reads of its own memory. */
function ownDescriptors(pid: number): string[] {
  return descriptorsOf(pid).filter((path) => path !== `/proc/${pid}/smaps_rollup`)
}

t.test('A saving child', async (t) => {
  await t.test('is named snapfork-rdb, and gives way to its parent', async (t) => {
    const { host } = await startFilled(t, { nice: 7, oomScoreAdj: 500 })
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    t.equal(stateOf(pid), 'T')
    t.equal(nameOf(pid), 'snapfork-rdb')
    t.equal(niceOf(pid), niceOf(host.pid) + 7)
    t.equal(oomScoreAdjOf(pid), 500)
    t.not(oomScoreAdjOf(host.pid), 500)
    t.match(ioPriorityOf(pid), /^best-effort: prio 7$|^unknown$/)
    await finish(t, host, pid)
  })

  await t.test('keeps the out-of-memory score and the nice value if asked to', async (t) => {
    const { host } = await startFilled(t, { nice: 0, oomScoreAdj: null })
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    t.equal(oomScoreAdjOf(pid), oomScoreAdjOf(host.pid))
    t.equal(niceOf(pid), niceOf(host.pid))
    await finish(t, host, pid)
  })

  await t.test('holds the temporary file and one end of a pipe, and nothing else', async (t) => {
    const { host, dir } = await startFilled(t)
    t.ok(descriptorsOf(host.pid).length > 10, 'the parent has many')
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    const [name] = strangeFiles(dir)
    const file = join(realpathSync(dir), name ?? '')
    t.match(ownDescriptors(pid).sort(), [file, /^pipe:\[\d+\]$/])
    // Not even a duplicate of the lock: the directory is free as soon as the parent has ended.
    await finish(t, host, pid)
  })

  await t.test('has the data of the keyspace, and not the index', async (t) => {
    const { host } = await startFilled(t)
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    const regions = await host.call<[string, string, string][]>('regions')
    const mappings = mappingsOf(pid)
    const has = (name: string) =>
      regions
        .filter(([other]) => other === name)
        .every(([, start, end]) =>
          mappings.some((at) => at.start < BigInt(end) && at.end > BigInt(start)),
        )
    t.ok(has('data'))
    t.ok(has('control'))
    t.notOk(has('index'))
    await finish(t, host, pid)
  })

  await t.test('has one thread', async (t) => {
    const { host } = await startFilled(t)
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    t.strictSame(childrenOf(pid), [])
    t.strictSame(threadsOf(pid), [`${pid}`])
    t.ok(threadsOf(host.pid).length > 1)
    await finish(t, host, pid)
  })

  await t.test('is waited for: no zombie stays, whichever way it ends', async (t) => {
    const { host, dir } = await startFilled(t)
    for (const signals of [[], ['SIGKILL'], ['SIGSTOP', 'SIGKILL'], ['SIGTERM'], []]) {
      const { pid } = await host.call<Stopped>('startDisturbed', { signals })
      await host.call('endOfSave')
      t.equal(stateOf(pid), null)
      t.strictSame(childrenOf(host.pid), [])
      t.strictSame(strangeFiles(dir), [])
    }
  })

  await t.test('is not mixed up with other children of the host', async (t) => {
    const { host } = await startFilled(t)
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    t.strictSame(await host.call('reapBesideProgram'), { reaped: null, status: 42 })
    t.equal(stateOf(pid), 'T')
    await finish(t, host, pid)
  })

  await t.test('ends within a second when its parent ends, however that goes', async (t) => {
    for (const way of ['kill', 'exit', 'crash']) {
      const { host } = await startFilled(t)
      const { pid } = await host.call<Stopped>('startStopped', 'write')
      const ended = way === 'kill' ? host.kill() : host.call('endHost', way).catch(() => {})
      await ended
      const deadline = Date.now() + 1000
      while (!hasEnded(pid) && Date.now() < deadline) await new Promise(setImmediate)
      t.ok(hasEnded(pid), way)
    }
  })

  await t.test('writes a file that holds what was there at the fork', async (t) => {
    const { host, dir } = await startFilled(t)
    const digest = await host.call('digest')
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    await host.call('fill', KEYS, VALUE_BYTES + 50)
    t.not(await host.call('digest'), digest)
    await finish(t, host, pid)
    t.equal(await digestOfFile(join(dir, 'dump.rdb')), digest)
  })
})

function ioPriorityOf(pid: number): string {
  try {
    return execFileSync('ionice', ['-p', `${pid}`], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

function threadsOf(pid: number): string[] {
  return execFileSync('ls', [`/proc/${pid}/task`], { encoding: 'utf8' })
    .trim()
    .split('\n')
}
