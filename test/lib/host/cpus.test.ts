import { availableParallelism } from 'node:os'
import t from 'tap'
import { parseCpuMax, readCpuLimits } from '../../../dist/host/cpus.js'
import {
  MEMBERSHIPS_1,
  MEMBERSHIPS_2,
  MOUNTS_1,
  MOUNTS_2,
  readFrom,
} from '../../support/host-files.js'

const count = availableParallelism()

t.test('parseCpuMax() gives processors', async (t) => {
  t.equal(parseCpuMax('150000 100000\n'), 1.5)
  t.equal(parseCpuMax('max 100000\n'), null)
  t.equal(parseCpuMax(''), null)
  t.equal(parseCpuMax(null), null)
})

t.test('readCpuLimits() takes the least quota of all levels', async (t) => {
  const slice = '/sys/fs/cgroup/system.slice'
  const version2 = {
    '/proc/self/cgroup': MEMBERSHIPS_2,
    '/proc/self/mountinfo': MOUNTS_2,
    [`${slice}/app.service/cpu.max`]: '400000 100000\n',
    [`${slice}/cpu.max`]: '50000 100000\n',
  }
  const least = { group: slice, cpus: 0.5 }
  t.strictSame(await readCpuLimits(readFrom(version2)), { count, quota: least })

  const group = '/sys/fs/cgroup/cpu,cpuacct/jobs'
  const version1 = {
    '/proc/self/cgroup': MEMBERSHIPS_1,
    '/proc/self/mountinfo': MOUNTS_1,
    [`${group}/a/cpu.cfs_quota_us`]: '-1\n',
    [`${group}/a/cpu.cfs_period_us`]: '100000\n',
    [`${group}/cpu.cfs_quota_us`]: '200000\n',
    [`${group}/cpu.cfs_period_us`]: '100000\n',
  }
  t.strictSame(await readCpuLimits(readFrom(version1)), { count, quota: { group, cpus: 2 } })
  t.strictSame(await readCpuLimits(readFrom({})), { count, quota: null })
})
