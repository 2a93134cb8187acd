/**
 * The disk a directory lies on: what is free, and what kind of file system it is.
 *
 * @module
 */

import { realpath, statfs } from 'node:fs/promises'
import { mountOf, parseMountinfo } from './mounts.js'
import { type ReadText, readText } from './read-text.js'

export type DiskKind = 'local' | 'memory' | 'overlay' | 'network'

export interface DiskFacts {
  /** Absolute, without links. */
  readonly dir: string
  readonly totalBytes: number
  /** What a user without rights may still write. */
  readonly freeBytes: number
  /** null where the file system does not count them. */
  readonly freeInodes: number | null
  /** null where the mount is not known. */
  readonly mount: DiskMount | null
}

export interface DiskMount {
  readonly point: string
  readonly type: string
  readonly kind: DiskKind
  /** Device, or whatever the file system calls its source. */
  readonly device: string
  readonly options: readonly string[]
}

const MEMORY_TYPES: ReadonlySet<string> = new Set(['tmpfs', 'ramfs', 'devtmpfs'])
const OVERLAY_TYPES: ReadonlySet<string> = new Set(['overlay', 'overlayfs', 'aufs'])
const NETWORK_TYPES =
  /^(nfs|nfs4|cifs|smb2|smb3|smbfs|9p|ceph|glusterfs|lustre|afs|ocfs2|gfs2|beegfs|fuse(\..*)?)$/

export function kindOfFileSystem(type: string): DiskKind {
  if (MEMORY_TYPES.has(type)) return 'memory'
  if (OVERLAY_TYPES.has(type)) return 'overlay'
  // A file system in user space is most often one that is somewhere else.
  return NETWORK_TYPES.test(type) ? 'network' : 'local'
}

/** @throws an errno error (rejects) if there is no such directory. */
export async function readDisk(dir: string, read: ReadText = readText): Promise<DiskFacts> {
  const path = await realpath(dir)
  const [facts, mountinfo] = await Promise.all([statfs(path), read('/proc/self/mountinfo')])
  const mount = mountOf(parseMountinfo(mountinfo), path)
  return {
    dir: path,
    totalBytes: facts.blocks * facts.bsize,
    freeBytes: facts.bavail * facts.bsize,
    freeInodes: facts.files === 0 ? null : facts.ffree,
    mount: mount && {
      point: mount.point,
      type: mount.type,
      kind: kindOfFileSystem(mount.type),
      device: mount.source,
      options: [...new Set([...mount.options, ...mount.superOptions])],
    },
  }
}
