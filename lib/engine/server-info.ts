/**
 * The sections of INFO that speak of a server: its clients and the commands they have sent.
 *
 * @module
 */

/** How often a command was called, and how long that took. */
export interface CommandUseFacts {
  readonly calls: number
  readonly micros: number
  readonly rejected: number
  readonly failed: number
}

/** How long the calls of a command took: so many percent of them no longer than that. */
export interface CommandLatencyFacts {
  readonly name: string
  readonly percentiles: readonly (readonly [percent: number, micros: number])[]
}

/** What INFO speaks of where an engine is served. */
export interface ServerFacts {
  readonly port: number
  readonly clients: number
  readonly maxClients: number
  readonly blockedClients: number
  readonly trackingClients: number
  readonly connectionsReceived: number
  readonly connectionsRejected: number
  /** Bytes that have come and gone. */
  readonly inputBytes: number
  readonly outputBytes: number
  readonly commandsProcessed: number
  readonly commandsPerSecond: number
  readonly channels: number
  readonly patterns: number
  readonly shardChannels: number
  /** Connections to other servers that MIGRATE keeps. */
  readonly cachedTargets: number
  readonly errorReplies: number
  /** By name in lower case, `container|name` for a subcommand. */
  readonly commands: ReadonlyMap<string, CommandUseFacts>
  /** Costs a walk of what was counted. */
  readonly latencies: () => readonly CommandLatencyFacts[]
  /** Error replies by their first words. */
  readonly errors: ReadonlyMap<string, number>
}

type Field = readonly [name: string, value: string | number]

export function clientFields(facts: ServerFacts): Field[] {
  return [
    ['connected_clients', facts.clients],
    ['cluster_connections', 0],
    ['maxclients', facts.maxClients],
    ['blocked_clients', facts.blockedClients],
    ['tracking_clients', facts.trackingClients],
    ['clients_in_timeout_table', 0],
  ]
}

/** Those of the section Stats that are about clients. */
export function trafficFields(facts: ServerFacts): Field[] {
  return [
    ['total_connections_received', facts.connectionsReceived],
    ['total_commands_processed', facts.commandsProcessed],
    ['instantaneous_ops_per_sec', facts.commandsPerSecond],
    ['total_net_input_bytes', facts.inputBytes],
    ['total_net_output_bytes', facts.outputBytes],
    ['rejected_connections', facts.connectionsRejected],
    ['pubsub_channels', facts.channels],
    ['pubsub_patterns', facts.patterns],
    ['pubsubshard_channels', facts.shardChannels],
    ['migrate_cached_sockets', facts.cachedTargets],
    ['total_error_replies', facts.errorReplies],
  ]
}

/** A server without replicas. */
export function replicationFields(): Field[] {
  return [
    ['role', 'master'],
    ['connected_slaves', 0],
    ['master_failover_state', 'no-failover'],
    ['master_repl_offset', 0],
    ['second_repl_offset', -1],
    ['repl_backlog_active', 0],
    ['repl_backlog_size', 0],
    ['repl_backlog_first_byte_offset', 0],
    ['repl_backlog_histlen', 0],
  ]
}

/** Of the whole process, in seconds. */
export function cpuFields(): Field[] {
  const { user, system } = process.cpuUsage()
  return [
    ['used_cpu_sys', (system / 1e6).toFixed(6)],
    ['used_cpu_user', (user / 1e6).toFixed(6)],
  ]
}

export function commandFields({ commands }: ServerFacts): Field[] {
  return [...commands].map(([name, { calls, micros, rejected, failed }]) => {
    const each = (micros / Math.max(1, calls)).toFixed(2)
    return [
      `cmdstat_${name}`,
      `calls=${calls},usec=${Math.round(micros)},usec_per_call=${each},` +
        `rejected_calls=${rejected},failed_calls=${failed}`,
    ]
  })
}

export function errorFields({ errors }: ServerFacts): Field[] {
  return [...errors].map(([prefix, count]) => [`errorstat_${prefix}`, `count=${count}`])
}

export function latencyFields({ latencies }: ServerFacts): Field[] {
  return latencies().map(({ name, percentiles }) => {
    const values = percentiles.map(([percent, micros]) => `p${percent}=${micros.toFixed(3)}`)
    return [`latency_percentiles_usec_${name}`, values.join(',')]
  })
}
