/**
 * A user: who may log in, and what the selectors allow.
 *
 * A user's object stays the same while its rules change: clients hold it.
 *
 * @module
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { splitWords } from '../util/split-words.js'
import { type CommandCatalog, CommandSet } from './command-set.js'
import { ParenthesisError, RuleError } from './rule-error.js'
import { type Call, type Denial, Selector } from './selector.js'

/** What users are made with. */
export interface UserSetting {
  readonly catalog: CommandCatalog
  /** Whether a new user may use all channels: `acl-pubsub-default`. */
  hasAllChannels: boolean
}

const HASH = /^[0-9a-f]{64}$/

function sha256(password: string): Buffer {
  return createHash('sha256').update(Buffer.from(password, 'latin1')).digest()
}

/** Later reasons say more of what was meant. */
const RELEVANCE = { command: 1, key: 2, channel: 3 } as const

type SanitizeFlag = 'sanitize-payload' | 'skip-sanitize-payload'

export class User {
  readonly name: string
  readonly #setting: UserSetting
  isOn = false
  /** Whether any password will do. */
  takesAnyPassword = false
  /** null: it was never said, and payloads are searched. */
  sanitizing: SanitizeFlag | null = null
  /** SHA-256 as hexadecimal text, in the order in which they came. */
  #passwords: string[] = []
  /** The first one always is there. */
  #selectors: Selector[]
  #isUnrestricted = false

  constructor(name: string, setting: UserSetting) {
    this.name = name
    this.#setting = setting
    this.#selectors = [this.#newSelector()]
  }

  #newSelector(): Selector {
    const { catalog, hasAllChannels } = this.#setting
    return new Selector(new CommandSet(catalog), hasAllChannels)
  }

  copy(): User {
    const copy = new User(this.name, this.#setting)
    copy.become(this)
    copy.#selectors = this.#selectors.map((one) => one.copy())
    return copy
  }

  /** Takes over everything but the name. `other` is of no more use. */
  become(other: User): void {
    this.isOn = other.isOn
    this.takesAnyPassword = other.takesAnyPassword
    this.sanitizing = other.sanitizing
    this.#passwords = [...other.#passwords]
    this.#selectors = other.#selectors
    this.#isUnrestricted = other.#isUnrestricted
  }

  /** Whether nothing is denied to it: every command, key and channel. */
  get isUnrestricted(): boolean {
    return this.#isUnrestricted
  }

  get passwords(): readonly string[] {
    return this.#passwords
  }

  get selectors(): readonly Selector[] {
    return this.#selectors
  }

  /** Whether it may read all keys, as the patterns of SORT need it. */
  get readsAllKeys(): boolean {
    return this.#selectors.some((one) => one.readsAllKeys)
  }

  /** Takes the same time whichever password it is. */
  accepts(password: string): boolean {
    if (!this.isOn) return false
    if (this.takesAnyPassword) return true
    const given = sha256(password)
    let isKnown = false
    for (const hash of this.#passwords) {
      isKnown = timingSafeEqual(given, Buffer.from(hash, 'hex')) || isKnown
    }
    return isKnown
  }

  /** What stands in the way of a call, or null: any selector may allow it. */
  check(call: Call): Denial | null {
    if (this.#isUnrestricted) return null
    let found: Denial | null = null
    for (const selector of this.#selectors) {
      const denial = selector.check(call)
      if (denial === null) return null
      if (found === null || isMoreRelevant(denial, found)) found = denial
    }
    return found
  }

  allowsChannel(channel: string, isPattern: boolean): boolean {
    return this.#selectors.some((one) => one.allowsChannel(channel, isPattern))
  }

  /**
   * Applies one rule, of which some may be applied if it is a selector's.
   *
   * @throws {RuleError}
   */
  apply(rule: string): void {
    this.#apply(rule)
    this.#isUnrestricted = this.#selectors.some((one) => one.isUnrestricted)
  }

  #apply(rule: string): void {
    const word = rule.toLowerCase()
    if (word === '') return
    if (word === 'on') this.isOn = true
    else if (word === 'off') this.isOn = false
    else if (word === 'nopass') this.#setAnyPassword(true)
    else if (word === 'resetpass') this.#setAnyPassword(false)
    else if (word === 'sanitize-payload' || word === 'skip-sanitize-payload') {
      this.sanitizing = word
    } else if ('>#'.includes(rule[0] as string)) this.#addPassword(hashOf(rule))
    else if ('<!'.includes(rule[0] as string)) this.#removePassword(hashOf(rule))
    else if (word === 'clearselectors') this.#selectors = this.#selectors.slice(0, 1)
    else if (word === 'reset') this.#reset()
    else if (rule.startsWith('(') && rule.endsWith(')')) this.#addSelector(rule.slice(1, -1))
    else this.#selectors[0]?.apply(rule)
  }

  #setAnyPassword(any: boolean): void {
    this.takesAnyPassword = any
    this.#passwords = []
  }

  #addPassword(hash: string): void {
    if (!this.#passwords.includes(hash)) this.#passwords.push(hash)
    this.takesAnyPassword = false
  }

  #removePassword(hash: string): void {
    if (!this.#passwords.includes(hash)) throw new RuleError('no-such-password')
    this.#passwords = this.#passwords.filter((one) => one !== hash)
  }

  #reset(): void {
    this.#setAnyPassword(false)
    this.isOn = false
    this.sanitizing = 'sanitize-payload'
    this.#selectors = [this.#newSelector()]
  }

  #addSelector(rules: string): void {
    const selector = this.#newSelector()
    // As in Redis, what cannot be split has no rules.
    for (const rule of splitWords(rules) ?? []) selector.apply(rule)
    this.#selectors.push(selector)
  }

  /** Names of the flags, as ACL GETUSER lists them. */
  flags(): string[] {
    return [
      this.isOn ? 'on' : 'off',
      ...(this.takesAnyPassword ? ['nopass'] : []),
      ...(this.sanitizing === null ? [] : [this.sanitizing]),
    ]
  }

  /** Rules that make this user, without its name. */
  describe(): string {
    const [root, ...others] = this.#selectors
    return [
      ...this.flags(),
      ...this.#passwords.map((hash) => `#${hash}`),
      root?.describe() ?? '',
      ...others.map((one) => `(${one.describe()})`),
    ].join(' ')
  }
}

function isMoreRelevant(a: Denial, b: Denial): boolean {
  const difference = RELEVANCE[a.reason] - RELEVANCE[b.reason]
  return difference > 0 || (difference === 0 && a.index > b.index)
}

/** Of a rule with a password, or its hash. */
function hashOf(rule: string): string {
  const text = rule.slice(1)
  if (rule[0] === '>' || rule[0] === '<') return sha256(text).toString('hex')
  if (!HASH.test(text)) throw new RuleError('bad-hash')
  return text
}

/**
 * Rules with the words of each selector put together.
 *
 * @throws {ParenthesisError} if a selector is not closed.
 */
export function mergeSelectors(rules: readonly string[]): string[] {
  const merged: string[] = []
  let open: string[] = []
  for (const rule of rules) {
    // As in Redis, a selector that opens within another one stands in its place, and what is put
    // behind the first word ends at a NUL.
    if (rule.startsWith('(') && !rule.endsWith(')')) open = [rule]
    else if (open.length > 0) open.push(rule.split('\0', 1)[0] as string)
    else merged.push(rule)
    if (open.length > 1 && rule.endsWith(')')) {
      merged.push(open.join(' '))
      open = []
    }
  }
  if (open[0] !== undefined) throw new ParenthesisError(open[0])
  return merged
}
