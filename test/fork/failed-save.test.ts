/**
 * Saves that fail, each for one reason of the world: what the caller is told, and what is left.
 *
 * Method: a host with a good file changes its keys and saves under the fault. After each failure
 * `assertUnharmed` holds: the old file byte for byte, no temporary file, no child, no zombie, reads
 * and writes as before; and when the fault is gone the next save works and holds everything.
 */

import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  inject,
  limit,
  mountProblem,
  mountTmpfs,
  pinFile,
  traceProblem,
  userProblem,
} from '../support/faults.js'
import {
  type Ending,
  type ErrorFacts,
  Host,
  type HostError,
  type HostOptions,
} from '../support/host.js'
import { childrenOf } from '../support/processes.js'
import { digestOfFile, strangeFiles } from '../support/snapshot-files.js'

const VALUE_BYTES = 200
const NOBODY = 65_534

class Store {
  readonly path: string
  #before: Buffer = Buffer.alloc(0)

  private constructor(
    readonly t: Test,
    readonly host: Host,
    readonly dir: string,
  ) {
    this.path = join(dir, 'dump.rdb')
  }

  static async open(t: Test, dir: string, options: HostOptions = {}): Promise<Store> {
    const host = await Host.start(t, 'engine-host.mjs', options)
    // Readings of what memory is left would take descriptors, now and then.
    await host.call('open', { dir, saveMemoryPolicy: 'none' })
    return new Store(t, host, dir)
  }

  /** A store with a saved file and changes since. */
  static async openSaved(t: Test, dir: string, options: HostOptions = {}): Promise<Store> {
    const store = await Store.open(t, dir, options)
    await store.host.call('fill', 1000, VALUE_BYTES)
    await store.assertSaves()
    await store.host.call('fill', 2000, VALUE_BYTES)
    return store
  }

  async save(): Promise<Ending> {
    await this.host.call('startSave')
    return this.host.call<Ending>('endOfSave')
  }

  /** Saves in the background, and in the foreground; both must fail alike. */
  async assertFails(expected: object): Promise<ErrorFacts | undefined> {
    const { error, report } = await this.save()
    this.t.equal(report, undefined)
    this.t.match(error, expected)
    await this.assertUnharmed()
    return error
  }

  async assertForegroundFails(expected: object): Promise<void> {
    this.t.match(await this.foregroundError(), expected)
    await this.assertUnharmed()
  }

  async foregroundError(): Promise<ErrorFacts | null> {
    return this.host.call('save').then(
      () => null,
      (error: HostError) => error.facts,
    )
  }

