/**
 * Clients as CLIENT LIST describes them.
 *
 * @module
 */

import type { Client } from './client.js'

/** 'pubsub' or 'normal', as CLIENT LIST TYPE takes it. */
export function kindOf(client: Client): string {
  return client.isSubscriber ? 'pubsub' : 'normal'
}

function flagsOf(client: Client): string {
  const flags = [
    client.isMonitor ? 'O' : '',
    client.isSubscriber ? 'P' : '',
    client.transaction !== null ? 'x' : '',
    client.waiting !== null ? 'b' : '',
    client.isWatchBroken ? 'd' : '',
    client.isClosing ? 'c' : '',
    client.address.isUnix ? 'U' : '',
    client.noEvict ? 'e' : '',
    client.noTouch ? 'T' : '',
  ].join('')
  return flags === '' ? 'N' : flags
}

function wholeSeconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000))
}

/** One line, without its end. */
export function describeClient(client: Client, nowMs: number): string {
  const { address, context, output } = client
  const fields: readonly (readonly [string, string | number])[] = [
    ['id', client.id],
    ['addr', address.remote],
    ['laddr', address.local],
    ['fd', address.fd],
    ['name', client.name],
    ['age', wholeSeconds(nowMs - client.connectedAtMs)],
    ['idle', wholeSeconds(output.idleMs)],
    ['flags', flagsOf(client)],
    ['db', context.db],
    ['sub', client.channels.size],
    ['psub', client.patterns.size],
    ['ssub', client.shardChannels.size],
    ['multi', client.transaction?.commands.length ?? -1],
    ['qbuf', output.pendingBytes],
    ['qbuf-free', 0],
    ['argv-mem', 0],
    ['multi-mem', 0],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', output.outputBytes > 0 ? 1 : 0],
    ['omem', output.outputBytes],
    ['tot-mem', output.pendingBytes + output.outputBytes],
    ['events', client.waiting === null ? 'r' : ''],
    ['cmd', client.lastCommand],
    ['user', client.user?.name ?? 'default'],
    ['redir', -1],
    ['resp', client.protocol],
    ['lib-name', client.libName],
    ['lib-ver', client.libVersion],
  ]
  return fields.map(([name, value]) => `${name}=${value}`).join(' ')
}
