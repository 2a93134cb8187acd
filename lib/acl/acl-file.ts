/**
 * The file of users: read whole, and replaced at once.
 *
 * @module
 */

import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { ReplyError } from '../errors.js'
import type { User } from './user.js'
import type { Users } from './users.js'

/** Node's errors have the system's text behind their code. */
function reasonOf(error: unknown): string {
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  const text = message.replace(`${code}: `, '').split(',', 1)[0] ?? ''
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/**
 * Replaces all users by those of the file.
 *
 * @returns As `Users.load`.
 * @throws {ReplyError} if it cannot be read, or a line of it is wrong; nothing is changed then.
 */
export function loadUsers(users: Users, path: string): User[] {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch (error) {
    const what = `opening file '${path}': ${reasonOf(error)}`
    throw Object.assign(new ReplyError(`ERR Error loading ACLs, ${what}`), { cause: error })
  }
  return users.load(text, path)
}

/**
 * Writes all users; at every instant the path names a complete file.
 *
 * @throws {Error} of the system; the file is as it was then.
 */
export function saveUsers(users: Users, path: string): void {
  replaceFile(path, `${users.lines().join('\n')}\n`)
}

/** Writes latin1 text beside a file, and puts it in its place when it is on disk. */
function replaceFile(path: string, text: string): void {
  const temporary = `${path}.tmp-${process.pid}-${Date.now()}`
  try {
    const fd = openSync(temporary, 'wx', 0o600)
    try {
      writeSync(fd, text, null, 'latin1')
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(temporary, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
