/**
 * What INFO tells of a server.
 *
 * @module
 */

import type { ServerFacts } from '../engine/server-info.js'
import type { ServerCore } from './server-core.js'

/** @param port It listens at. */
export function factsOf(core: ServerCore, port: number): ServerFacts {
  const { pubsub, stats, traffic, connectionsReceived, connectionsRejected } = core
  const clients = [...core.clients.values()]
  const { latencyTracking: isTimed, latencyTrackingInfoPercentiles: percents } = core.options
  return {
    port,
    clients: clients.length,
    maxClients: core.options.maxclients,
    blockedClients: clients.filter(({ waiting }) => waiting !== null).length,
    trackingClients: core.tracking.size,
    connectionsReceived,
    connectionsRejected,
    inputBytes: traffic.inputBytes,
    outputBytes: core.native.lanesSentBytes(false),
    commandsProcessed: stats.calls,
    commandsPerSecond: traffic.commandsPerSecond(),
    channels: pubsub.channels('channel', null).length,
    patterns: pubsub.patterns,
    shardChannels: pubsub.channels('shard', null).length,
    errorReplies: stats.errorReplies,
    commands: stats.uses(),
    latencies: () => (isTimed ? stats.latencies(percents) : []),
    errors: stats.errors,
  }
}
