/**
 * A server as redis.conf describes it: files, command line, and what of them has no meaning here.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { TlsOptions } from 'node:tls'
import { upperCase } from '../commands/args.js'
import { parseCommandLine } from '../config/conf-text.js'
import { Config, type SpecialLines } from '../config/config.js'
import { engineOptions } from '../config/engine-options.js'
import type { Snapfork } from '../engine/snapfork.js'
import type { OpenOptions } from '../options.js'
import { type ConfFacts, SnapforkServer } from './server.js'
import { resolveServerOptions, type ServerOptions } from './server-options.js'
import { serverOption } from './settings.js'

export interface ConfiguredServer {
  readonly config: Config
  readonly engine: OpenOptions
  /** Names of directives that were given and mean nothing here. */
  readonly ignored: readonly string[]
  /** Makes the server of an engine that was opened with `engine`. */
  make(db: Snapfork): SnapforkServer
}

/** Options that say more than a directive each. */
const BY_OTHER_MEANS: ReadonlySet<string> = new Set(['port', 'bind', 'unixsocket', 'aclfile'])

/**
 * Reads what the arguments of redis-server name: `[path] [-] [--name value ...]`.
 *
 * @param readStdin Called if the arguments say that more is there.
 * @throws {ConfError} with the line that is wrong, in Redis's words.
 * @throws {Error} if a file cannot be read.
 */
export function configuredServer(
  args: readonly string[],
  readStdin: () => string,
): ConfiguredServer {
  const { path, readsStdin, overrides } = parseCommandLine(args)
  const config = new Config()
  const renames = new Map<string, string>()
  const users: (readonly string[])[] = []
  const special: SpecialLines = {
    user: (words) => users.push(words),
    renameCommand: (from, to) => renames.set(upperCase(from), upperCase(to)),
  }
  if (path !== null) config.load(readFileSync(path, 'latin1'), special)
  if (readsStdin) config.load(readStdin(), special)
  config.load(overrides, special)
  const facts: ConfFacts = { path, renames, users }
  return {
    config,
    engine: engineOptions(config),
    ignored: config.ignored(),
    make: (db) => new SnapforkServer(db, resolveServerOptions(optionsOf(config)), facts),
  }
}

function optionsOf(config: Config): ServerOptions {
  const options: ServerOptions = {}
  const known = resolveServerOptions()
  for (const [directive, value] of config.given('server')) {
    if (BY_OTHER_MEANS.has(directive.name)) continue
    const option = serverOption(directive, value)
    if (Object.keys(option).every((name) => name in known)) Object.assign(options, option)
  }
  const given = new Set([...config.given('server').keys()].map(({ name }) => name))
  const port = Number(config.value('port'))
  const tlsPort = Number(config.value('tls-port'))
  options.port = port === 0 ? null : port
  // Without a word about it, only this host is served.
  if (given.has('bind')) options.bind = config.value('bind').split(' ').map(withoutDash)
  for (const name of ['unixsocket', 'aclfile'] as const) {
    if (config.value(name) !== '') options[name] = config.value(name)
  }
  if (tlsPort !== 0) {
    options.tlsPort = tlsPort
    options.tls = tlsOptions(config)
  } else {
    delete options.tlsPort
  }
  return options
}

/** An address that need not be there has a dash before it; a star stands for all of IPv4. */
function withoutDash(address: string): string {
  const plain = address.replace(/^-/, '')
  if (plain === '*') return '0.0.0.0'
  return plain === '::*' ? '::' : plain
}

function tlsOptions(config: Config): TlsOptions {
  const file = (name: string) => {
    const path = config.value(name)
    return path === '' ? {} : readFileSync(path)
  }
  const text = (name: string) => (config.value(name) === '' ? undefined : config.value(name))
  const asks = config.value('tls-auth-clients')
  const entries = {
    cert: file('tls-cert-file'),
    key: file('tls-key-file'),
    ca: file('tls-ca-cert-file'),
    passphrase: text('tls-key-file-pass'),
    ciphers: text('tls-ciphers'),
    requestCert: asks !== 'no',
    rejectUnauthorized: asks === 'yes',
    honorCipherOrder: config.value('tls-prefer-server-ciphers') === 'yes',
  }
  const isGiven = ([, value]: [string, unknown]) =>
    value !== undefined && (Buffer.isBuffer(value) || typeof value !== 'object')
  return Object.fromEntries(Object.entries(entries).filter(isGiven))
}
