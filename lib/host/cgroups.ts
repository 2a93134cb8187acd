/**
 * Where the control groups of this process are, of version 1 and 2, with their ancestors.
 *
 * A container sees its own group, or a part of the tree, mounted somewhere else: the path in
 * /proc/self/cgroup is that of the whole tree, and what is mounted may begin below its root. Of
 * ancestors outside the mount nothing can be known here.
 *
 * @module
 */

import { posix } from 'node:path'
import { isWithin, type Mount, parseMountinfo } from './mounts.js'
import { type ReadText, readText } from './read-text.js'

export type Controller = 'memory' | 'pids' | 'cpu'

/** The groups of one controller in one hierarchy. */
export interface CgroupPath {
  readonly version: 1 | 2
  /** Directories, from that of the process up to the highest one that can be seen. */
  readonly directories: readonly string[]
}

interface Membership {
  /** Empty in version 2. */
  readonly controllers: readonly string[]
  /** In the hierarchy as it is seen from this process's cgroup namespace. */
  readonly path: string
}

/** Lines `number:controllers:path`. */
export function parseMemberships(text: string | null): Membership[] {
  const memberships: Membership[] = []
  for (const line of text?.split('\n') ?? []) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) continue
    memberships.push({ controllers: controllers === '' ? [] : controllers.split(','), path })
  }
  return memberships
}

/** The groups that may limit `controller`: one of each version at most. */
export function cgroupPathsOf(
  controller: Controller,
  memberships: readonly Membership[],
  mounts: readonly Mount[],
): CgroupPath[] {
  const paths: CgroupPath[] = []
  for (const { controllers, path } of memberships) {
    const version = controllers.length === 0 ? 2 : 1
    if (version === 1 && !controllers.includes(controller)) continue
    const mount = mounts.find(({ type, superOptions }) => {
      if (version === 2) return type === 'cgroup2'
      return type === 'cgroup' && superOptions.includes(controller)
    })
    if (mount === undefined) continue
    paths.push({ version, directories: directoriesOf(mount, path) })
  }
  return paths
}

function directoriesOf({ root, point }: Mount, path: string): string[] {
  // A root above the namespace is written as `/..`: then the mount point itself is all there is.
  const relative = isWithin(path, root) ? posix.relative(root, path) : ''
  const names = relative === '' ? [] : relative.split('/')
  const directories: string[] = []
  for (let count = names.length; count >= 0; --count) {
    directories.push(posix.join(point, ...names.slice(0, count)))
  }
  return directories
}

export async function readCgroupPaths(
  controller: Controller,
  read: ReadText = readText,
): Promise<CgroupPath[]> {
  const [memberships, mounts] = await Promise.all([
    read('/proc/self/cgroup'),
    read('/proc/self/mountinfo'),
  ])
  return cgroupPathsOf(controller, parseMemberships(memberships), parseMountinfo(mounts))
}
