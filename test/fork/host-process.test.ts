/**
 * What the host process keeps for itself: its output, its threads, its memory.
 */

import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileLibrary, compilerProblem } from '../support/faults.js'
import { Host } from '../support/host.js'
import { spawnPlainNode } from '../support/plain-node.js'
import { type Mapping, mappingsOf, stateOf } from '../support/processes.js'
import { digestOfFile, strangeFiles } from '../support/snapshot-files.js'

/** VmFlags: not copied on fork; the same memory in every process that has it. */
const DONT_FORK = 'dc'
const SHARED = 'sh'

const MEMORY_BYTES = 64 << 20

/** Regions that no child of any kind has a copy of, but for the first two in a save. */
const PRIVATE_REGIONS = ['data', 'meta', 'index'] as const

interface Region {
  name: string
  start: bigint
  end: bigint
}

async function regionsOf(host: Host): Promise<Region[]> {
  const regions = await host.call<[string, string, string][]>('regions')
  return regions.map(([name, start, end]) => ({ name, start: BigInt(start), end: BigInt(end) }))
}

function mappingsWithin(mappings: readonly Mapping[], region: Region): Mapping[] {
  return mappings.filter((at) => at.start < region.end && at.end > region.start)
}

/** Reads a stream to its end. */
async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  if (stream !== null) for await (const chunk of stream) text += chunk
  return text
}

t.test(
  'Output that the C library of the host holds back',
  {
    skip: compilerProblem(),
  },
  async (t) => {
    await t.test('comes out once, however many children there were', async (t) => {
      const dir = t.testdir()
      const [path, library] = [join(dir, 'output'), compileLibrary(dir, 'hold-output.c')]
      const output = openSync(path, 'a')
      const host = spawnPlainNode('stdio-host.mjs', [join(dir, 'data'), library], {
        stdio: ['ignore', output, 'pipe'],
      })
      const [told] = await Promise.all([textOf(host.stderr), once(host, 'exit')])
      closeSync(output)
      t.strictSame(JSON.parse(told), { bytesBefore: 0, bytesAfter: 0 })
      t.equal(readFileSync(path, 'utf8'), 'held back\n')
    })
  },
)

