/**
 * What COMMAND tells beside names, flags and keys: hints for clients, cost, and what has replaced a
 * command. By upper-case name, `CONTAINER|SUBCOMMAND` for a subcommand; of all commands of Redis
 * 7.0.
 *
 * @module
 */

const RANDOM = 'nondeterministic_output'
const UNORDERED = 'nondeterministic_output_order'
const SHARDS = 'request_policy:all_shards'
const NODES = 'request_policy:all_nodes'
const MULTI = 'request_policy:multi_shard'
const SUM = 'response_policy:agg_sum'
const ALL_SUCCEED = 'response_policy:all_succeeded'
const SPECIAL = 'response_policy:special'

/** Commands by their hints. */
const HINTED: readonly (readonly [commands: string, hints: readonly string[]])[] = [
  [
    'CLIENT|INFO CLIENT|LIST CLUSTER|BUMPEPOCH CLUSTER|COUNT-FAILURE-REPORTS ' +
      'CLUSTER|GETKEYSINSLOT CLUSTER|INFO CLUSTER|LINKS CLUSTER|NODES CLUSTER|REPLICAS ' +
      'CLUSTER|SHARDS CLUSTER|SLAVES CLUSTER|SLOTS DUMP HRANDFIELD HSCAN LASTSAVE MIGRATE ' +
      'OBJECT|ENCODING OBJECT|FREQ OBJECT|IDLETIME OBJECT|REFCOUNT PTTL SPOP SRANDMEMBER SSCAN ' +
      'TIME TTL XADD XAUTOCLAIM XCLAIM XINFO|CONSUMERS XPENDING XTRIM ZRANDMEMBER ZSCAN',
    [RANDOM],
  ],
  [
    'COMMAND COMMAND|DOCS COMMAND|INFO COMMAND|LIST FUNCTION|LIST HGETALL HKEYS HVALS ' +
      'MODULE|LIST SDIFF SINTER SMEMBERS SUNION',
    [UNORDERED],
  ],
  [
    'FLUSHALL FLUSHDB FUNCTION|DELETE FUNCTION|FLUSH FUNCTION|LOAD FUNCTION|RESTORE ' +
      'MEMORY|PURGE PING',
    [SHARDS, ALL_SUCCEED],
  ],
  ['CONFIG|SET LATENCY|RESET SCRIPT|FLUSH SCRIPT|LOAD SLOWLOG|RESET', [NODES, ALL_SUCCEED]],
  ['DBSIZE', [SHARDS, SUM]],
  ['DEL EXISTS TOUCH UNLINK', [MULTI, SUM]],
  ['FUNCTION|KILL SCRIPT|KILL', [SHARDS, 'response_policy:one_succeeded']],
  ['FUNCTION|STATS INFO MEMORY|DOCTOR MEMORY|MALLOC-STATS MEMORY|STATS', [RANDOM, SHARDS, SPECIAL]],
  [
    'LATENCY|DOCTOR LATENCY|GRAPH LATENCY|HISTOGRAM LATENCY|HISTORY LATENCY|LATEST',
    [RANDOM, NODES, SPECIAL],
  ],
  ['KEYS', [SHARDS, UNORDERED]],
  ['RANDOMKEY', [SHARDS, RANDOM]],
  ['SCAN', [RANDOM, 'request_policy:special']],
  ['MGET', [MULTI]],
  ['MSET', [MULTI, ALL_SUCCEED]],
  ['MSETNX', [MULTI, 'response_policy:agg_min']],
  ['SCRIPT|EXISTS', [SHARDS, 'response_policy:agg_logical_and']],
  ['SLOWLOG|GET', [NODES, RANDOM]],
  ['SLOWLOG|LEN', [NODES, SUM, RANDOM]],
  ['WAIT', [SHARDS, 'response_policy:agg_min']],
]

const HINTS: ReadonlyMap<string, readonly string[]> = new Map(
  HINTED.flatMap(([names, hints]) => names.split(' ').map((name) => [name, hints] as const)),
)

const NONE: readonly string[] = []

/** For clients that distribute commands, or cache replies. */
export function hintsOf(name: string): readonly string[] {
  return HINTS.get(name) ?? NONE
}

