/**
 * The file of users: read whole, and replaced at once.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { ReplyError } from '../errors.js'
import { replaceFile } from '../util/replace-file.js'
import type { User } from './user.js'
import type { Users } from './users.js'

/** There are hashes of passwords in it. */
const MODE = 0o600

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
  replaceFile(path, `${users.lines().join('\n')}\n`, MODE)
}
