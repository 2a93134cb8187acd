/**
 * One set of permissions: commands, and the keys and channels that they may use.
 *
 * Names, keys and patterns are latin1 text, a character a byte.
 *
 * @module
 */

import type { KeyReference } from '../commands/key-references.js'
import type { CommandSpec } from '../commands/spec.js'
import { globMatches } from '../util/glob.js'
import type { CommandSet } from './command-set.js'
import { RuleError } from './rule-error.js'

interface KeyPattern {
  readonly pattern: string
  reads: boolean
  writes: boolean
}

/** What a call does to a channel. */
export interface ChannelUse {
  /** Name, or pattern. */
  readonly channel: string
  /** A pattern that is subscribed to has to be one that is allowed, letter for letter. */
  readonly isPattern: boolean
}

/** What stands in the way, and the argument that does. */
export interface Denial {
  readonly reason: 'command' | 'key' | 'channel'
  /** The command's name, the key or the channel. */
  readonly object: string
  /** Of the argument; 0 for the command. */
  readonly index: number
}

/** A call to be judged. */
export interface Call {
  readonly command: CommandSpec
  readonly argc: number
  /** An argument, the command's name being 0. */
  read(index: number): string
  /** Found when the first selector asks. */
  keys(): readonly KeyReference[]
  channels(): readonly (ChannelUse & { readonly index: number })[]
}

const SPACES = /[\s\0]/

const WRITING: ReadonlySet<string> = new Set(['insert', 'delete', 'update'])

export class Selector {
  readonly commands: CommandSet
  #keys: KeyPattern[] = []
  #channels: string[] = []
  #hasAllKeys = false
  #hasAllChannels: boolean

  constructor(commands: CommandSet, hasAllChannels: boolean) {
    this.commands = commands
    this.#hasAllChannels = hasAllChannels
  }

  copy(): Selector {
    const copy = new Selector(this.commands.copy(), this.#hasAllChannels)
    copy.#keys = this.#keys.map((one) => ({ ...one }))
    copy.#channels = [...this.#channels]
    copy.#hasAllKeys = this.#hasAllKeys
    return copy
  }

  /** Whether nothing is denied. */
  get isUnrestricted(): boolean {
    return this.commands.isAll && this.#hasAllKeys && this.#hasAllChannels
  }

  /** Whether all keys may be read, as the patterns of SORT need it. */
  get readsAllKeys(): boolean {
    return this.#hasAllKeys || this.#keys.some(({ pattern, reads }) => reads && pattern === '*')
  }

  /**
   * Applies one rule.
   *
   * @throws {RuleError}
   */
  apply(rule: string): void {
    const word = rule.toLowerCase()
    if (word === 'allkeys' || rule === '~*') this.#setKeys(true)
    else if (word === 'resetkeys') this.#setKeys(false)
    else if (word === 'allchannels' || rule === '&*') this.setChannels(true)
    else if (word === 'resetchannels') this.setChannels(false)
    else if (word === 'allcommands' || word === '+@all') this.commands.allowAll()
    else if (word === 'nocommands' || word === '-@all') this.commands.allowNone()
    else if (rule.startsWith('~') || rule.startsWith('%')) this.#addKeys(rule)
    else if (rule.startsWith('&')) this.#addChannel(rule.slice(1))
    else if (rule.startsWith('+') || rule.startsWith('-')) this.commands.apply(rule)
    else throw new RuleError('syntax')
  }

  #setKeys(all: boolean): void {
    this.#hasAllKeys = all
    this.#keys = []
  }

  setChannels(all: boolean): void {
    this.#hasAllChannels = all
    this.#channels = []
  }

  #addKeys(rule: string): void {
    if (this.#hasAllKeys) throw new RuleError('after-all-keys')
    const { pattern, reads, writes } = parseKeyRule(rule)
    if (SPACES.test(pattern)) throw new RuleError('syntax')
    const known = this.#keys.find((one) => one.pattern === pattern)
    if (known === undefined) this.#keys.push({ pattern, reads, writes })
    else Object.assign(known, { reads: known.reads || reads, writes: known.writes || writes })
  }

  #addChannel(pattern: string): void {
    if (this.#hasAllChannels) throw new RuleError('after-all-channels')
    if (SPACES.test(pattern)) throw new RuleError('syntax')
    if (!this.#channels.includes(pattern)) this.#channels.push(pattern)
  }

  /** What stands in the way of a call, or null. */
  check(call: Call): Denial | null {
    const { command } = call
    const first = () => (call.argc > 1 ? call.read(1) : null)
    if (!command.flags.includes('no_auth') && !this.commands.allows(command, first)) {
      return { reason: 'command', object: command.fullName, index: 0 }
    }
    if (!this.#hasAllKeys) {
      for (const { index, flags } of call.keys()) {
        const object = call.read(index)
        if (!this.#allowsKey(object, flags)) return { reason: 'key', object, index }
      }
    }
    if (!this.#hasAllChannels) {
      for (const { index, channel, isPattern } of call.channels()) {
        if (!this.allowsChannel(channel, isPattern)) {
          return { reason: 'channel', object: channel, index }
        }
      }
    }
    return null
  }

  #allowsKey(key: string, flags: readonly string[]): boolean {
    const reads = flags.includes('access')
    const writes = flags.some((flag) => WRITING.has(flag))
    return this.#keys.some((one) => {
      return (one.reads || !reads) && (one.writes || !writes) && globMatches(one.pattern, key)
    })
  }

  allowsChannel(channel: string, isPattern: boolean): boolean {
    if (this.#hasAllChannels) return true
    return this.#channels.some((one) => (isPattern ? one === channel : globMatches(one, channel)))
  }

  describeKeys(): string {
    if (this.#hasAllKeys) return '~*'
    return this.#keys.map(describeKeyPattern).join(' ')
  }

  describeChannels(): string {
    if (this.#hasAllChannels) return '&*'
    return this.#channels.map((pattern) => `&${pattern}`).join(' ')
  }

  /** As the rules of a user's line. */
  describe(): string {
    const channels = this.#hasAllChannels
      ? '&*'
      : ['resetchannels', ...this.#channels.map((pattern) => `&${pattern}`)].join(' ')
    const keys = this.describeKeys()
    return [...(keys === '' ? [] : [keys]), channels, this.commands.describe()].join(' ')
  }
}

/** `~pattern`, or `%R~pattern` and its like. */
function parseKeyRule(rule: string): KeyPattern {
  if (rule.startsWith('~')) return { pattern: rule.slice(1), reads: true, writes: true }
  const end = rule.includes('~') ? rule.indexOf('~') : rule.length
  const letters = rule.slice(1, end).toUpperCase()
  if (!/^(R|W|RW|WR)$/.test(letters)) throw new RuleError('syntax')
  const [reads, writes] = [letters.includes('R'), letters.includes('W')]
  return { pattern: rule.slice(end + 1), reads, writes }
}

function describeKeyPattern({ pattern, reads, writes }: KeyPattern): string {
  if (reads && writes) return `~${pattern}`
  return `%${reads ? 'R' : 'W'}~${pattern}`
}
