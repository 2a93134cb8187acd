/**
 * Every directive of redis.conf of Redis 7.0: its type, its default, whether CONFIG SET changes it,
 * and who it is for.
 *
 * @module
 */

import {
  BOOL,
  BUFFER_LIMITS,
  DIRECTORY,
  EVENTS,
  FILE_NAME,
  HOSTNAME,
  HZ,
  integer,
  MEMORY,
  MEMORY_OR_PERCENT,
  memory,
  OCTAL,
  OOM_SCORES,
  oneOf,
  PERCENTILES,
  SAVE,
  SHUTDOWN,
  TEXT,
  type ValueType,
  WORDS,
} from './values.js'

/** An option of the engine, a setting of the server, or nothing that snapfork has. */
export type DirectiveScope = 'option' | 'server' | 'ignored'

export interface Directive {
  readonly name: string
  /** Another name for it, or null. */
  readonly alias: string | null
  readonly type: ValueType
  /** As CONFIG GET shows it. */
  readonly otherwise: string
  /** Whether CONFIG SET changes it: never, or if `enable-protected-configs` lets it. */
  readonly change: 'free' | 'immutable' | 'protected'
  readonly scope: DirectiveScope
}

type Row = readonly [
  name: string,
  type: ValueType,
  otherwise: string,
  more?: Partial<Pick<Directive, 'alias' | 'change'>>,
]

const INT32_MIN = -(2n ** 31n)
const INT32_MAX = 2n ** 31n - 1n
const UINT32_MAX = 2n ** 32n - 1n
const INT64_MAX = 2n ** 63n - 1n
const PORT_MAX = 65_535

/** Options of the engine, of the same meaning; their names there are in camel case. */
const OPTION_ROWS: readonly Row[] = [
  ['aof-load-truncated', BOOL, 'yes'],
  ['aof-timestamp-enabled', BOOL, 'no'],
  ['aof-use-rdb-preamble', BOOL, 'yes'],
  ['appenddirname', TEXT, 'appendonlydir', { change: 'immutable' }],
  ['appendfilename', TEXT, 'appendonly.aof', { change: 'immutable' }],
  ['appendfsync', oneOf('everysec', 'always', 'no'), 'everysec'],
  ['appendonly', BOOL, 'no'],
  ['auto-aof-rewrite-min-size', memory(0, INT64_MAX), '67108864'],
  ['auto-aof-rewrite-percentage', integer(0, INT32_MAX), '100'],
  ['databases', integer(1, INT32_MAX), '16', { change: 'immutable' }],
  ['dbfilename', FILE_NAME, 'dump.rdb', { change: 'protected' }],
  ['dir', DIRECTORY, '.', { change: 'protected' }],
  [
    'hash-max-listpack-entries',
    integer(0, INT64_MAX),
    '512',
    { alias: 'hash-max-ziplist-entries' },
  ],
  ['hash-max-listpack-value', memory(0, INT64_MAX), '64', { alias: 'hash-max-ziplist-value' }],
  ['hll-sparse-max-bytes', memory(0, INT64_MAX), '3000'],
  [
    'list-max-listpack-size',
    integer(INT32_MIN, INT32_MAX),
    '-2',
    { alias: 'list-max-ziplist-size' },
  ],
  ['lfu-decay-time', integer(0, INT32_MAX), '1'],
  ['lfu-log-factor', integer(0, INT32_MAX), '10'],
  ['maxmemory', MEMORY, '0'],
  [
    'maxmemory-policy',
    oneOf(
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ),
    'noeviction',
  ],
  ['maxmemory-samples', integer(1, INT32_MAX), '5'],
  ['rdbchecksum', BOOL, 'yes', { change: 'immutable' }],
  ['rdbcompression', BOOL, 'yes'],
  ['sanitize-dump-payload', oneOf('no', 'yes', 'clients'), 'no'],
  ['save', SAVE, '3600 1 300 100 60 10000'],
  ['set-max-intset-entries', integer(0, INT64_MAX), '512'],
  ['stop-writes-on-bgsave-error', BOOL, 'yes'],
  ['stream-node-max-bytes', memory(0, INT64_MAX), '4096'],
  ['stream-node-max-entries', integer(0, INT64_MAX), '100'],
  [
    'zset-max-listpack-entries',
    integer(0, INT64_MAX),
    '128',
    { alias: 'zset-max-ziplist-entries' },
  ],
  ['zset-max-listpack-value', memory(0, INT64_MAX), '64', { alias: 'zset-max-ziplist-value' }],
]

