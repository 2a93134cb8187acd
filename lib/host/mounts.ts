/**
 * Parser of /proc/self/mountinfo.
 *
 * @module
 */

export interface Mount {
  /** Directory of the file system that is mounted: `/`, unless a part of it is. */
  readonly root: string
  /** Where it is mounted. */
  readonly point: string
  /** Options of this mount, such as `rw` and `noatime`. */
  readonly options: readonly string[]
  /** Type of the file system. */
  readonly type: string
  /** Device, or whatever the file system calls its source. */
  readonly source: string
  /** Options of the file system, such as `barrier=0`. */
  readonly superOptions: readonly string[]
}

/** In the order of mounting. Lines that are none are skipped. */
export function parseMountinfo(text: string | null): Mount[] {
  const mounts: Mount[] = []
  for (const line of text?.split('\n') ?? []) {
    // Optional fields, of which there may be any number, end with a dash.
    const [before, after] = line.split(' - ')
    const [, , , root, point, options] = before?.split(' ') ?? []
    const [type, source, superOptions] = after?.split(' ') ?? []
    if (root === undefined || point === undefined || type === undefined) continue
    mounts.push({
      root: unescapePath(root),
      point: unescapePath(point),
      options: listOf(options),
      type,
      source: unescapePath(source ?? ''),
      superOptions: listOf(superOptions),
    })
  }
  return mounts
}

/** The mount that `path`, absolute and without links, lies in; the last one covers the others. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | null {
  let found: Mount | null = null
  for (const mount of mounts) {
    if (!isWithin(path, mount.point)) continue
    if (found === null || mount.point.length >= found.point.length) found = mount
  }
  return found
}

/** Whether `path` is `directory` or below it. */
export function isWithin(path: string, directory: string): boolean {
  if (directory === '/') return path.startsWith('/')
  return path === directory || path.startsWith(`${directory}/`)
}

function listOf(options: string | undefined): string[] {
  return options === undefined || options === '' ? [] : options.split(',')
}

/** Blanks, tabs, line ends and backslashes are there as octal numbers. */
function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)))
}
