import t from 'tap'
import { cgroupPathsOf, parseMemberships, readCgroupPaths } from '../../../dist/host/cgroups.js'
import { parseMountinfo } from '../../../dist/host/mounts.js'
import {
  MEMBERSHIPS_1,
  MEMBERSHIPS_2,
  MOUNTS_1,
  MOUNTS_1_CONTAINER,
  MOUNTS_2,
  readFrom,
} from '../../support/host-files.js'

function pathsOf(controller: 'memory' | 'cpu', memberships: string, mounts: string) {
  return cgroupPathsOf(controller, parseMemberships(memberships), parseMountinfo(mounts))
}

t.test('cgroupPathsOf()', async (t) => {
  await t.test('finds a group of version 1 and all its ancestors', async (t) => {
    const [memory, unified] = pathsOf('memory', MEMBERSHIPS_1, MOUNTS_1)
    t.strictSame(memory, {
      version: 1,
      directories: [
        '/sys/fs/cgroup/memory/jobs/a',
        '/sys/fs/cgroup/memory/jobs',
        '/sys/fs/cgroup/memory',
      ],
    })
    t.strictSame(unified, { version: 2, directories: ['/sys/fs/cgroup/unified'] })
  })

  await t.test('finds a controller that is mounted together with another', async (t) => {
    const [cpu] = pathsOf('cpu', MEMBERSHIPS_1, MOUNTS_1)
    t.equal(cpu?.directories[0], '/sys/fs/cgroup/cpu,cpuacct/jobs/a')
  })

  await t.test('finds a group of version 2', async (t) => {
    t.strictSame(pathsOf('memory', MEMBERSHIPS_2, MOUNTS_2), [
      {
        version: 2,
        directories: [
          '/sys/fs/cgroup/system.slice/app.service',
          '/sys/fs/cgroup/system.slice',
          '/sys/fs/cgroup',
        ],
      },
    ])
  })

  await t.test('takes the part that is mounted, in a container', async (t) => {
    const point = '/sys/fs/cgroup/memory'
    const own = pathsOf('memory', '4:memory:/docker/0f3a\n', MOUNTS_1_CONTAINER)
    t.strictSame(own, [{ version: 1, directories: [point] }])
    const nested = pathsOf('memory', '4:memory:/docker/0f3a/x\n', MOUNTS_1_CONTAINER)
    t.strictSame(nested, [{ version: 1, directories: [`${point}/x`, point] }])
    const foreign = pathsOf('memory', '4:memory:/docker/other\n', MOUNTS_1_CONTAINER)
    t.strictSame(foreign, [{ version: 1, directories: [point] }])
  })

  await t.test('finds nothing where nothing is mounted', async (t) => {
    t.strictSame(pathsOf('memory', MEMBERSHIPS_1, ''), [])
    t.strictSame(pathsOf('memory', 'nothing\n', MOUNTS_1), [])
    t.strictSame(await readCgroupPaths('memory', readFrom({})), [])
  })
})
