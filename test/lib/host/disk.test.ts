import { mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { kindOfFileSystem, readDisk } from '../../../dist/host/disk.js'
import { mountProblem, mountTmpfs } from '../../support/faults.js'
import { readFrom } from '../../support/host-files.js'

t.test('kindOfFileSystem()', async (t) => {
  for (const type of ['ext4', 'xfs', 'btrfs', 'zfs', 'fuseblk']) {
    t.equal(kindOfFileSystem(type), 'local', type)
  }
  for (const type of ['nfs4', 'cifs', '9p', 'ceph', 'fuse.sshfs', 'fuse']) {
    t.equal(kindOfFileSystem(type), 'network', type)
  }
  t.equal(kindOfFileSystem('tmpfs'), 'memory')
  t.equal(kindOfFileSystem('overlay'), 'overlay')
})

t.test('readDisk()', async (t) => {
  await t.test('follows links to where the directory really is', async (t) => {
    const dir = t.testdir()
    const target = join(dir, 'target')
    mkdirSync(target)
    symlinkSync(target, join(dir, 'link'))
    const disk = await readDisk(join(dir, 'link'))
    t.equal(disk.dir, realpathSync(target))
    t.ok(disk.freeBytes > 0 && disk.freeBytes <= disk.totalBytes)
    t.ok(disk.mount !== null && disk.dir.startsWith(disk.mount.point))
  })
  await t.test('rejects where there is nothing', async (t) => {
    await t.rejects(readDisk('/no/such/directory'), { code: 'ENOENT' })
  })
  await t.test('knows no mount where none can be read', async (t) => {
    t.equal((await readDisk(t.testdir(), readFrom({}))).mount, null)
  })
  await t.test('tells a file system in memory', { skip: mountProblem() }, async (t) => {
    const dir = mountTmpfs(t, 'size=1m,nr_inodes=50,noatime')
    const { mount, totalBytes, freeInodes } = await readDisk(dir)
    t.match(mount, { point: dir, type: 'tmpfs', kind: 'memory', device: 'tmpfs' })
    t.ok(mount?.options.includes('noatime'))
    t.equal(totalBytes, 2 ** 20)
    t.equal(freeInodes, 49)
  })
})
