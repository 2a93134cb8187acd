/**
 * CLIENT TRACKING, CACHING and what tells of them.
 *
 * @module
 */

import { readBytes, readInteger, readOption, syntaxError } from '../../commands/args.js'
import { MapReply, type Reply, SetReply } from '../../commands/reply.js'
import { type CommandFlag, type CommandRow, OK } from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import type { Tracking } from '../client.js'
import { clientRow, type ServerContext } from './row.js'

interface Wanted {
  redirect: number
  isBroadcast: boolean
  prefixes: string[]
  optin: boolean
  optout: boolean
  noLoop: boolean
}

function parse(context: ServerContext): Wanted {
  const wanted: Wanted = {
    redirect: 0,
    isBroadcast: false,
    prefixes: [],
    optin: false,
    optout: false,
    noLoop: false,
  }
  for (let index = 3; index < context.argc; ++index) {
    const word = readOption(context, index)
    const hasMore = index + 1 < context.argc
    if (word === 'REDIRECT' && hasMore) {
      index += 1
      if (wanted.redirect !== 0) {
        throw new ReplyError('ERR A client can only redirect to a single other client')
      }
      wanted.redirect = Number(readInteger(context, index, 'ERR Invalid client ID'))
      if (!context.server.clients.has(wanted.redirect)) {
        throw new ReplyError('ERR The client ID you want redirect to does not exist')
      }
    } else if (word === 'PREFIX' && hasMore) {
      index += 1
      wanted.prefixes.push(readBytes(context, index))
    } else if (word === 'BCAST') {
      wanted.isBroadcast = true
    } else if (word === 'OPTIN') {
      wanted.optin = true
    } else if (word === 'OPTOUT') {
      wanted.optout = true
    } else if (word === 'NOLOOP') {
      wanted.noLoop = true
    } else {
      throw syntaxError()
    }
  }
  return wanted
}

/** @throws {ReplyError} for options that do not go together, or with those there are. */
function check({ isBroadcast, prefixes, optin, optout }: Wanted, old: Tracking | null): void {
  if (prefixes.length > 0 && !isBroadcast) {
    throw new ReplyError('ERR PREFIX option requires BCAST mode to be enabled')
  }
  if (old !== null && old.isBroadcast !== isBroadcast) {
    throw new ReplyError(
      "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and " +
        'then re-enabling it with a different mode.',
    )
  }
  if (isBroadcast && (optin || optout)) {
    throw new ReplyError('ERR OPTIN and OPTOUT are not compatible with BCAST')
  }
  if (optin && optout) {
    throw new ReplyError("ERR You can't specify both OPTIN mode and OPTOUT mode")
  }
  if ((optin && old?.mode === 'optout') || (optout && old?.mode === 'optin')) {
    throw new ReplyError(
      "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and " +
        'then re-enabling it with a different mode.',
    )
  }
}

/** @throws {ReplyError} if one prefix begins with another. */
function checkPrefixes(added: readonly string[], old: readonly string[]): void {
  for (const [at, prefix] of added.entries()) {
    const others = [...old, ...added.slice(0, at)]
    const known = others.find((one) => one.startsWith(prefix) || prefix.startsWith(one))
    if (known === undefined) continue
    throw ReplyError.ofLatin1(
      `ERR Prefix '${prefix}' overlaps with an existing prefix '${known}'. Prefixes for a single ` +
        'client must not overlap.',
    )
  }
}

function tracking(context: ServerContext): Reply {
  const { client, server } = context
  const word = readOption(context, 2)
  if (word !== 'ON' && word !== 'OFF') throw syntaxError()
  const wanted = parse(context)
  if (word === 'OFF') {
    server.tracking.end(client)
    return OK
  }
  const old = client.tracking
  check(wanted, old)
  checkPrefixes(wanted.prefixes, old?.prefixes ?? [])
  const { redirect, isBroadcast, optin, optout, noLoop } = wanted
  const prefixes = [...(old?.prefixes ?? []), ...wanted.prefixes]
  server.tracking.begin(client, {
    redirect,
    isBroadcast,
    prefixes: isBroadcast && prefixes.length === 0 ? [''] : prefixes,
    mode: optin ? 'optin' : optout ? 'optout' : 'all',
    noLoop,
    caching: null,
    isBroken: false,
  })
  return OK
}

function caching(context: ServerContext): Reply {
  const state = context.client.tracking
  if (state === null || state.mode === 'all') {
    throw new ReplyError(
      'ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or ' +
        'OPTOUT mode enabled',
    )
  }
  const word = readOption(context, 2)
  if (word === 'YES') {
    if (state.mode !== 'optin') {
      throw new ReplyError(
        'ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.',
      )
    }
  } else if (word === 'NO') {
    if (state.mode !== 'optout') {
      throw new ReplyError(
        'ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.',
      )
    }
  } else {
    throw syntaxError()
  }
  state.caching = word === 'YES'
  return OK
}

function flagsOf(state: Tracking | null): string[] {
  if (state === null) return ['off']
  const { isBroadcast, mode, caching: next, noLoop, isBroken } = state
  return [
    'on',
    ...(isBroadcast ? ['bcast'] : []),
    ...(mode === 'all' ? [] : [mode]),
    ...(next === null ? [] : [next ? 'caching-yes' : 'caching-no']),
    ...(noLoop ? ['noloop'] : []),
    ...(isBroken ? ['broken_redirect'] : []),
  ]
}

function trackinginfo({ client: { tracking: state } }: ServerContext): Reply {
  const prefixes = (state?.prefixes ?? []).filter((prefix) => prefix !== '')
  return new MapReply([
    ...['flags', new SetReply(flagsOf(state)), 'redirect', state?.redirect ?? -1],
    ...['prefixes', state?.isBroadcast && prefixes.length === 0 ? [''] : prefixes],
  ])
}

const FLAGS: readonly CommandFlag[] = ['noscript', 'loading', 'stale']

/** Subcommands of CLIENT. */
export const TRACKING_ROWS: readonly CommandRow[] = [
  clientRow('TRACKING', -3, FLAGS, null, '6.0.0', 'Tells of changes of what was read.', tracking),
  clientRow('CACHING', 3, FLAGS, null, '6.0.0', 'Whether the next reads count.', caching),
  clientRow('TRACKINGINFO', 2, FLAGS, null, '6.2.0', 'Tells of tracking.', trackinginfo),
  clientRow('GETREDIR', 2, FLAGS, null, '6.0.0', 'Who is told of changes.', ({ client }) => {
    return client.tracking?.redirect ?? -1
  }),
]
