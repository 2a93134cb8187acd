/**
 * The directives of redis.conf as a server and its engine have them: what CONFIG shows, changes and
 * writes back.
 *
 * @module
 */

import { type Change, Config } from '../config/config.js'
import { DIRECTIVES, type Directive } from '../config/directives.js'
import { optionName, optionValue } from '../config/engine-options.js'
import { BUFFER_LIMITS, PERCENTILES, ValueError } from '../config/values.js'
import type { ResolvedOptions, RuntimeOptions } from '../options.js'
import { quoted } from '../util/split-words.js'
import type { OutputBufferLimit, ResolvedServerOptions, ServerOptions } from './server-options.js'

/** Set by their own means, or not at all while the server listens. */
const NOT_WHILE_LISTENING: ReadonlySet<string> = new Set([
  ...['bind', 'port', 'tls-port', 'tls-cert-file', 'tls-key-file', 'tls-ca-cert-file'],
])

function limitText({ hardBytes, softBytes, softSeconds }: OutputBufferLimit): string {
  return `${hardBytes} ${softBytes} ${softSeconds}`
}

/** A value of ours as the text of a directive, or null if it says nothing. */
function textOf(value: unknown): string | null {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number' || typeof value === 'string') return String(value)
  if (Array.isArray(value)) return value.map(textOf).join(' ')
  return null
}

/** What a server and its engine are set to, as the lines of a file. */
function linesOf(server: ResolvedServerOptions, engine: ResolvedOptions): string[] {
  const { normalOutputBufferLimit: normal, pubsubOutputBufferLimit: pubsub } = server
  const rules = engine.save.map(({ seconds, changes }) => `${seconds} ${changes}`).join(' ')
  const special: Readonly<Record<string, string>> = {
    save: rules === '' ? '""' : rules,
    unixsocketperm: (server.unixsocketperm ?? 0).toString(8),
  }
  const values: Readonly<Record<string, unknown>> = { ...engine, ...engine.limits, ...server }
  const lines = DIRECTIVES.flatMap(({ name, scope }) => {
    if (scope === 'ignored') return []
    const text = special[name] ?? textOf(values[optionName(name)])
    if (text === null || name in special) return text === null ? [] : [`${name} ${text}`]
    return [`${name} ${name === 'bind' ? text : quoted(text)}`]
  })
  return [
    ...lines,
    `client-output-buffer-limit normal ${limitText(normal)}`,
    `client-output-buffer-limit pubsub ${limitText(pubsub)}`,
  ]
}

function refuse(): never {
  throw new Error('no line of this kind is made here')
}

/** The directives with the values that are in force. */
export function configOf(server: ResolvedServerOptions, engine: ResolvedOptions): Config {
  const config = new Config()
  config.load(linesOf(server, engine).join('\n'), { user: refuse, renameCommand: refuse })
  return config
}

/** `class hard soft seconds` repeated, of the classes that there are. */
function outputLimits(value: string): Partial<ServerOptions> {
  const words = value.split(' ')
  const limits: Partial<ServerOptions> = {}
  for (let at = 0; at + 3 < words.length; at += 4) {
    const [hardBytes = 0, softBytes = 0, softSeconds = 0] = words.slice(at + 1, at + 4).map(Number)
    const limit = { hardBytes, softBytes, softSeconds }
    if (words[at] === 'normal') limits.normalOutputBufferLimit = limit
    if (words[at] === 'pubsub') limits.pubsubOutputBufferLimit = limit
  }
  return limits
}

/** A directive of the server as its options. */
export function serverOption(directive: Directive, value: string): Partial<ServerOptions> {
  if (directive.type === BUFFER_LIMITS) return outputLimits(value)
  if (directive.type === PERCENTILES) {
    const percents = value.split(' ').filter((word) => word !== '')
    return { latencyTrackingInfoPercentiles: percents.map(Number) }
  }
  if (directive.name === 'unixsocketperm') return { unixsocketperm: Number.parseInt(value, 8) }
  return { [optionName(directive.name)]: optionValue(directive.name, value) }
}

/** What CONFIG SET has changed. */
export interface SettingChanges {
  readonly server: Partial<ServerOptions>
  readonly engine: RuntimeOptions
}

/**
 * Changes directives, all or none.
 *
 * @param pairs Names and values in turn.
 * @throws {ReplyError} in Redis's words; nothing is changed then.
 */
export function changeSettings(config: Config, pairs: readonly string[]): SettingChanges {
  const server: Partial<ServerOptions> = {}
  const engine: Record<string, unknown> = {}
  config.set(pairs, ({ directive, value }: Change) => {
    const { name, scope } = directive
    if (NOT_WHILE_LISTENING.has(name)) {
      throw new ValueError('it cannot be changed while the server listens')
    }
    if (scope === 'server') Object.assign(server, serverOption(directive, value))
    if (scope === 'option') engine[optionName(name)] = optionValue(name, value)
  })
  return { server, engine: engine as RuntimeOptions }
}
