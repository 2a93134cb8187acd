import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { type MemoryLimits, readMemoryLimits } from '../../../dist/host/memory-limits.js'
import { groupProblem, makeMemoryGroup } from '../../support/faults.js'
import {
  MEMBERSHIPS_1,
  MEMBERSHIPS_2,
  MEMINFO,
  MOUNTS_1,
  MOUNTS_1_CONTAINER,
  MOUNTS_2,
  readFrom,
} from '../../support/host-files.js'
import { childScript } from '../../support/plain-node.js'

const MIB = 2 ** 20
const NO_LIMIT = '9223372036854771712\n'
const MACHINE = { '/proc/meminfo': MEMINFO }
const SERVICE = '/sys/fs/cgroup/system.slice/app.service'
const SLICE = '/sys/fs/cgroup/system.slice'
const JOB = '/sys/fs/cgroup/memory/jobs/a'
const JOBS = '/sys/fs/cgroup/memory/jobs'

const VERSION_2 = {
  ...MACHINE,
  '/proc/self/cgroup': MEMBERSHIPS_2,
  '/proc/self/mountinfo': MOUNTS_2,
  [`${SERVICE}/memory.max`]: 'max\n',
  [`${SERVICE}/memory.high`]: `${900 * MIB}\n`,
  [`${SERVICE}/memory.current`]: `${500 * MIB}\n`,
  [`${SERVICE}/memory.stat`]: `anon 12\nfile 34\ninactive_file ${100 * MIB}\nactive_file 1\n`,
  [`${SERVICE}/memory.swap.max`]: `${64 * MIB}\n`,
  [`${SERVICE}/memory.swap.current`]: '4096\n',
  [`${SLICE}/memory.max`]: `${1024 * MIB}\n`,
  [`${SLICE}/memory.high`]: 'max\n',
  [`${SLICE}/memory.current`]: `${1000 * MIB}\n`,
  [`${SLICE}/memory.stat`]: `inactive_file ${150 * MIB}\n`,
}

const VERSION_1 = {
  ...MACHINE,
  '/proc/self/cgroup': MEMBERSHIPS_1,
  '/proc/self/mountinfo': MOUNTS_1,
  [`${JOB}/memory.limit_in_bytes`]: `${300 * MIB}\n`,
  [`${JOB}/memory.usage_in_bytes`]: `${120 * MIB}\n`,
  [`${JOB}/memory.memsw.limit_in_bytes`]: NO_LIMIT,
  [`${JOB}/memory.memsw.usage_in_bytes`]: `${120 * MIB}\n`,
  [`${JOB}/memory.stat`]: `cache 1\ninactive_file 9\nhierarchical_memory_limit ${256 * MIB}
total_inactive_file ${20 * MIB}\n`,
  [`${JOBS}/memory.limit_in_bytes`]: `${256 * MIB}\n`,
  [`${JOBS}/memory.usage_in_bytes`]: `${200 * MIB}\n`,
  [`${JOBS}/memory.stat`]: `hierarchical_memory_limit ${256 * MIB}\ntotal_inactive_file 0\n`,
  '/sys/fs/cgroup/memory/memory.limit_in_bytes': NO_LIMIT,
  '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${8192 * MIB}\n`,
}

