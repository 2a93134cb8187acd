/**
 * All users by name, as SETUSER and the file change them: whole or not at all.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { ParenthesisError, RuleError } from './rule-error.js'
import { mergeSelectors, User, type UserSetting } from './user.js'

export const DEFAULT_USER = 'default'

const SPACES = /[\s\0]/
const DEFAULT_RULES = ['on', 'nopass', '~*', '&*', '+@all']

export class Users {
  readonly #setting: UserSetting
  readonly #users = new Map<string, User>()
  /** Who clients are that have not said who they are. */
  readonly default: User

  constructor(setting: UserSetting) {
    this.#setting = setting
    this.default = new User(DEFAULT_USER, setting)
    for (const rule of DEFAULT_RULES) this.default.apply(rule)
    this.#users.set(DEFAULT_USER, this.default)
  }

  get(name: string): User | undefined {
    return this.#users.get(name)
  }

  /** By name, as bytes are ordered. */
  sorted(): User[] {
    return [...this.#users.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The user, if it is on and the password is one of its own. */
  authenticate(name: string, password: string): User | null {
    const user = this.#users.get(name)
    return user?.accepts(password) ? user : null
  }

  /**
   * Makes or changes a user; nothing is changed if one of the rules is refused.
   *
   * @returns The user.
   * @throws {ReplyError} in Redis's words.
   */
  set(name: string, rules: readonly string[]): User {
    if (SPACES.test(name)) {
      throw new ReplyError("ERR Usernames can't contain spaces or null characters")
    }
    const known = this.#users.get(name)
    const changed = known?.copy() ?? new User(name, this.#setting)
    for (const rule of merge(rules)) {
      try {
        changed.apply(rule)
      } catch (error) {
        if (!(error instanceof RuleError)) throw error
        const [shown] = rule.split('\0', 1)
        throw ReplyError.ofLatin1(`ERR Error in ACL SETUSER modifier '${shown}': ${error.message}`)
      }
    }
    if (known === undefined) this.#users.set(name, changed)
    else known.become(changed)
    return known ?? changed
  }

  /**
   * Removes users; unknown names are passed over.
   *
   * @returns Those that are gone: their clients are to be disconnected.
   * @throws {ReplyError} if the default user is among them; nothing is removed then.
   */
  remove(names: readonly string[]): User[] {
    if (names.includes(DEFAULT_USER)) {
      throw new ReplyError("ERR The 'default' user cannot be removed")
    }
    const gone: User[] = []
    for (const name of names) {
      const user = this.#users.get(name)
      if (user !== undefined && this.#users.delete(name)) gone.push(user)
    }
    return gone
  }

  /** `requirepass`: the default user's only password, or none if it is empty. */
  setDefaultPassword(password: string): void {
    const rules = password === '' ? ['nopass'] : ['resetpass', `>${password}`]
    for (const rule of rules) this.default.apply(rule)
  }

  /** Lines of ACL LIST, of a file, or of redis.conf. */
  lines(): string[] {
    return this.sorted().map((user) => `user ${user.name} ${user.describe()}`)
  }

  /**
   * Replaces all users by those of a file.
   *
   * @param path For the errors.
   * @returns Those that are gone or other users now: their clients are to be disconnected.
   * @throws {ReplyError} with what is wrong in every line; nothing is changed then.
   */
  load(text: string, path: string): User[] {
    const loaded = parseUsers(text, path, this.#setting)
    const before = this.sorted().filter((user) => user !== this.default)
    this.#users.clear()
    this.#users.set(DEFAULT_USER, this.default)
    const fresh = new Users(this.#setting).default
    this.default.become(loaded.get(DEFAULT_USER) ?? fresh)
    for (const [name, user] of loaded) if (name !== DEFAULT_USER) this.#users.set(name, user)
    return before
  }
}

function merge(rules: readonly string[]): string[] {
  try {
    return mergeSelectors(rules)
  } catch (error) {
    if (!(error instanceof ParenthesisError)) throw error
    throw ReplyError.ofLatin1(`ERR ${error.message}`)
  }
}

const UNCHANGED =
  'WARNING: ACL errors detected, no change to the previously active ACL rules was performed'

function parseUsers(text: string, path: string, setting: UserSetting): Map<string, User> {
  const users = new Map<string, User>()
  let errors = ''
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').split(' ')
    if (words.length === 1 && words[0] === '') continue
    const at = `${path}:${index + 1}`
    const [keyword, name, ...rules] = words
    if (keyword !== 'user' || name === undefined) {
      errors += `${at} should start with user keyword followed by the username. `
    } else if (SPACES.test(name)) {
      errors += `'${at}: username '${name}' contains invalid characters. `
    } else if (users.has(name)) {
      errors += `WARNING: Duplicate user '${name}' found on line ${index + 1}. `
    } else {
      const user = new User(name, setting)
      errors += applyLine(user, rules, at)
      users.set(name, user)
    }
  }
  if (errors !== '') throw ReplyError.ofLatin1(`ERR ${errors}${UNCHANGED}`)
  return users
}

/** What is wrong with a line: every name that is unknown, and the first of anything else. */
function applyLine(user: User, rules: readonly string[], at: string): string {
  let merged: readonly string[]
  try {
    merged = mergeSelectors(rules)
  } catch (error) {
    if (!(error instanceof ParenthesisError)) throw error
    return `${at}: Unmatched parenthesis in selector definition.`
  }
  let errors = ''
  let isReported = false
  for (const rule of merged) {
    try {
      user.apply(rule)
    } catch (error) {
      if (!(error instanceof RuleError)) throw error
      if (error.fault === 'unknown') {
        errors += `${at}: Error in applying operation '${rule}': ${error.message}. `
      } else if (!isReported) {
        errors += `${at}: ${error.message}. `
        isReported = true
      }
    }
  }
  return errors
}
