/**
 * Signals that are sent to the child belong to the child.
 *
 * libuv's handler writes the signal into a pipe that parent and child share after a fork: where the
 * child still has it, the parent's JavaScript handler runs. Method: the host handles signals, which
 * is shown to work by sending them to the host itself; then they are sent to its child, once it
 * writes and also in the instant after the fork, when its handlers may not be reset yet.
 */

import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Ending, Host } from '../support/host.js'
import { childrenOf, stateOf, waitFor } from '../support/processes.js'
import { digestOfFile, strangeFiles } from '../support/snapshot-files.js'

/** What ends a process that does not handle it. */
const DEADLY = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGUSR1', 'SIGALRM'] as const
/** What a process does not notice that does not handle it. */
const HARMLESS = ['SIGWINCH', 'SIGURG', 'SIGCONT'] as const
const ALL = [...DEADLY, ...HARMLESS]

/** A save of them takes so long that a signal of the host comes in time, even on a busy machine. */
const KEYS = 300_000
const ROUNDS_AT_THE_FORK = 25
const SIGNALS_PER_ROUND = 500

interface Started {
  pid: number
}

t.test('A signal to the child', async (t) => {
  const dir = t.testdir()
  const host = await Host.start(t, 'signal-host.mjs')
  await host.call('open', { dir })
  await host.call('fill', KEYS, 300)
  await host.call('handle', ALL)
  const none = Object.fromEntries(ALL.map((name) => [name, 0]))

  for (const signal of DEADLY) {
    await t.test(`ends it and not a handler of the parent: ${signal}`, async (t) => {
      const { pid } = await host.call<Started>('startStopped', 'write')
      await host.call('signalChild', pid, signal)
      await host.call('signalChild', pid, 'SIGCONT')
      const { error } = await host.call<Ending>('endOfSave')
      t.match(error, { code: 'ERR_SNAPFORK_CHILD_DIED', pid, exit: { code: null, signal } })
      t.strictSame(await host.call('counts'), none)
      t.equal(stateOf(pid), null)
      t.strictSame(strangeFiles(dir), [])
    })
  }

  await t.test('does neither in the instant after the fork', async (t) => {
    for (let round = 0; round < ROUNDS_AT_THE_FORK; ++round) {
      const signal = DEADLY[round % DEADLY.length] as string
      // From right after the fork to about when the child writes.
      const micros = Math.floor(round / DEADLY.length) * 150
      const { pid } = await host.call<Started>('startDisturbed', { micros, signals: [signal] })
      const { error } = await host.call<Ending>('endOfSave')
      t.match(error, { code: 'ERR_SNAPFORK_CHILD_DIED', pid, exit: { code: null, signal } })
    }
    t.strictSame(await host.call('counts'), none)
    t.strictSame(strangeFiles(dir), [])
    t.strictSame(childrenOf(host.pid), [])
  })

  await t.test('is not caught in the instant after the fork, before the set-up', async (t) => {
    let sent = 0
    for (let round = 0; round < ROUNDS_AT_THE_FORK; ++round) {
      const started = host.call('startSave')
      // From here, without a turn of the event loop: no later than the child can be seen.
      const pid = spinForChild(host.pid)
      for (let count = 0; count < SIGNALS_PER_ROUND && pid !== null && sendTo(pid); ++count) ++sent
      await started
      t.equal((await host.call<Ending>('endOfSave')).error, undefined)
    }
    t.ok(sent > ROUNDS_AT_THE_FORK * 10, `${sent} signals were sent`)
    t.strictSame(await host.call('counts'), none)
  })

  for (const signal of HARMLESS) {
    await t.test(`disturbs neither it nor the parent: ${signal}`, async (t) => {
      const digest = await host.call('digest')
      await host.call('startDisturbed', { signals: [signal] })
      const { error, report } = await host.call<Ending>('endOfSave')
      t.equal(error, undefined)
      t.equal(report?.keys, KEYS)
      t.equal(await digestOfFile(`${dir}/dump.rdb`), digest)
      t.strictSame(await host.call('counts'), none)
    })
  }

  await t.test('to the parent is still seen by the parent, also while a child lives', async (t) => {
    const { pid } = await host.call<Started>('startStopped', 'write')
    const before = await host.call<Record<string, number>>('counts')
    for (const signal of ALL) await host.call('signalSelf', signal)
    let counts: Record<string, number> = {}
    for (const signal of ALL) {
      while ((counts[signal] ?? 0) <= (before[signal] as number)) {
        counts = await host.call<Record<string, number>>('counts')
      }
      t.equal(counts[signal], (before[signal] as number) + 1, signal)
    }
    t.equal(stateOf(pid), 'T')
    await host.call('signalChild', pid, 'SIGCONT')
    t.equal((await host.call<Ending>('endOfSave')).error, undefined)
    await waitFor(() => stateOf(pid) === null)
  })
})

/** The first child of a process that has none yet, or null if there is none for a long time. */
function spinForChild(parent: number): number | null {
  const path = `/proc/${parent}/task/${parent}/children`
  for (const deadline = Date.now() + 2000; Date.now() < deadline; ) {
    const pid = Number.parseInt(readFileSync(path, 'latin1'), 10)
    if (pid > 0) return pid
  }
  return null
}

/** False if there is no such process. */
function sendTo(pid: number): boolean {
  try {
    process.kill(pid, 'SIGWINCH')
    return true
  } catch {
    return false
  }
}
