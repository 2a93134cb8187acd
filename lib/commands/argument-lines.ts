/**
 * The arguments of every command, for COMMAND DOCS: argument-syntax.ts tells how they are written.
 * Names, versions and their order are those of Redis 7.0, for what came later those of its
 * documentation.
 *
 * @module
 */

import { type CommandArgument, parseArguments } from './argument-syntax.js'

const SCAN = 'cursor [MATCH pattern] [COUNT count]'
const LIMIT = '[LIMIT offset_count(offset count)]'
const ORDER = '[order(ASC|DESC)]'
const UNIT = 'unit(M|KM|FT|MI)'
const WITH = '[WITHCOORD] [WITHDIST] [WITHHASH]'
const AREA =
  'from(FROMMEMBER member|FROMLONLAT longitude_latitude(longitude latitude)) ' +
  `by(circle(BYRADIUS radius ${UNIT})|box(BYBOX width height ${UNIT})) ` +
  `${ORDER} [count(COUNT count [ANY])]`
const AROUND = `longitude latitude radius ${UNIT} ${WITH} [count(COUNT count [ANY@6.2.0])] ${ORDER}`
const AROUND_MEMBER = `member radius ${UNIT} ${WITH} [count(COUNT count [ANY])] ${ORDER}`
const STORE = '[STORE key] [STOREDIST key]'
const LEFT_RIGHT = 'wherefrom(LEFT|RIGHT) whereto(LEFT|RIGHT)'
const WEIGHTS = '[WEIGHTS weight ...] [AGGREGATE aggregate(SUM|MIN|MAX)]'
const TRIM =
  'trim(strategy(MAXLEN|MINID@6.2.0) [operator(equal="="|approximately="~")] threshold ' +
  '[LIMIT count@6.2.0])'
const ENTRY = 'id_or_auto(auto_id="*"|id) field_value(field value) ...'
const CONDITION = 'condition(NX|XX|GT|LT)'
const FIELDS = 'FIELDS fields(numfields field ...)'
const CALL = 'numkeys [key ...] [arg ...]'