t.test('readMemoryLimits()', async (t) => {
  await t.test('takes the tightest of all levels, in version 2', async (t) => {
    const limits = await readMemoryLimits(readFrom(VERSION_2))
    t.equal(limits.headroomBytes, 174 * MIB)
    t.match(limits.tightest, { kind: 'memory.max', group: SLICE, usedBytes: 850 * MIB })
    t.strictSame(
      limits.levels.map(({ kind, group, freeBytes }) => [kind, group, freeBytes / MIB]),
      [
        ['machine', null, 8192],
        ['memory.high', SERVICE, 500],
        ['memory.max', SLICE, 174],
      ],
    )
    t.strictSame(limits.swap, [
      { group: null, limitBytes: 2048 * MIB, usedBytes: 512 * MIB },
      { group: SERVICE, limitBytes: 64 * MIB, usedBytes: 4096 },
    ])
  })

  await t.test('takes the tightest of all levels, in version 1', async (t) => {
    const limits = await readMemoryLimits(readFrom(VERSION_1))
    t.equal(limits.headroomBytes, 56 * MIB)
    t.strictSame(
      limits.levels.map(({ kind, group, freeBytes }) => [kind, group, freeBytes / MIB]),
      [
        ['machine', null, 8192],
        ['memory.limit_in_bytes', JOB, 200],
        ['memory.limit_in_bytes', JOBS, 56],
      ],
    )
  })

  await t.test('counts memory and swap together where version 1 limits both', async (t) => {
    const limit = { [`${JOB}/memory.memsw.limit_in_bytes`]: `${130 * MIB}\n` }
    const limits = await readMemoryLimits(readFrom({ ...VERSION_1, ...limit }))
    t.match(limits.tightest, { kind: 'memory.memsw.limit_in_bytes', freeBytes: 30 * MIB })
  })

  await t.test('knows of an ancestor that a container cannot see', async (t) => {
    const point = '/sys/fs/cgroup/memory'
    const { headroomBytes, tightest } = await readMemoryLimits(
      readFrom({
        ...MACHINE,
        '/proc/self/cgroup': '4:memory:/docker/0f3a\n',
        '/proc/self/mountinfo': MOUNTS_1_CONTAINER,
        [`${point}/memory.limit_in_bytes`]: NO_LIMIT,
        [`${point}/memory.usage_in_bytes`]: `${100 * MIB}\n`,
        [`${point}/memory.stat`]: `hierarchical_memory_limit ${400 * MIB}\n`,
      }),
    )
    t.equal(headroomBytes, 300 * MIB)
    t.match(tightest, { kind: 'hierarchical_memory_limit', group: point })
  })

  await t.test('counts what may still be promised, in strict overcommit only', async (t) => {
    const strict = { ...MACHINE, '/proc/sys/vm/overcommit_memory': '2\n' }
    const { tightest } = await readMemoryLimits(readFrom(strict))
    const freeBytes = 10293760 * 1024 - 5 * 2 ** 30
    t.match(tightest, { kind: 'strict overcommit', group: null, freeBytes })
    const heuristic = { ...MACHINE, '/proc/sys/vm/overcommit_memory': '0\n' }
    t.match((await readMemoryLimits(readFrom(heuristic))).tightest, { kind: 'machine' })
  })

  await t.test('has nothing left where more is used than allowed', async (t) => {
    const over = { [`${SERVICE}/memory.max`]: `${300 * MIB}\n` }
    const limits = await readMemoryLimits(readFrom({ ...VERSION_2, ...over }))
    t.match(limits, { headroomBytes: 0, tightest: { group: SERVICE, usedBytes: 400 * MIB } })
  })

  await t.test('gives null where nothing can be read', async (t) => {
    t.strictSame(await readMemoryLimits(readFrom({})), {
      headroomBytes: null,
      tightest: null,
      levels: [],
      swap: [],
    })
  })
})

/** What a process in a group finds. */
function limitsIn(group: string): MemoryLimits {
  const enter = 'echo $$ > "$1/cgroup.procs" && exec "$2" "$3"'
  const node = [process.execPath, childScript('memory-limits.mjs')]
  const words = ['-i', `PATH=${process.env.PATH}`, 'sh', '-c', enter, 'sh', group, ...node]
  const { stdout, stderr, status } = spawnSync('env', words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

t.test('a process in a real group', { skip: groupProblem() }, async (t) => {
  await t.test('finds the limit of its own group', async (t) => {
    const group = makeMemoryGroup(t)
    writeFileSync(`${group}/memory.limit_in_bytes`, `${256 * MIB}`)
    const { headroomBytes, tightest } = limitsIn(group)
    t.match(tightest, { kind: 'memory.limit_in_bytes', group, limitBytes: 256 * MIB })
    t.ok(tightest !== null && tightest.usedBytes > MIB, 'Node itself is in it')
    t.equal(headroomBytes, 256 * MIB - (tightest?.usedBytes ?? 0))
  })

  await t.test('finds the lower limit of an ancestor', async (t) => {
    const outer = makeMemoryGroup(t)
    const inner = makeMemoryGroup(t, outer)
    writeFileSync(`${outer}/memory.limit_in_bytes`, `${200 * MIB}`)
    writeFileSync(`${inner}/memory.limit_in_bytes`, `${400 * MIB}`)
    const { tightest, levels } = limitsIn(inner)
    t.match(tightest, { kind: 'memory.limit_in_bytes', group: outer, limitBytes: 200 * MIB })
    const own = levels.find(({ group }) => group === inner)
    t.match(own, { kind: 'memory.limit_in_bytes', limitBytes: 400 * MIB })
  })
})
