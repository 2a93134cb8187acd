import t from 'tap'
import { isWithin, mountOf, parseMountinfo } from '../../../dist/host/mounts.js'
import { MOUNTS_1 } from '../../support/host-files.js'

t.test('parseMountinfo()', async (t) => {
  await t.test('takes any number of optional fields', async (t) => {
    const mounts = parseMountinfo(MOUNTS_1)
    t.equal(mounts.length, 8)
    t.strictSame(mounts[4], {
      root: '/',
      point: '/sys/fs/cgroup/memory',
      options: ['rw', 'relatime'],
      type: 'cgroup',
      source: 'cgroup',
      superOptions: ['rw', 'memory'],
    })
  })
  await t.test('reads blanks that are written as octal numbers', async (t) => {
    const [mount] = parseMountinfo(
      '41 26 7:0 /a\\040b /mnt/my\\040disk\\134x rw - ext4 /dev/disk/by-label/my\\040disk rw\n',
    )
    t.match(mount, { root: '/a b', point: '/mnt/my disk\\x', source: '/dev/disk/by-label/my disk' })
  })
  await t.test('skips what is no mount', async (t) => {
    t.strictSame(parseMountinfo('nothing\n\n1 2 3 - \n'), [])
    t.strictSame(parseMountinfo(null), [])
  })
})

t.test('mountOf() takes the longest, and of the same the last', async (t) => {
  const mounts = parseMountinfo(`1 0 8:1 / / rw - ext4 /dev/a rw
2 1 8:2 / /data rw - xfs /dev/b rw
3 1 8:3 / /data rw - btrfs /dev/c rw
4 1 8:4 / /data/db rw - tmpfs none rw
`)
  t.equal(mountOf(mounts, '/data/x')?.type, 'btrfs')
  t.equal(mountOf(mounts, '/data')?.type, 'btrfs')
  t.equal(mountOf(mounts, '/data/db/y')?.type, 'tmpfs')
  t.equal(mountOf(mounts, '/database')?.type, 'ext4')
  t.equal(mountOf([], '/'), null)
  t.ok(isWithin('/', '/'))
  t.notOk(isWithin('/../x', '/docker/a'))
})