/** Settings of the server. */
const SERVER_ROWS: readonly Row[] = [
  ['acl-pubsub-default', oneOf('allchannels', 'resetchannels'), 'resetchannels'],
  ['aclfile', TEXT, '', { change: 'immutable' }],
  ['acllog-max-len', integer(0, INT64_MAX), '128'],
  ['active-expire-effort', integer(1, 10), '1'],
  ['bind', WORDS, '* -::*'],
  ['busy-reply-threshold', integer(0, INT64_MAX), '5000', { alias: 'lua-time-limit' }],
  [
    'client-output-buffer-limit',
    BUFFER_LIMITS,
    'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60',
  ],
  ['client-query-buffer-limit', memory(1048576, INT64_MAX), '1073741824'],
  ['enable-debug-command', oneOf('no', 'yes', 'local'), 'no', { change: 'immutable' }],
  ['enable-protected-configs', oneOf('no', 'yes', 'local'), 'no', { change: 'immutable' }],
  ['hz', HZ, '10'],
  ['latency-monitor-threshold', integer(0, INT64_MAX), '0'],
  ['latency-tracking', BOOL, 'yes'],
  ['latency-tracking-info-percentiles', PERCENTILES, '50 99 99.9'],
  ['logfile', TEXT, '', { change: 'immutable' }],
  ['loglevel', oneOf('debug', 'verbose', 'notice', 'warning'), 'notice'],
  ['maxclients', integer(1, UINT32_MAX), '10000'],
  ['maxmemory-clients', MEMORY_OR_PERCENT, '0'],
  ['maxmemory-eviction-tenacity', integer(0, 100), '10'],
  ['notify-keyspace-events', EVENTS, ''],
  ['pidfile', TEXT, '', { change: 'immutable' }],
  ['port', integer(0, PORT_MAX), '6379'],
  ['proc-title-template', TEXT, '{title} {listen-addr} {server-mode}'],
  ['protected-mode', BOOL, 'yes'],
  ['proto-max-bulk-len', memory(1048576, INT64_MAX), '536870912'],
  ['requirepass', TEXT, ''],
  ['set-proc-title', BOOL, 'yes', { change: 'immutable' }],
  ['shutdown-on-sigint', SHUTDOWN, 'default'],
  ['shutdown-on-sigterm', SHUTDOWN, 'default'],
  ['shutdown-timeout', integer(0, INT32_MAX), '10'],
  ['slowlog-log-slower-than', integer(-1, INT64_MAX), '10000'],
  ['slowlog-max-len', integer(0, INT64_MAX), '128'],
  ['supervised', oneOf('upstart', 'systemd', 'auto', 'no'), 'no', { change: 'immutable' }],
  ['tcp-backlog', integer(0, INT32_MAX), '511', { change: 'immutable' }],
  ['tcp-keepalive', integer(0, INT32_MAX), '300'],
  ['timeout', integer(0, INT32_MAX), '0'],
  ['tls-auth-clients', oneOf('no', 'yes', 'optional'), 'yes'],
  ['tls-ca-cert-dir', TEXT, ''],
  ['tls-ca-cert-file', TEXT, ''],
  ['tls-cert-file', TEXT, ''],
  ['tls-ciphers', TEXT, ''],
  ['tls-ciphersuites', TEXT, ''],
  ['tls-key-file', TEXT, ''],
  ['tls-key-file-pass', TEXT, ''],
  ['tls-port', integer(0, PORT_MAX), '0'],
  ['tls-prefer-server-ciphers', BOOL, 'no'],
  ['tls-protocols', TEXT, ''],
  ['tls-session-cache-size', integer(0, INT32_MAX), '20480'],
  ['tls-session-cache-timeout', integer(0, INT32_MAX), '300'],
  ['tls-session-caching', BOOL, 'yes'],
  ['tracking-table-max-keys', integer(0, INT64_MAX), '1000000'],
  ['unixsocket', TEXT, '', { change: 'immutable' }],
  ['unixsocketperm', OCTAL, '0', { change: 'immutable' }],
]

