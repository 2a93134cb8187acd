import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseLimits, readProcessLimits } from '../../../dist/host/process-limits.js'
import { MEMBERSHIPS_2, MOUNTS_2, readFrom } from '../../support/host-files.js'

const LIMITS = `\
Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max file size             1048576              unlimited            bytes     
Max stack size            8388608              unlimited            bytes     
Max processes             96364                96364                processes 
Max open files            1024                 1048576              files     
Max address space         unlimited            unlimited            bytes     
`

t.test('parseLimits()', async (t) => {
  t.strictSame(parseLimits(LIMITS), {
    processes: 96364,
    fileBytes: 1048576,
    addressSpaceBytes: null,
    openFiles: 1024,
  })
  t.equal(parseLimits(null), null)
  t.equal(parseLimits('nothing\n'), null)
  t.ok((parseLimits(readFileSync('/proc/self/limits', 'utf8'))?.openFiles ?? 1) > 0)
})

t.test('readProcessLimits()', async (t) => {
  await t.test('takes the control group with the fewest processes left', async (t) => {
    const slice = '/sys/fs/cgroup/system.slice'
    const files = {
      '/proc/self/limits': LIMITS,
      '/proc/self/cgroup': MEMBERSHIPS_2,
      '/proc/self/mountinfo': MOUNTS_2,
      [`${slice}/app.service/pids.max`]: '500\n',
      [`${slice}/app.service/pids.current`]: '100\n',
      [`${slice}/pids.max`]: '1000\n',
      [`${slice}/pids.current`]: '990\n',
    }
    const { resources, pids } = await readProcessLimits(readFrom(files))
    t.equal(resources?.openFiles, 1024)
    t.strictSame(pids, { group: slice, limit: 1000, used: 990 })
  })
  await t.test('finds no limit in max, and none in what is missing', async (t) => {
    const files = {
      '/proc/self/cgroup': MEMBERSHIPS_2,
      '/proc/self/mountinfo': MOUNTS_2,
      '/sys/fs/cgroup/system.slice/pids.max': 'max\n',
      '/sys/fs/cgroup/system.slice/pids.current': '990\n',
    }
    t.strictSame(await readProcessLimits(readFrom(files)), { resources: null, pids: null })
  })
})