t.test('An engine in a worker thread', async (t) => {
  await t.test('works in memory and saves, but does not fork', async (t) => {
    const dir = t.testdir()
    const host = spawnPlainNode('worker-host.mjs', [dir], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [text, [status]] = await Promise.all([textOf(host.stdout), once(host, 'exit')])
    t.equal(status, 0)
    const facts = JSON.parse(text)
    t.match(facts.error, { name: 'SnapshotError', code: 'ERR_SNAPFORK_WORKER_THREAD' })
    t.match(facts.command, { code: 'ERR_SNAPFORK_WORKER_THREAD' })
    t.equal(facts.children, '')
    t.equal(facts.value, '7')
    t.equal(facts.keys, 1000)
    t.equal(facts.failures, 0, 'a save that was refused is none that failed')
    t.strictSame(strangeFiles(dir), [])
    t.equal(await digestOfFile(join(dir, 'dump.rdb')), facts.digest)
  })
})

t.test('A worker thread that starts programs while there are saves', async (t) => {
  await t.test('loses none of them', async (t) => {
    const dir = t.testdir()
    const host = spawnPlainNode('spawning-host.mjs', [dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [text, [status]] = await Promise.all([textOf(host.stdout), once(host, 'exit')])
    t.equal(status, 0)
    const { saves, ends } = JSON.parse(text)
    t.ok(saves >= 40, `${saves} saves`)
    t.strictSame(ends, { 0: 150 }, 'each program ended well')
  })
})

t.test('The memory of the engine', async (t) => {
  for (const hugePages of ['auto', false]) {
    await t.test(`is in no child but a saving one (hugePages: ${hugePages})`, async (t) => {
      const host = await Host.start(t, 'engine-host.mjs')
      await host.call('open', { dir: t.testdir(), hugePages })

      /** Every mapping of every private region is left out of forks, and each region is there. */
      const assertPrivate = async (when: string) => {
        const regions = await regionsOf(host)
        const mappings = mappingsOf(host.pid)
        for (const name of PRIVATE_REGIONS) {
          const own = regions.filter((region) => region.name === name)
          const parts = own.map((region) => mappingsWithin(mappings, region))
          if (when !== 'at first') {
            t.ok(own.length > 0 && parts.every(({ length }) => length > 0), `${name} is mapped`)
          }
          const copied = parts
            .flat()
            .filter(({ flags }) => !flags.has(DONT_FORK) && !flags.has(SHARED))
          t.strictSame(copied, [], `no fork copies ${name} ${when}`)
        }
      }

      await assertPrivate('at first')
      await host.call('fill', 100_000, 300)
      await assertPrivate('when it has grown')
      const { pid } = await host.call<{ pid: number }>('startStopped', 'write')
      await assertPrivate('while a child lives')
      // The child's mappings are what was to be copied at the fork.
      const regions = await regionsOf(host)
      const ofChild = mappingsOf(pid)
      for (const region of regions) {
        const isThere = mappingsWithin(ofChild, region).length > 0
        t.equal(isThere, region.name !== 'index', `${region.name} in the child`)
      }
      const isHeap = ({ name }: Mapping) => name === '[heap]'
      t.strictSame(ofChild.filter(isHeap), [], 'the heap of the program is not in the child')
      const heap = mappingsOf(host.pid).filter(isHeap)
      t.ok(
        heap.every(({ flags }) => !flags.has(DONT_FORK)),
        'and it is left for other children',
      )
      await host.call('fill', 200_000, 300)
      await assertPrivate('when it has grown while a child lives')
      await host.call('signalChild', pid, 'SIGCONT')
      t.match(await host.call('endOfSave'), { report: { pid } })
      await assertPrivate('after the save')
    })
  }

  await t.test('and large memory of the host is in no saving child but the first', async (t) => {
    const host = await Host.start(t, 'engine-host.mjs')
    await host.call('open', { dir: t.testdir() })
    await host.call('fill', 100_000, 300)
    await host.call('holdMemory', MEMORY_BYTES)
    /** The large mappings of a process that belong to nobody else. */
    const largeOf = (pid: number) =>
      mappingsOf(pid).filter(
        ({ start, end, name, flags }) =>
          Number(end - start) >= MEMORY_BYTES && name === '' && flags.has('wr') && !flags.has('sh'),
      )
    const saves: number[] = []
    for (let saved = 0; saved < 2; ++saved) {
      const { pid } = await host.call<{ pid: number }>('startStopped', 'write')
      const regions = await regionsOf(host)
      const isOurs = (one: Mapping) =>
        regions.some((region) => one.start >= region.start && one.end <= region.end)
      saves.push(largeOf(pid).filter((one) => !isOurs(one)).length)
      await host.call('signalChild', pid, 'SIGCONT')
      t.match(await host.call('endOfSave'), { report: { pid } })
    }
    t.ok((saves[0] ?? 0) > 0, 'the first has it')
    t.equal(saves[1], 0, 'the second has not')
    const kept = largeOf(host.pid).filter(({ flags }) => !flags.has(DONT_FORK))
    t.ok(kept.length > 0, 'it is left for other children')
    const program = await host.call<number>('startSleeper')
    t.ok(mappingsOf(program).length > 0)
    await host.call('endSleeper')
    t.equal(await host.call('heldMemory'), MEMORY_BYTES, 'and as it was')
  })

  await t.test('is not in a program that the host starts, before and while it saves', async (t) => {
    const host = await Host.start(t, 'engine-host.mjs')
    await host.call('open', { dir: t.testdir() })
    await host.call('fill', 100_000, 300)
    const { pid } = await host.call<{ pid: number }>('startStopped', 'write')
    const regions = await regionsOf(host)
    const program = await host.call<number>('startSleeper')
    const mappings = mappingsOf(program)
    t.ok(mappings.length > 0)
    const shared = regions.flatMap((region) => mappingsWithin(mappings, region))
    t.strictSame(shared, [])
    await host.call('endSleeper')
    t.equal(stateOf(program), null)
    t.equal(stateOf(pid), 'T')
  })
})