  async assertUnharmed(): Promise<void> {
    const { t, host } = this
    t.strictSame(strangeFiles(this.dir), [])
    t.ok(this.#before.equals(readFileSync(this.path)), 'the old file is what it was')
    t.strictSame(childrenOf(host.pid), [])
    await host.call('call', 'SET', 'alive', 'yes')
    t.equal(await host.call('call', 'GET', 'alive'), 'yes')
    t.equal(await host.call('call', 'STRLEN', 'key:0'), VALUE_BYTES)
    t.equal(await host.call('call', 'DEL', 'alive'), 1)
  }

  async assertSaves(): Promise<void> {
    const digest = await this.host.call('digest')
    const { error } = await this.save()
    this.t.equal(error, undefined)
    this.t.equal(await digestOfFile(this.path), digest)
    this.t.strictSame(strangeFiles(this.dir), [])
    this.t.strictSame(childrenOf(this.host.pid), [])
    this.#before = readFileSync(this.path)
  }
}

t.test('A save onto a full disk', { skip: mountProblem() }, async (t) => {
  for (const kibibytes of [400, 1024, 2500]) {
    await t.test(`fails with ERR_SNAPFORK_NO_SPACE at ${kibibytes} KiB`, async (t) => {
      const dir = mountTmpfs(t, `size=${kibibytes}k`)
      const store = await Store.openSaved(t, dir)
      await store.host.call('fill', 60 * kibibytes, VALUE_BYTES)
      const cause = { code: 'ENOSPC' }
      const expected = { code: 'ERR_SNAPFORK_NO_SPACE', cause }
      await store.assertFails({ ...expected, exit: { code: 1, signal: null, phase: 'write' } })
      await store.assertForegroundFails(expected)
      await store.assertFails(expected)
      await store.host.call('call', 'FLUSHALL')
      await store.host.call('fill', 500, VALUE_BYTES)
      await store.assertSaves()
      await store.host.kill()
    })
  }

  await t.test('fails in the child when there is no room for a name', async (t) => {
    // Its own folder, the lock, the snapshot, and the temporary file that replaces it.
    const dir = mountTmpfs(t, 'nr_inodes=4')
    const store = await Store.openSaved(t, dir)
    writeFileSync(join(dir, 'snapfork.lock.other'), '')
    const { error } = await store.save()
    const exit = { code: 1, phase: 'start' }
    t.match(error, { code: 'ERR_SNAPFORK_NO_SPACE', cause: { code: 'ENOSPC' }, exit })
    rmSync(join(dir, 'snapfork.lock.other'))
    await store.assertUnharmed()
    await store.assertSaves()
    await store.host.kill()
  })
})

t.test('A save over the limit of file sizes', { skip: userProblem() }, async (t) => {
  await t.test('fails with ERR_SNAPFORK_NO_SPACE, and is not ended by SIGXFSZ', async (t) => {
    const store = await Store.openSaved(t, t.testdir())
    const unlimit = limit(store.host.pid, 'fsize', 20_000)
    const expected = { code: 'ERR_SNAPFORK_NO_SPACE', cause: { code: 'EFBIG' } }
    await store.assertFails({ ...expected, exit: { code: 1, signal: null } })
    await store.assertForegroundFails(expected)
    unlimit()
    await store.assertSaves()
  })
})

t.test('A save whose rename fails', async (t) => {
  await t.test(
    'leaves the old file, where it is a mount point',
    {
      skip: mountProblem(),
    },
    async (t) => {
      const store = await Store.openSaved(t, t.testdir())
      const unpin = pinFile(t, store.path)
      const expected = { code: 'ERR_SNAPFORK_IO', cause: { code: 'EBUSY' } }
      await store.assertFails({ ...expected, exit: { code: 1, signal: null, phase: 'rename' } })
      await store.assertForegroundFails(expected)
      unpin()
      await store.assertSaves()
    },
  )

  await t.test('leaves a folder that has its name', async (t) => {
    const dir = t.testdir()
    const store = await Store.open(t, dir)
    await store.host.call('fill', 1000, VALUE_BYTES)
    mkdirSync(join(store.path, 'with', 'content'), { recursive: true })
    const expected = { code: 'ERR_SNAPFORK_IO', cause: { code: /^E(ISDIR|EXIST|NOTEMPTY)$/ } }
    const { error } = await store.save()
    t.match(error, { ...expected, exit: { code: 1, phase: 'rename' } })
    t.match(await store.foregroundError(), expected)
    t.strictSame(strangeFiles(dir), [])
    t.strictSame(childrenOf(store.host.pid), [])
    rmSync(store.path, { recursive: true })
    await store.assertSaves()
  })
})

t.test('A save of whose system calls one fails', { skip: traceProblem() }, async (t) => {
  const faults: [rule: string, phase: string][] = [
    ['fsync:error=EIO:when=1', 'sync'],
    ['rename:error=EIO', 'rename'],
  ]
  for (const [rule, phase] of faults) {
    await t.test(`fails with ERR_SNAPFORK_IO: ${rule}`, async (t) => {
      const store = await Store.openSaved(t, t.testdir())
      await store.host.call('fill', 20_000, VALUE_BYTES)
      const stop = await inject(t, store.host.pid, rule)
      const exit = { code: 1, signal: null, phase }
      const { error } = await store.save()
      await stop()
      t.match(error, { code: 'ERR_SNAPFORK_IO', cause: { code: 'EIO' }, exit })
      await store.assertUnharmed()
      await store.assertSaves()
    })
  }
})

t.test(
  'A save whose child is killed as it calls the kernel',
  { skip: traceProblem() },
  async (t) => {
    const kills: [rule: string, phase: string, isNew: boolean][] = [
      ['close_range:signal=KILL:when=1', 'start', false],
      ['fsync:signal=KILL:when=1', 'sync', false],
      ['rename:signal=KILL', 'rename', false],
      // Of the directory, with the new file in its place.
      ['fsync:signal=KILL:when=2', 'rename', true],
    ]
    for (const [rule, phase, isNew] of kills) {
      await t.test(`fails with ERR_SNAPFORK_CHILD_DIED: ${rule}`, async (t) => {
        const store = await Store.openSaved(t, t.testdir())
        const digest = await store.host.call('fill', 20_000, VALUE_BYTES)
        const stop = await inject(t, store.host.pid, rule)
        const { error } = await store.save()
        await stop()
        const exit = { code: null, signal: 'SIGKILL', phase }
        t.match(error, { code: 'ERR_SNAPFORK_CHILD_DIED', exit })
        if (isNew) t.equal(await digestOfFile(store.path), digest)
        else await store.assertUnharmed()
        await store.assertSaves()
      })
    }
  },
)

t.test('A fork that the kernel refuses', { skip: userProblem() }, async (t) => {
  await t.test('fails with ERR_SNAPFORK_FORK_FAILED where there are too many', async (t) => {
    const dir = t.testdir()
    chownSync(dir, NOBODY, NOBODY)
    chmodSync(dir, 0o755)
    const store = await Store.openSaved(t, dir, { uid: NOBODY, gid: NOBODY })
    const unlimit = limit(store.host.pid, 'nproc', 1, NOBODY)
    const cause = { code: 'EAGAIN' }
    const expected = { code: 'ERR_SNAPFORK_FORK_FAILED', cause, pid: null, exit: null }
    for (let round = 0; round < 5; ++round) await store.assertFails(expected)
    unlimit()
    await store.assertSaves()
  })

  await t.test(
    'fails with ERR_SNAPFORK_FORK_FAILED where there is no memory',
    {
      skip: traceProblem(),
    },
    async (t) => {
      const store = await Store.openSaved(t, t.testdir())
      const stop = await inject(t, store.host.pid, 'clone,clone3,fork,vfork:error=ENOMEM')
      const { error } = await store.save()
      await stop()
      const cause = { code: 'ENOMEM' }
      t.match(error, { code: 'ERR_SNAPFORK_FORK_FAILED', cause, pid: null, exit: null })
      await store.assertUnharmed()
      await store.assertSaves()
    },
  )

  // The pipe of the child takes two.
  for (const free of [0, 1]) {
    await t.test(`is the outcome where ${free} descriptors are free`, async (t) => {
      const store = await Store.openSaved(t, t.testdir())
      const used = await store.host.call<number>('fillDescriptors')
      const unlimit = limit(store.host.pid, 'nofile', used + free)
      await store.host.call('startSaveUnseen')
      const { error } = await store.host.call<Ending>('endOfSave')
      unlimit()
      await store.host.call('freeDescriptors')
      const code = 'ERR_SNAPFORK_FORK_FAILED'
      t.match(error, { code, cause: { code: 'EMFILE' }, pid: null, exit: null })
      await store.assertUnharmed()
      await store.assertSaves()
    })
  }
})

t.test(
  'A host that runs out of descriptors while a child saves',
  {
    skip: userProblem(),
  },
  async (t) => {
    await t.test('goes on, and so does the child', async (t) => {
      const store = await Store.openSaved(t, t.testdir())
      const digest = await store.host.call('fill', 50_000, VALUE_BYTES)
      const { pid } = await store.host.call<{ pid: number }>('startStopped', 'write')
      // Time for the host to read what the save costs, before and after.
      await sleep(200)
      const used = await store.host.call<number>('fillDescriptors')
      const unlimit = limit(store.host.pid, 'nofile', used)
      await sleep(1000)
      await store.host.call('signalChild', pid, 'SIGCONT')
      const { error } = await store.host.call<Ending>('endOfSave')
      unlimit()
      await store.host.call('freeDescriptors')
      t.equal(error, undefined)
      t.equal(await digestOfFile(store.path), digest)
      await store.assertSaves()
    })
  },
)
