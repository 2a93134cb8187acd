/**
 * What INFO tells of a server.
 *
 * @module
 */

import type { ServerFacts } from '../engine/server-info.js'
import type { LanePrimitives } from '../native/lanes.js'
import type { Client } from './client.js'
import type { CommandStats } from './command-stats.js'
import type { PubSub } from './pubsub.js'
import type { ResolvedServerOptions } from './server-options.js'
import type { TrackingTable } from './tracking.js'
import type { Traffic } from './traffic.js'

/** What it reads of the server. */
export interface CountedCore {
  readonly native: Pick<LanePrimitives, 'lanesTraffic'>
  readonly options: ResolvedServerOptions
  readonly clients: ReadonlyMap<number, Client>
  readonly tracking: TrackingTable
  readonly pubsub: PubSub
  readonly stats: CommandStats
  readonly traffic: Traffic
  readonly migrations: { readonly cachedConnections: number }
  readonly connectionsReceived: number
  readonly connectionsRejected: number
}

/** @param port It listens at. */
export function factsOf(core: CountedCore, port: number): ServerFacts {
  const { pubsub, stats, traffic, connectionsReceived, connectionsRejected } = core
  const clients = [...core.clients.values()]
  const [inputBytes, outputBytes] = core.native.lanesTraffic(false)
  const { latencyTracking: isTimed, latencyTrackingInfoPercentiles: percents } = core.options
  return {
    port,
    clients: clients.length,
    maxClients: core.options.maxclients,
    blockedClients: clients.filter(({ waiting }) => waiting !== null).length,
    trackingClients: core.tracking.size,
    connectionsReceived,
    connectionsRejected,
    inputBytes,
    outputBytes,
    commandsProcessed: stats.calls,
    commandsPerSecond: traffic.commandsPerSecond(),
    channels: pubsub.channels('channel', null).length,
    patterns: pubsub.patterns,
    shardChannels: pubsub.channels('shard', null).length,
    cachedTargets: core.migrations.cachedConnections,
    errorReplies: stats.errorReplies,
    commands: stats.uses(),
    latencies: () => (isTimed ? stats.latencies(percents) : []),
    errors: stats.errors,
  }
}
