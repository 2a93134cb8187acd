/**
 * Faults of the world that need rights: small file systems, files that stay in their place.
 *
 * Where the rights are missing the caller is told why, so that it can skip loudly.
 *
 * @module
 */

import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childScript } from './plain-node.js'

const PROBE_MIB = 16
/** Control groups of version 1 that limit memory. */
const MEMORY_GROUPS = '/sys/fs/cgroup/memory'

interface TearingDown {
  teardown(callback: () => void | Promise<void>): void
}

/** Why this user cannot mount, or false if he can. To be given as `skip`. */
export function mountProblem(): string | false {
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', '/mnt'])
  if (status === 0) {
    spawnSync('umount', ['/mnt'])
    return false
  }
  return loudly('this user may not mount: full disks and busy files are NOT tested')
}

/** Why no other user can be set up, or false. */
export function userProblem(): string | false {
  if (process.getuid?.() === 0 && hasProgram('prlimit')) return false
  return loudly('not root, or no prlimit(1): limits of processes are NOT tested')
}

/** Why nothing can be compiled, or false. */
export function compilerProblem(): string | false {
  if (hasProgram('cc')) return false
  return loudly('no C compiler: hosts with a library that disturbs them are NOT tested')
}

/** Why it cannot be heard what systemd is told, or false. */
export function notifyProblem(): string | false {
  if (hasProgram('systemd-notify') && hasProgram('python3')) return false
  return loudly('no systemd-notify(1) or no python3: what systemd is told is NOT tested')
}

/** Why redis-cli cannot be run, or false. */
export function cliProblem(): string | false {
  return hasProgram('redis-cli') ? false : loudly('no redis-cli: its modes are NOT tested')
}

/** Why no program can be run at a terminal, or false. */
export function terminalProblem(): string | false {
  return hasProgram('script')
    ? false
    : loudly('no script(1): redis-cli at a terminal is NOT tested')
}

/** Compiles a source of test/fixtures/children for `LD_PRELOAD`; its path. */
export function compileLibrary(dir: string, source: string): string {
  const library = join(dir, `${source}.so`)
  run('cc', ['-shared', '-fPIC', '-Wall', '-o', library, childScript(source)])
  return library
}

/** The folder, which may be given, of a file system in memory until the end of the test. */
export function mountTmpfs(
  t: TearingDown,
  options: string,
  dir = mkdtempSync(join(tmpdir(), 'snapfork-disk-')),
): string {
  run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir])
  t.teardown(() => {
    run('umount', ['--lazy', dir])
    rmdirSync(dir)
  })
  return dir
}

/** Why no disk can be made that stands still, or false: one is tried. */
export function stallProblem(): string | false {
  const undo: (() => unknown)[] = []
  try {
    const { freeze } = mountDisk({ teardown: (callback) => undo.push(callback) }, PROBE_MIB)
    freeze()
    return false
  } catch {
    return loudly('no file system can be mounted and frozen: disks that stall are NOT tested')
  } finally {
    for (const step of undo.reverse()) step()
  }
}

/** The folder of a disk of its own, on which writes can be made to stand still. */
export function mountDisk(t: TearingDown, mebibytes: number) {
  const dir = mkdtempSync(join(tmpdir(), 'snapfork-disk-'))
  const image = `${dir}.img`
  writeFileSync(image, '')
  truncateSync(image, mebibytes * 2 ** 20)
  t.teardown(() => {
    rmdirSync(dir)
    rmSync(image)
  })
  run('mkfs.ext4', ['-q', image])
  run('mount', ['-o', 'loop', image, dir])
  let isFrozen = false
  const freeze = () => {
    run('fsfreeze', ['--freeze', dir])
    isFrozen = true
  }
  const thaw = () => {
    if (isFrozen) run('fsfreeze', ['--unfreeze', dir])
    isFrozen = false
  }
  t.teardown(() => {
    thaw()
    run('umount', ['--lazy', dir])
  })
  return { dir, freeze, thaw }
}

/** Makes a file a mount point: rename(2) over it then fails with EBUSY. */
export function pinFile(t: TearingDown, path: string): () => void {
  run('mount', ['--bind', path, path])
  let isPinned = true
  const unpin = () => {
    if (isPinned) run('umount', ['--lazy', path])
    isPinned = false
  }
  t.teardown(unpin)
  return unpin
}

/**
 * Sets a soft limit of a process, such as `nproc`; returns what takes it back. `user` is the user
 * and group of the process: root may lack the right to do it for others.
 */
export function limit(pid: number, name: string, value: number, user = 0): () => void {
  const prlimit = (...args: string[]) =>
    run('prlimit', ['--pid', `${pid}`, ...args], { uid: user, gid: user })
  const before = prlimit(`--${name}`, '--noheadings', '--raw', '--output', 'SOFT').trim()
  prlimit(`--${name}=${value}:`)
  return () => void prlimit(`--${name}=${before}:`)
}

/** Why no control group of version 1 can be made, or false: one is tried. */
export function groupProblem(): string | false {
  const undo: (() => unknown)[] = []
  try {
    makeMemoryGroup({ teardown: (callback) => undo.push(callback) })
    return false
  } catch {
    return loudly('no memory groups of version 1 can be made: real limits are NOT tested')
  } finally {
    for (const step of undo) step()
  }
}

let groups = 0

/** The directory of a new control group without a limit, until the end of the test. */
export function makeMemoryGroup(t: TearingDown, parent = MEMORY_GROUPS): string {
  groups += 1
  const group = join(parent, `snapfork-test-${process.pid}-${groups}`)
  // Elsewhere it would be a folder like any other.
  writeFileSync(join(parent, 'memory.limit_in_bytes'), '', { flag: 'r+' })
  mkdirSync(group)
  t.teardown(() => rmdirSync(group))
  return group
}

/** Why strace(1) cannot be used on other processes, or false. */
export function traceProblem(): string | false {
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0) return false
  return loudly('no strace(1), or no right to it: failing system calls are NOT tested')
}

/**
 * Makes system calls of a process and of its children fail or end them, as strace's `inject`
 * says; resolves, once that is in effect, with what ends it. Calls are counted in each process.
 */
export async function inject(
  t: TearingDown,
  pid: number,
  rule: string,
): Promise<() => Promise<void>> {
  const calls = rule.slice(0, rule.indexOf(':'))
  const rules = ['-e', `trace=${calls}`, '-e', `inject=${rule}`]
  const strace = spawn('strace', ['-f', '-o', '/dev/null', ...rules, '-p', `${pid}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stop = async () => {
    if (strace.exitCode !== null || strace.signalCode !== null) return
    const ended = once(strace, 'exit')
    strace.kill('SIGINT')
    await ended
  }
  t.teardown(stop)
  let said = ''
  await new Promise<void>((resolve, reject) => {
    strace.on('exit', () => reject(new Error(said)))
    // It goes on reading: strace tells of each process that it follows.
    strace.stderr.on('data', (text) => {
      said += text
      if (said.includes('attached')) resolve()
    })
  })
  return stop
}

function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0
}

function run(command: string, args: readonly string[], user: SpawnSyncOptions = {}): string {
  const { status, stdout, stderr } = spawnSync(command, args, { ...user, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

function loudly(reason: string): string {
  console.error(`*** ${reason} ***`)
  return reason
}