/** Commands by their cost; that of all others is constant. */
const COSTLY: Readonly<Record<string, string>> = {
  'O(N)':
    'ACL|GETUSER ACL|LIST ACL|LOAD ACL|LOG ACL|SAVE ACL|SETUSER ACL|USERS AUTH BITCOUNT BITFIELD ' +
    'BITFIELD_RO BITOP BITPOS BLPOP BRPOP CLIENT|KILL CLIENT|LIST CLIENT|UNPAUSE COMMAND ' +
    'COMMAND|DOCS COMMAND|GETKEYS COMMAND|GETKEYSANDFLAGS COMMAND|INFO COMMAND|LIST CONFIG|GET ' +
    'CONFIG|SET COPY DEL DISCARD EXISTS FLUSHALL FLUSHDB FUNCTION|DUMP FUNCTION|FLUSH ' +
    'FUNCTION|LIST FUNCTION|RESTORE GEOPOS GETRANGE HDEL HGETALL HKEYS HMGET HMSET HRANDFIELD ' +
    'HSCAN HSET HVALS KEYS LATENCY|HISTOGRAM LINDEX LINSERT LPOP LPOS LPUSH LPUSHX LSET LTRIM ' +
    'MEMORY|USAGE MGET MIGRATE MODULE|LIST MSET MSETNX PFADD PFCOUNT PFMERGE PSUBSCRIBE ' +
    'PUBSUB|CHANNELS PUBSUB|NUMSUB PUBSUB|SHARDCHANNELS PUBSUB|SHARDNUMSUB RPOP RPUSH RPUSHX ' +
    'SADD SAVE SCAN SCRIPT|EXISTS SCRIPT|FLUSH SCRIPT|LOAD SDIFF SDIFFSTORE SHUTDOWN SLOWLOG|GET ' +
    'SLOWLOG|RESET SMEMBERS SMISMEMBER SPOP SPUBLISH SRANDMEMBER SREM SSCAN SSUBSCRIBE SUBSCRIBE ' +
    'SUBSTR SUNION SUNIONSTORE SUNSUBSCRIBE SWAPDB TOUCH UNLINK UNSUBSCRIBE WATCH XACK XDEL ' +
    'XGROUP|DESTROY XPENDING XRANGE XREAD XREADGROUP XREVRANGE XTRIM ZMSCORE ZRANDMEMBER ZSCAN ' +
    'HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HPERSIST HTTL HPTTL HEXPIRETIME HPEXPIRETIME',
  'O(log(N))':
    'BZPOPMAX BZPOPMIN CLIENT|UNBLOCK GEODIST GEOHASH XCLAIM ZADD ZCOUNT ZINCRBY ZLEXCOUNT ' +
    'ZRANK ZREVRANK GEOADD',
  'O(log(N)+M)':
    'ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZREMRANGEBYLEX ZREMRANGEBYRANK ' +
    'ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE',
  'O(M*log(N))': 'BZMPOP ZMPOP ZPOPMAX ZPOPMIN ZREM',
  'O(N+log(M))':
    'GEORADIUS GEORADIUS_RO GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEOSEARCH GEOSEARCHSTORE',
  'O(N+M)': 'BLMPOP LMPOP LRANGE LREM PUBLISH PUNSUBSCRIBE',
  'O(N*M)': 'LCS SINTER SINTERCARD SINTERSTORE ZINTERCARD',
  'O(N*K)+O(M*log(M))': 'ZINTER ZINTERSTORE',
  'O(N)+O(M*log(M))': 'ZDIFF ZDIFFSTORE ZUNION ZUNIONSTORE',
  'O(N+M*log(M))': 'SORT SORT_RO',
  'Depends on what it runs.': 'EVAL EVAL_RO EVALSHA EVALSHA_RO EXEC FCALL FCALL_RO',
}

const COSTS: ReadonlyMap<string, string> = new Map(
  Object.entries(COSTLY).flatMap(([cost, names]) => {
    return names.split(' ').map((name) => [name, cost] as const)
  }),
)

/** Commands of which Redis names no cost. */
const COSTLESS: ReadonlySet<string> = new Set(['LOLWUT', 'MONITOR'])

export function complexityOf(name: string): string | null {
  return COSTLESS.has(name) ? null : (COSTS.get(name) ?? 'O(1)')
}

export interface Deprecation {
  readonly since: string
  readonly replacedBy: string
}

const DEPRECATED: Readonly<Record<string, readonly [since: string, replacedBy: string]>> = {
  BRPOPLPUSH: ['6.2.0', '`BLMOVE` with the `RIGHT` and `LEFT` arguments'],
  'CLUSTER|SLAVES': ['5.0.0', '`CLUSTER REPLICAS`'],
  'CLUSTER|SLOTS': ['7.0.0', '`CLUSTER SHARDS`'],
  GEORADIUS: ['6.2.0', '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument'],
  GEORADIUS_RO: ['6.2.0', '`GEOSEARCH` with the `BYRADIUS` argument'],
  GEORADIUSBYMEMBER: [
    '6.2.0',
    '`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments',
  ],
  GEORADIUSBYMEMBER_RO: ['6.2.0', '`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments'],
  GETSET: ['6.2.0', '`SET` with the `!GET` argument'],
  HMSET: ['4.0.0', '`HSET` with multiple field-value pairs'],
  RPOPLPUSH: ['6.2.0', '`LMOVE` with the `RIGHT` and `LEFT` arguments'],
  SLAVEOF: ['5.0.0', '`REPLICAOF`'],
  SUBSTR: ['2.0.0', '`GETRANGE`'],
  ZRANGEBYLEX: ['6.2.0', '`ZRANGE` with the `BYLEX` argument'],
  ZRANGEBYSCORE: ['6.2.0', '`ZRANGE` with the `BYSCORE` argument'],
  ZREVRANGE: ['6.2.0', '`ZRANGE` with the `REV` argument'],
  ZREVRANGEBYLEX: ['6.2.0', '`ZRANGE` with the `REV` and `BYLEX` arguments'],
  ZREVRANGEBYSCORE: ['6.2.0', '`ZRANGE` with the `REV` and `BYSCORE` arguments'],
}

/** null: it is as good as any. */
export function deprecationOf(name: string): Deprecation | null {
  const [since, replacedBy] = DEPRECATED[name] ?? []
  return since === undefined || replacedBy === undefined ? null : { since, replacedBy }
}

const INTERNAL: ReadonlySet<string> = new Set([
  'DEBUG',
  'PFDEBUG',
  'PFSELFTEST',
  'RESTORE-ASKING',
  'REPLCONF',
])

/** Whether it is for the server itself, or its tests. */
export function isInternal(name: string): boolean {
  return INTERNAL.has(name)
}