/** By name, `CONTAINER|SUBCOMMAND` for a subcommand; those that are missing take none. */
export const ARGUMENT_LINES: Readonly<Record<string, string>> = {
  // string
  GET: 'key',
  SET:
    'key value [condition(NX|XX)@2.6.12] [GET@6.2.0] ' +
    '[expiration(EX seconds@2.6.12|PX milliseconds@2.6.12|EXAT unix-time-seconds@6.2.0|' +
    'PXAT unix-time-milliseconds@6.2.0|KEEPTTL@6.0.0)]',
  SETEX: 'key seconds value',
  PSETEX: 'key milliseconds value',
  SETNX: 'key value',
  GETSET: 'key value',
  GETDEL: 'key',
  GETEX:
    'key [expiration(EX seconds|PX milliseconds|EXAT unix-time-seconds|' +
    'PXAT unix-time-milliseconds|PERSIST)]',
  MGET: 'key ...',
  MSET: 'key_value(key value) ...',
  MSETNX: 'key_value(key value) ...',
  APPEND: 'key value',
  STRLEN: 'key',
  GETRANGE: 'key start end',
  SUBSTR: 'key start end',
  SETRANGE: 'key offset value',
  INCR: 'key',
  DECR: 'key',
  INCRBY: 'key increment',
  DECRBY: 'key decrement',
  INCRBYFLOAT: 'key increment:double',
  LCS: 'key1 key2#0 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]',
  // bitmap
  SETBIT: 'key offset value:integer',
  GETBIT: 'key offset',
  BITCOUNT: 'key [index(start end [index_unit(BYTE|BIT)@7.0.0])]',
  BITPOS: 'key bit [index(start [end_index(end [index_unit(BYTE|BIT)@7.0.0])])]',
  BITOP: 'operation destkey key ...',
  BITFIELD:
    'key [operation(GET encoding_offset(encoding offset)|' +
    'write([OVERFLOW wrap_sat_fail(WRAP|SAT|FAIL)] ' +
    'write_operation(SET encoding_offset_value(encoding offset value:integer)|' +
    'INCRBY encoding_offset_increment(encoding offset increment)))) ...]',
  BITFIELD_RO: 'key [GET encoding_offset(encoding offset)]...',
  // hyperloglog
  PFADD: 'key [element ...]',
  PFCOUNT: 'key ...',
  PFMERGE: 'destkey sourcekey ...',
  // list
  LPUSH: 'key element ...',
  RPUSH: 'key element ...',
  LPUSHX: 'key element ...',
  RPUSHX: 'key element ...',
  LPOP: 'key [count@6.2.0]',
  RPOP: 'key [count@6.2.0]',
  LLEN: 'key',
  LINDEX: 'key index',
  LRANGE: 'key start stop',
  LSET: 'key index element',
  LINSERT: 'key where(BEFORE|AFTER) pivot element',
  LREM: 'key count element',
  LTRIM: 'key start stop',
  LPOS: 'key element [RANK rank] [COUNT num-matches] [MAXLEN len]',
  LMOVE: `source destination ${LEFT_RIGHT}`,
  RPOPLPUSH: 'source destination',
  LMPOP: 'numkeys key ... where(LEFT|RIGHT) [COUNT count]',
  BLPOP: 'key ... timeout',
  BRPOP: 'key ... timeout',
  BLMOVE: `source destination ${LEFT_RIGHT} timeout`,
  BRPOPLPUSH: 'source destination timeout',
  BLMPOP: 'timeout numkeys key ... where(LEFT|RIGHT) [COUNT count]',
  // hash
  HSET: 'key field_value(field value) ...',
  HSETNX: 'key field value',
  HMSET: 'key field_value(field value) ...',
  HGET: 'key field',
  HMGET: 'key field ...',
  HGETALL: 'key',
  HKEYS: 'key',
  HVALS: 'key',
  HLEN: 'key',
  HEXISTS: 'key field',
  HDEL: 'key field ...',
  HSTRLEN: 'key field',
  HINCRBY: 'key field increment',
  HINCRBYFLOAT: 'key field increment:double',
  HRANDFIELD: 'key [options(count [WITHVALUES])]',
  HSCAN: `key ${SCAN}`,
  HEXPIRE: `key seconds [${CONDITION}] ${FIELDS}`,
  HPEXPIRE: `key milliseconds [${CONDITION}] ${FIELDS}`,
  HEXPIREAT: `key unix-time-seconds [${CONDITION}] ${FIELDS}`,
  HPEXPIREAT: `key unix-time-milliseconds [${CONDITION}] ${FIELDS}`,
  HTTL: `key ${FIELDS}`,
  HPTTL: `key ${FIELDS}`,
  HEXPIRETIME: `key ${FIELDS}`,
  HPEXPIRETIME: `key ${FIELDS}`,
  HPERSIST: `key ${FIELDS}`,
  // set
  SADD: 'key member ...',
  SREM: 'key member ...',
  SCARD: 'key',
  SISMEMBER: 'key member',
  SMISMEMBER: 'key member ...',
  SMEMBERS: 'key',
  SPOP: 'key [count@3.2.0]',
  SRANDMEMBER: 'key [count@2.6.0]',
  SMOVE: 'source destination member',
  SINTER: 'key ...',
  SINTERSTORE: 'destination key ...',
  SINTERCARD: 'numkeys key ... [LIMIT limit]',
  SUNION: 'key ...',
  SUNIONSTORE: 'destination key ...',
  SDIFF: 'key ...',
  SDIFFSTORE: 'destination key ...',
  SSCAN: `key ${SCAN}`,
  // sorted-set
  ZADD:
    'key [condition(NX|XX)@3.0.2] [comparison(GT|LT)@6.2.0] [change=CH@3.0.2] ' +
    '[increment=INCR@3.0.2] score_member(score member) ...',
  ZINCRBY: 'key increment member',
  ZREM: 'key member ...',
  ZCARD: 'key',
  ZSCORE: 'key member',
  ZMSCORE: 'key member ...',
  ZRANK: 'key member',
  ZREVRANK: 'key member',
  ZPOPMIN: 'key [count]',
  ZPOPMAX: 'key [count]',
  ZMPOP: 'numkeys key ... where(MIN|MAX) [COUNT count]',
  ZRANDMEMBER: 'key [options(count [WITHSCORES])]',
  ZSCAN: `key ${SCAN}`,
  ZRANGE:
    'key start:string stop:string [sortby(BYSCORE|BYLEX)@6.2.0] [REV@6.2.0] ' +
    '[LIMIT offset_count(offset count)@6.2.0] [WITHSCORES]',
  ZREVRANGE: 'key start stop [WITHSCORES]',
  ZRANGEBYSCORE: `key min:double max:double [WITHSCORES@2.0.0] ${LIMIT}`,
  ZREVRANGEBYSCORE: `key max:double min:double [WITHSCORES] ${LIMIT}`,
  ZRANGEBYLEX: `key min max ${LIMIT}`,
  ZREVRANGEBYLEX: `key max min ${LIMIT}`,
  ZRANGESTORE: `dst src min max [sortby(BYSCORE|BYLEX)] [REV] ${LIMIT}`,
  ZCOUNT: 'key min:double max:double',
  ZLEXCOUNT: 'key min max',
  ZREMRANGEBYRANK: 'key start stop',
  ZREMRANGEBYSCORE: 'key min:double max:double',
  ZREMRANGEBYLEX: 'key min max',
  ZUNION: `numkeys key ... ${WEIGHTS} [WITHSCORES]`,
  ZUNIONSTORE: `destination numkeys key ... ${WEIGHTS}`,
  ZINTER: `numkeys key ... ${WEIGHTS} [WITHSCORES]`,
  ZINTERSTORE: `destination numkeys key ... ${WEIGHTS}`,
  ZINTERCARD: 'numkeys key ... [LIMIT limit]',
  ZDIFF: 'numkeys key ... [WITHSCORES]',
  ZDIFFSTORE: 'destination numkeys key ...',
  BZPOPMIN: 'key ... timeout',
  BZPOPMAX: 'key ... timeout',
  BZMPOP: 'timeout numkeys key ... where(MIN|MAX) [COUNT count]',
  // geo
  GEOADD:
    'key [condition(NX|XX)@6.2.0] [change=CH@6.2.0] ' +
    'longitude_latitude_member(longitude latitude member) ...',
  GEODIST: `key member1 member2 [${UNIT}]`,
  GEOHASH: 'key member ...',
  GEOPOS: 'key member ...',
  GEOSEARCH: `key ${AREA} ${WITH}`,
  GEOSEARCHSTORE: `destination source ${AREA} [STOREDIST]`,
  GEORADIUS: `key ${AROUND} ${STORE}`,
  GEORADIUS_RO: `key ${AROUND}`,
  GEORADIUSBYMEMBER: `key ${AROUND_MEMBER} ${STORE}`,
  GEORADIUSBYMEMBER_RO: `key ${AROUND_MEMBER}`,
  // stream
  XADD: `key [NOMKSTREAM@6.2.0] [${TRIM}] ${ENTRY}`,
  XTRIM: `key ${TRIM}`,
  XDEL: 'key id ...',
  XLEN: 'key',
  XRANGE: 'key start:string end:string [COUNT count]',
  XREVRANGE: 'key end:string start:string [COUNT count]',
  XREAD: '[COUNT count] [BLOCK milliseconds] STREAMS streams(key ... id ...)',
  XSETID:
    'key last-id [ENTRIESADDED entries_added@7.0.0] [MAXDELETEDID max_deleted_entry_id@7.0.0]',
  'XGROUP|CREATE': 'key groupname id(id|new_id="$") [MKSTREAM] [ENTRIESREAD entries_read]',
  'XGROUP|SETID': 'key groupname id(id|new_id="$") [ENTRIESREAD entries_read]',
  'XGROUP|DESTROY': 'key groupname',
  'XGROUP|CREATECONSUMER': 'key groupname consumername',
  'XGROUP|DELCONSUMER': 'key groupname consumername',
  XREADGROUP:
    'GROUP group_consumer(group consumer) [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS ' +
    'streams(key ... id ...)',
  XACK: 'key group id ...',
  XPENDING:
    'key group ' +
    '[filters([IDLE min-idle-time:integer@6.2.0] start:string end:string count [consumer])]',
  XCLAIM:
    'key group consumer min-idle-time id ... [IDLE ms] [TIME unix-time-milliseconds] ' +
    '[RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]',
  XAUTOCLAIM: 'key group consumer min-idle-time start:string [COUNT count] [JUSTID]',
  'XINFO|STREAM': 'key [FULL full([COUNT count])]',
  'XINFO|GROUPS': 'key',
  'XINFO|CONSUMERS': 'key groupname',
  // generic
  SORT:
    `key [BY pattern#1] ${LIMIT} [GET pattern#1]... ${ORDER} [sorting=ALPHA] ` +
    '[STORE destination#2]',
  SORT_RO: `key [BY pattern#1] ${LIMIT} [GET pattern#1]... ${ORDER} [sorting=ALPHA]`,
  DUMP: 'key',
  RESTORE:
    'key ttl serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds@5.0.0] ' +
    '[FREQ frequency@5.0.0]',
  MIGRATE:
    'host port key_or_empty_string(key|empty_string="") destination-db timeout:integer ' +
    '[COPY@3.0.0] [REPLACE@3.0.0] [authentication([AUTH password@4.0.7]|' +
    '[AUTH2 username_password(username password)@6.0.0])] [KEYS key@3.0.6 ...]',
  EXPIRE: `key seconds [${CONDITION}@7.0.0]`,
  PEXPIRE: `key milliseconds [${CONDITION}@7.0.0]`,
  EXPIREAT: `key unix-time-seconds [${CONDITION}@7.0.0]`,
  PEXPIREAT: `key unix-time-milliseconds [${CONDITION}@7.0.0]`,
  TTL: 'key',
  PTTL: 'key',
  EXPIRETIME: 'key',
  PEXPIRETIME: 'key',
  PERSIST: 'key',
  DEL: 'key ...',
  UNLINK: 'key ...',
  EXISTS: 'key ...',
  TOUCH: 'key ...',
  TYPE: 'key',
  RENAME: 'key newkey',
  RENAMENX: 'key newkey',
  COPY: 'source destination [DB destination-db] [REPLACE]',
  MOVE: 'key db',
  SCAN: `${SCAN} [TYPE type@6.0.0]`,
  KEYS: 'pattern',
  'OBJECT|ENCODING': 'key',
  'OBJECT|FREQ': 'key',
  'OBJECT|IDLETIME': 'key',
  'OBJECT|REFCOUNT': 'key',
  WAIT: 'numreplicas timeout:integer',
  // server
  SWAPDB: 'index1 index2',
  FLUSHDB: '[async(ASYNC@4.0.0|SYNC@6.2.0)]',
  FLUSHALL: '[async(ASYNC@4.0.0|SYNC@6.2.0)]',
  BGSAVE: '[SCHEDULE@3.2.2]',
  INFO: '[section ...]',
  'COMMAND|DOCS': '[command-name ...]',
  'COMMAND|INFO': '[command-name ...]',
  'COMMAND|LIST': '[FILTERBY filterby(MODULE module-name|ACLCAT category|PATTERN pattern)]',
  SHUTDOWN: '[nosave_save(NOSAVE|SAVE)] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]',
  LOLWUT: '[VERSION version]',
  'SLOWLOG|GET': '[count]',
  'CONFIG|GET': 'parameter(parameter) ...',
  'CONFIG|SET': 'parameter_value(parameter value) ...',
  'LATENCY|HISTORY': 'event',
  'LATENCY|GRAPH': 'event',
  'LATENCY|HISTOGRAM': '[command ...]',
  'LATENCY|RESET': '[event ...]',
  'MEMORY|USAGE': 'key [SAMPLES count]',
  'DEBUG|SLEEP': 'seconds:double',
  'DEBUG|OBJECT': 'key:string',
  'DEBUG|DIGEST-VALUE': 'key:string ...',
  'DEBUG|SET-ACTIVE-EXPIRE': 'status(off="0"|on="1")',
  'DEBUG|RELOAD': '[NOSAVE]',
  'DEBUG|POPULATE': 'count [prefix] [size:integer]',
  'DEBUG|PROTOCOL':
    'type(STRING|INTEGER|DOUBLE|NULL|ARRAY|SET|MAP|PUSH|BIGNUM|TRUE|FALSE|VERBATIM)',
  'DEBUG|ERROR': 'message',
  'DEBUG|QUICKLIST-PACKED-THRESHOLD': 'size',
  REPLICAOF: 'args(host-port(host port)|no-one(NO ONE))',
  SLAVEOF: 'args(host-port(host port)|no-one(NO ONE))',
  FAILOVER: '[TO target(host port [FORCE])] [ABORT] [TIMEOUT milliseconds]',
  'MODULE|LOAD': 'path [arg ...]',
  'MODULE|LOADEX': 'path [CONFIG configs(name value)]... [ARGS args(arg) ...]',
  'MODULE|UNLOAD': 'name',
  'ACL|CAT': '[categoryname]',
  'ACL|DELUSER': 'username ...',
  'ACL|DRYRUN': 'username command [arg ...]',
  'ACL|GENPASS': '[bits]',
  'ACL|GETUSER': 'username',
  'ACL|LOG': '[operation(count|RESET)]',
  'ACL|SETUSER': 'username [rule ...]',
  // scripting
  EVAL: `script ${CALL}`,
  EVAL_RO: `script ${CALL}`,
  EVALSHA: `sha1 ${CALL}`,
  EVALSHA_RO: `sha1 ${CALL}`,
  FCALL: `function ${CALL}`,
  FCALL_RO: `function ${CALL}`,
  'SCRIPT|LOAD': 'script',
  'SCRIPT|EXISTS': 'sha1 ...',
  'SCRIPT|FLUSH': '[async(ASYNC|SYNC)@6.2.0]',
  'SCRIPT|DEBUG': 'mode(YES|SYNC|NO)',
  'FUNCTION|LOAD': '[REPLACE] function-code',
  'FUNCTION|DELETE': 'library-name',
  'FUNCTION|FLUSH': '[async(ASYNC|SYNC)]',
  'FUNCTION|LIST': '[LIBRARYNAME library-name-pattern] [WITHCODE]',
  'FUNCTION|RESTORE': 'serialized-value [policy(FLUSH|APPEND|REPLACE)]',
  // connection
  PING: '[message]',
  ECHO: 'message',
  SELECT: 'index',
  AUTH: '[username@6.0.0] password',
  HELLO: '[arguments(protover [AUTH username_password(username password)] [SETNAME clientname])]',
  'CLIENT|SETNAME': 'connection-name',
  'CLIENT|SETINFO': 'attr(LIB-NAME libname|LIB-VER libver)',
  'CLIENT|LIST':
    '[TYPE normal_master_replica_pubsub(NORMAL|MASTER|REPLICA|PUBSUB)@5.0.0] ' +
    '[ID id(client-id ...)@6.2.0]',
  'CLIENT|KILL':
    'filter(ip:port!2.8.12|new-format([ID client-id@2.8.12]|' +
    '[TYPE normal_master_slave_pubsub(NORMAL|MASTER@3.2.0|SLAVE|REPLICA@5.0.0|PUBSUB)@2.8.12]|' +
    '[USER username]|[ADDR ip:port]|[LADDR ip:port@6.2.0]|[SKIPME yes/no]) ...)',
  'CLIENT|PAUSE': 'timeout:integer [mode(WRITE|ALL)@6.2.0]',
  'CLIENT|REPLY': 'on_off_skip(ON|OFF|SKIP)',
  'CLIENT|UNBLOCK': 'client-id [timeout_error(TIMEOUT|ERROR)]',
  'CLIENT|NO-EVICT': 'enabled(ON|OFF)',
  'CLIENT|NO-TOUCH': 'enabled(ON|OFF)',
  'CLIENT|TRACKING':
    'status(ON|OFF) [REDIRECT client-id] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT] [NOLOOP]',
  'CLIENT|CACHING': 'mode(YES|NO)',
  // transactions
  WATCH: 'key ...',
  // pubsub
  SUBSCRIBE: 'channel ...',
  UNSUBSCRIBE: '[channel ...]',
  PSUBSCRIBE: 'pattern(pattern) ...',
  PUNSUBSCRIBE: '[pattern ...]',
  SSUBSCRIBE: 'shardchannel ...',
  SUNSUBSCRIBE: '[shardchannel ...]',
  PUBLISH: 'channel message',
  SPUBLISH: 'shardchannel message',
  'PUBSUB|CHANNELS': '[pattern]',
  'PUBSUB|NUMSUB': '[channel ...]',
  'PUBSUB|SHARDCHANNELS': '[pattern]',
  'PUBSUB|SHARDNUMSUB': '[shardchannel ...]',
  // cluster
  'CLUSTER|ADDSLOTS': 'slot ...',
  'CLUSTER|ADDSLOTSRANGE': 'start-slot_end-slot(start-slot end-slot) ...',
  'CLUSTER|COUNT-FAILURE-REPORTS': 'node-id',
  'CLUSTER|COUNTKEYSINSLOT': 'slot',
  'CLUSTER|DELSLOTS': 'slot ...',
  'CLUSTER|DELSLOTSRANGE': 'start-slot_end-slot(start-slot end-slot) ...',
  'CLUSTER|FAILOVER': '[options(FORCE|TAKEOVER)]',
  'CLUSTER|FORGET': 'node-id',
  'CLUSTER|GETKEYSINSLOT': 'slot count',
  'CLUSTER|KEYSLOT': 'key:string',
  'CLUSTER|MEET': 'ip port [cluster_bus_port@4.0.0]',
  'CLUSTER|REPLICAS': 'node-id',
  'CLUSTER|REPLICATE': 'node-id',
  'CLUSTER|RESET': '[hard_soft(HARD|SOFT)]',
  'CLUSTER|SET-CONFIG-EPOCH': 'config-epoch',
  'CLUSTER|SETSLOT': 'slot subcommand(IMPORTING node-id|MIGRATING node-id|NODE node-id|STABLE)',
  'CLUSTER|SLAVES': 'node-id',
}

/** By the name in upper case, `CONTAINER|SUBCOMMAND` for a subcommand. */
export function argumentsOf(name: string): readonly CommandArgument[] {
  return parseArguments(ARGUMENT_LINES[name] ?? '')
}
