/**
 * A child that is killed, or stands still, at any moment of its work.
 *
 * Method: the host kills its child in the turn in which it was started: at a random time after the
 * fork, or as soon as the control page says that it is in a phase. The file must then be the old
 * one byte for byte; the new one only if the child died while it was putting it in its place. The
 * store goes on, and saves now and then.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Ending, Host } from '../support/host.js'
import { childrenOf, stateOf } from '../support/processes.js'
import { announceSeed, Random } from '../support/random.js'
import { digestOfFile, strangeFiles } from '../support/snapshot-files.js'

const ROUNDS = process.env.SF_LONG === '1' ? 2000 : 80
const KEYS = 20_000
const VALUE_BYTES = 200
/** About what a save takes here. */
const KILL_MICROS_MAX = 20_000

interface Started {
  pid: number
  phase: string
}

async function startFilled(t: Parameters<typeof Host.start>[0], dir: string, options: object = {}) {
  const host = await Host.start(t, 'engine-host.mjs')
  await host.call('open', { dir, ...options })
  await host.call('fill', KEYS, VALUE_BYTES)
  await host.call('startSave')
  await host.call('endOfSave')
  return host
}

t.test('A child that is killed', async (t) => {
  const dir = t.testdir()
  const path = join(dir, 'dump.rdb')
  const host = await startFilled(t, dir)

  async function assertUnharmed(name: string, before: Buffer | null): Promise<void> {
    const problems: string[] = []
    if (strangeFiles(dir).length > 0) problems.push('a temporary file is left')
    if (childrenOf(host.pid).length > 0) problems.push('a child is left')
    if (before !== null && !before.equals(readFileSync(path))) problems.push('the file changed')
    await host.call('call', 'SET', 'alive', name)
    if ((await host.call('call', 'GET', 'alive')) !== name) problems.push('a write was lost')
    if (problems.length > 0) t.fail(`${name}: ${problems}`)
  }

  async function assertSaves(): Promise<void> {
    const digest = await host.call('digest')
    await host.call('startSave')
    t.equal((await host.call<Ending>('endOfSave')).error, undefined)
    t.equal(await digestOfFile(path), digest)
  }

  await t.test('at a random moment leaves the old file, or has done its work', async (t) => {
    const random = new Random(announceSeed(t))
    const phases = new Map<string, number>()
    for (let round = 0; round < ROUNDS; ++round) {
      const digest = await host.call('fill', KEYS, VALUE_BYTES + random.below(2) * 100)
      const before = readFileSync(path)
      const signals = random.oneIn(2) ? ['SIGKILL'] : ['SIGSTOP', 'SIGKILL']
      const micros = random.below(random.oneIn(3) ? 2000 : KILL_MICROS_MAX)
      await host.call('startDisturbed', { micros, signals })
      const { error } = await host.call<Ending>('endOfSave')
      const phase = error === undefined ? 'saved' : (error.exit?.phase ?? '')
      phases.set(phase, (phases.get(phase) ?? 0) + 1)
      if (error !== undefined) {
        t.match(error, { code: 'ERR_SNAPFORK_CHILD_DIED', exit: { signal: 'SIGKILL' } })
      }
      const isOld = ['start', 'write', 'sync'].includes(phase)
      await assertUnharmed(`round ${round} (${phase})`, isOld ? before : null)
      if (!isOld && !before.equals(readFileSync(path))) {
        if ((await digestOfFile(path)) !== digest) t.fail(`round ${round}: a file of no save`)
      }
      if (random.oneIn(10)) await assertSaves()
    }
    t.comment(`phases: ${[...phases].map(([phase, count]) => `${phase} ${count}`).join(', ')}`)
    t.ok((phases.get('write') ?? 0) > 0, 'some were killed as they wrote')
    await assertSaves()
  })

  // A child is in the phase before them for too short a time; failed-save.test.ts kills it there.
  for (const phase of ['write', 'sync', 'rename']) {
    await t.test(`in the phase '${phase}' leaves a complete file`, async (t) => {
      let hits = 0
      // They are short: now and then the child is through before it is stopped.
      for (let round = 0; round < 50 && hits < 3; ++round) {
        const digest = await host.call('fill', KEYS, VALUE_BYTES + round)
        const before = readFileSync(path)
        await host.call<Started>('startDisturbed', { phase, signals: ['SIGSTOP', 'SIGKILL'] })
        const { error } = await host.call<Ending>('endOfSave')
        if (error?.exit?.phase !== phase) continue
        hits += 1
        t.match(error, { code: 'ERR_SNAPFORK_CHILD_DIED', exit: { code: null, signal: 'SIGKILL' } })
        const isNew = phase === 'rename' && !before.equals(readFileSync(path))
        await assertUnharmed(`in ${phase}`, isNew ? null : before)
        if (isNew) t.equal(await digestOfFile(path), digest)
      }
      t.ok(hits > 0, `${hits} children died in it`)
      await assertSaves()
    })
  }
})

t.test('A child that stands still', async (t) => {
  await t.test('is killed after saveStallTimeoutMs', async (t) => {
    const dir = t.testdir()
    const host = await startFilled(t, dir, { saveStallTimeoutMs: 200 })
    const before = readFileSync(join(dir, 'dump.rdb'))
    await host.call('fill', 5 * KEYS, VALUE_BYTES)
    const { pid } = await host.call<Started>('startStopped', 'write')
    t.equal(stateOf(pid), 'T')
    const { error } = await host.call<Ending>('endOfSave')
    t.match(error, {
      name: 'SnapshotError',
      code: 'ERR_SNAPFORK_CHILD_STALLED',
      pid,
      exit: { code: null, signal: 'SIGKILL', phase: 'write' },
    })
    t.equal(stateOf(pid), null)
    t.strictSame(strangeFiles(dir), [])
    t.ok(before.equals(readFileSync(join(dir, 'dump.rdb'))), 'the old file is what it was')
    const digest = await host.call('digest')
    await host.call('startSave')
    t.equal((await host.call<Ending>('endOfSave')).error, undefined)
    t.equal(await digestOfFile(join(dir, 'dump.rdb')), digest)
  })

  await t.test('and goes on again is left alone', async (t) => {
    const host = await startFilled(t, t.testdir(), { saveStallTimeoutMs: 5000 })
    const { pid } = await host.call<Started>('startStopped', 'write')
    await new Promise((resolve) => setTimeout(resolve, 300))
    await host.call('signalChild', pid, 'SIGCONT')
    t.match(await host.call('endOfSave'), { report: { pid } })
  })
})
