/**
 * What MONITOR prints of a command.
 *
 * @module
 */

import type { Client } from './client.js'

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
}

/** Text in quotes, as redis-cli reads it. */
export function quoted(latin1: string): string {
  const text = latin1.replace(/[^ -~]|["\\]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, '0')
    return ESCAPES[character] ?? `\\x${code}`
  })
  return `"${text}"`
}

/** One command as a line of a monitor. */
export function monitorLine(nowMs: number, client: Client, args: readonly Buffer[]): string {
  const seconds = (nowMs / 1000).toFixed(6)
  const words = args.map((arg) => quoted(arg.toString('latin1'))).join(' ')
  const { remote, isUnix } = client.address
  const from = isUnix ? `unix:${remote.slice(0, -':0'.length)}` : remote
  return `+${seconds} [${client.context.db} ${from}] ${words}\r\n`
}