/** Known, and without a meaning here. */
const IGNORED_ROWS: readonly Row[] = [
  ['active-defrag-cycle-max', integer(1, 99), '25'],
  ['active-defrag-cycle-min', integer(1, 99), '1'],
  ['active-defrag-ignore-bytes', memory(1, INT64_MAX), '104857600'],
  ['active-defrag-max-scan-fields', integer(1, INT64_MAX), '1000'],
  ['active-defrag-threshold-lower', integer(0, 1000), '10'],
  ['active-defrag-threshold-upper', integer(0, 1000), '100'],
  ['activedefrag', BOOL, 'no'],
  ['activerehashing', BOOL, 'yes'],
  ['always-show-logo', BOOL, 'no', { change: 'immutable' }],
  ['aof-disable-auto-gc', BOOL, 'no'],
  ['aof-rewrite-incremental-fsync', BOOL, 'yes'],
  ['aof_rewrite_cpulist', TEXT, '', { change: 'immutable' }],
  ['bgsave_cpulist', TEXT, '', { change: 'immutable' }],
  ['bind-source-addr', TEXT, ''],
  ['bio_cpulist', TEXT, '', { change: 'immutable' }],
  ['cluster-allow-pubsubshard-when-down', BOOL, 'yes'],
  ['cluster-allow-reads-when-down', BOOL, 'no'],
  ['cluster-allow-replica-migration', BOOL, 'yes'],
  ['cluster-announce-bus-port', integer(0, PORT_MAX), '0'],
  ['cluster-announce-hostname', HOSTNAME, ''],
  ['cluster-announce-ip', TEXT, ''],
  ['cluster-announce-port', integer(0, PORT_MAX), '0'],
  ['cluster-announce-tls-port', integer(0, PORT_MAX), '0'],
  ['cluster-config-file', TEXT, 'nodes.conf', { change: 'immutable' }],
  ['cluster-enabled', BOOL, 'no', { change: 'immutable' }],
  ['cluster-link-sendbuf-limit', MEMORY, '0'],
  ['cluster-migration-barrier', integer(0, INT32_MAX), '1'],
  ['cluster-node-timeout', integer(0, INT64_MAX), '15000'],
  ['cluster-port', integer(0, PORT_MAX), '0', { change: 'immutable' }],
  ['cluster-preferred-endpoint-type', oneOf('ip', 'hostname', 'unknown-endpoint'), 'ip'],
  ['cluster-replica-no-failover', BOOL, 'no', { alias: 'cluster-slave-no-failover' }],
  [
    'cluster-replica-validity-factor',
    integer(0, INT32_MAX),
    '10',
    { alias: 'cluster-slave-validity-factor' },
  ],
  ['cluster-require-full-coverage', BOOL, 'yes'],
  ['crash-log-enabled', BOOL, 'yes'],
  ['crash-memcheck-enabled', BOOL, 'yes'],
  ['daemonize', BOOL, 'no', { change: 'immutable' }],
  ['disable-thp', BOOL, 'yes', { change: 'immutable' }],
  ['dynamic-hz', BOOL, 'yes'],
  ['enable-module-command', oneOf('no', 'yes', 'local'), 'no', { change: 'immutable' }],
  ['ignore-warnings', TEXT, ''],
  ['io-threads', integer(1, 128), '1', { change: 'immutable' }],
  ['io-threads-do-reads', BOOL, 'no', { change: 'immutable' }],
  ['jemalloc-bg-thread', BOOL, 'yes'],
  ['lazyfree-lazy-eviction', BOOL, 'no'],
  ['lazyfree-lazy-expire', BOOL, 'no'],
  ['lazyfree-lazy-server-del', BOOL, 'no'],
  ['lazyfree-lazy-user-del', BOOL, 'no'],
  ['lazyfree-lazy-user-flush', BOOL, 'no'],
  ['list-compress-depth', integer(0, INT32_MAX), '0'],
  ['masterauth', TEXT, ''],
  ['masteruser', TEXT, ''],
  ['min-replicas-max-lag', integer(0, INT32_MAX), '10', { alias: 'min-slaves-max-lag' }],
  ['min-replicas-to-write', integer(0, INT32_MAX), '0', { alias: 'min-slaves-to-write' }],
  ['no-appendfsync-on-rewrite', BOOL, 'no'],
  ['oom-score-adj', oneOf('no', 'yes', 'relative', 'absolute'), 'no'],
  ['oom-score-adj-values', OOM_SCORES, '0 200 800'],
  ['propagation-error-behavior', oneOf('ignore', 'panic', 'panic-on-replicas'), 'ignore'],
  ['rdb-del-sync-files', BOOL, 'no'],
  ['rdb-save-incremental-fsync', BOOL, 'yes'],
  ['repl-backlog-size', memory(1, INT64_MAX), '1048576'],
  ['repl-backlog-ttl', integer(0, INT64_MAX), '3600'],
  ['repl-disable-tcp-nodelay', BOOL, 'no'],
  ['repl-diskless-load', oneOf('disabled', 'on-empty-db', 'swapdb'), 'disabled'],
  ['repl-diskless-sync', BOOL, 'yes'],
  ['repl-diskless-sync-delay', integer(0, INT32_MAX), '5'],
  ['repl-diskless-sync-max-replicas', integer(0, INT32_MAX), '0'],
  ['repl-ping-replica-period', integer(1, INT32_MAX), '10', { alias: 'repl-ping-slave-period' }],
  ['repl-timeout', integer(1, INT32_MAX), '60'],
  ['replica-announce-ip', TEXT, '', { alias: 'slave-announce-ip' }],
  ['replica-announce-port', integer(0, PORT_MAX), '0', { alias: 'slave-announce-port' }],
  ['replica-announced', BOOL, 'yes'],
  ['replica-ignore-disk-write-errors', BOOL, 'no'],
  ['replica-ignore-maxmemory', BOOL, 'yes', { alias: 'slave-ignore-maxmemory' }],
  ['replica-lazy-flush', BOOL, 'no', { alias: 'slave-lazy-flush' }],
  ['replica-priority', integer(0, INT32_MAX), '100', { alias: 'slave-priority' }],
  ['replica-read-only', BOOL, 'yes', { alias: 'slave-read-only' }],
  ['replica-serve-stale-data', BOOL, 'yes', { alias: 'slave-serve-stale-data' }],
  ['replicaof', WORDS, '', { change: 'immutable', alias: 'slaveof' }],
  ['server_cpulist', TEXT, '', { change: 'immutable' }],
  ['socket-mark-id', integer(0, UINT32_MAX), '0', { change: 'immutable' }],
  ['syslog-enabled', BOOL, 'no', { change: 'immutable' }],
  [
    'syslog-facility',
    oneOf('user', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'),
    'local0',
    { change: 'immutable' },
  ],
  ['syslog-ident', TEXT, 'redis', { change: 'immutable' }],
  ['tls-client-cert-file', TEXT, ''],
  ['tls-client-key-file', TEXT, ''],
  ['tls-client-key-file-pass', TEXT, ''],
  ['tls-cluster', BOOL, 'no'],
  ['tls-dh-params-file', TEXT, ''],
  ['tls-replication', BOOL, 'no'],
]

function complete(scope: DirectiveScope, rows: readonly Row[]): Directive[] {
  return rows.map(([name, type, otherwise, more]) => {
    return { name, type, otherwise, alias: null, change: 'free', ...more, scope }
  })
}

/** In the order of the tables. */
export const DIRECTIVES: readonly Directive[] = [
  ...complete('option', OPTION_ROWS),
  ...complete('server', SERVER_ROWS),
  ...complete('ignored', IGNORED_ROWS),
]

const BY_NAME: ReadonlyMap<string, Directive> = new Map(
  DIRECTIVES.flatMap((one) => {
    const names = one.alias === null ? [one.name] : [one.name, one.alias]
    return names.map((name) => [name, one] as const)
  }),
)

/** By its name or alias, in any case. */
export function findDirective(name: string): Directive | undefined {
  return BY_NAME.get(name.toLowerCase())
}

/** All names, aliases among them. */
export function directiveNames(): Iterable<string> {
  return BY_NAME.keys()
}
