/**
 * Where the keys of every command of Redis 7.0 are, and what is done with them.
 *
 * A specification is a place and flags. Places:
 *
 *     1          argument 1                     1..-1      arguments 1 to the last one
 *     1..1       argument 1 and the next one    1..-1/2    every second one of them
 *     1#         as many as argument 1 says, behind it
 *     STREAMS@1..-1%2   the first half of what is behind the word, looked for from argument 1 on
 *     ?          wherever the command's own rules say
 *
 * @module
 */

/** RO: read, RW: read and changed, OW: overwritten, RM: removed; then what of the value is used. */
export interface KeySpec {
  readonly flags: readonly string[]
  readonly begin: BeginSearch
  readonly find: FindKeys
  readonly notes: string | null
}

export type BeginSearch =
  | { readonly type: 'index'; readonly index: number }
  /** Behind a word; from the end if `startFrom` is negative. */
  | { readonly type: 'keyword'; readonly keyword: string; readonly startFrom: number }
  | { readonly type: 'unknown' }

export type FindKeys =
  /** `last` counts from the first key, negative ones from the end; `limit` n: an nth part. */
  | {
      readonly type: 'range'
      readonly last: number
      readonly step: number
      readonly limit: number
    }
  /** A number, and behind it so many keys. */
  | { readonly type: 'keynum' }
  | { readonly type: 'unknown' }

/** Commands by their specifications. */
const COMMANDS_OF: Readonly<Record<string, string>> = {
  '1 RO': 'HEXISTS HLEN HSTRLEN LLEN SCARD SISMEMBER STRLEN TYPE XLEN ZCARD',
  '1 RO access':
    'BITCOUNT BITFIELD_RO BITPOS DUMP EXPIRETIME GEODIST GEOHASH GEOPOS GEORADIUS_RO ' +
    'GEORADIUSBYMEMBER_RO GEOSEARCH GET GETBIT GETRANGE HGET HGETALL HKEYS HMGET HRANDFIELD ' +
    'HSCAN HVALS LINDEX LPOS LRANGE PEXPIRETIME PTTL SMEMBERS SMISMEMBER SRANDMEMBER SSCAN ' +
    'SUBSTR TTL XPENDING XRANGE XREVRANGE ZCOUNT ZLEXCOUNT ZMSCORE ZRANDMEMBER ZRANGE ' +
    'ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ' +
    'ZSCORE HTTL HPTTL HEXPIRETIME HPEXPIRETIME',
  '1 RW update':
    'EXPIRE EXPIREAT GEOADD HMSET HSET LSET PERSIST PEXPIRE PEXPIREAT SETRANGE XACK XADD ' +
    'XCLAIM XSETID ZADD HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HPERSIST',
  '1 RW access update':
    'DECR DECRBY GETEX GETSET HINCRBY HINCRBYFLOAT INCR INCRBY INCRBYFLOAT MOVE SETBIT ZINCRBY',
  '1 RW delete':
    'HDEL LREM LTRIM SREM XAUTOCLAIM XDEL XTRIM ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ' +
    'ZREMRANGEBYSCORE',
  '1 RW insert': 'APPEND HSETNX LINSERT LPUSH LPUSHX PFADD RPUSH RPUSHX SADD',
  '1 RW access delete': 'GETDEL LPOP RPOP SPOP ZPOPMAX ZPOPMIN',
  '1 RW access delete, 2 RW insert': 'BLMOVE BRPOPLPUSH LMOVE RPOPLPUSH SMOVE',
  '2 RO': 'MEMORY|USAGE OBJECT|ENCODING OBJECT|FREQ OBJECT|IDLETIME OBJECT|REFCOUNT',
  '1# RO access': 'SINTERCARD ZDIFF ZINTER ZINTERCARD ZUNION',
  '1..-2 RW access delete': 'BLPOP BRPOP BZPOPMAX BZPOPMIN',
  '1..-1 RO access': 'MGET SDIFF SINTER SUNION',
  '1 OW update': 'PSETEX RESTORE RESTORE-ASKING SETEX',
  '2# RW access update': 'EVAL EVALSHA FCALL',
  '2# RO access': 'EVAL_RO EVALSHA_RO FCALL_RO',
  '1..-1 RO': 'EXISTS TOUCH WATCH',
  '2 RO access': 'XINFO|CONSUMERS XINFO|GROUPS XINFO|STREAM',
  '1 OW update, 2# RO access': 'ZDIFFSTORE ZINTERSTORE ZUNIONSTORE',
  '1 RW access update variable_flags': 'BITFIELD SET',
  '2# RW access delete': 'BLMPOP BZMPOP',
  '1..-1 RM delete': 'DEL UNLINK',
  '1 OW update, 2 RO access': 'GEOSEARCHSTORE ZRANGESTORE',
  '1# RW access delete': 'LMPOP ZMPOP',
  '1 OW update, 2..-1 RO access': 'SDIFFSTORE SUNIONSTORE',
  '1..-1 not_key': 'SSUBSCRIBE SUNSUBSCRIBE',
  '2 RW insert': 'XGROUP|CREATE XGROUP|CREATECONSUMER',
  '2 RW delete': 'XGROUP|DELCONSUMER XGROUP|DESTROY',
  '2 OW update, 3..-1 RO access': 'BITOP',
  '1 RO access, 2 OW update': 'COPY',
  '1 RO access, STORE@6 OW update, STOREDIST@6 OW update': 'GEORADIUS',
  '1 RO access, STORE@5 OW update, STOREDIST@5 OW update': 'GEORADIUSBYMEMBER',
  '1..1 RO access': 'LCS',
  '3 RW access delete, KEYS@-2..-1 RW access delete incomplete': 'MIGRATE',
  '1..-1/2 OW update': 'MSET',
  '1..-1/2 OW insert': 'MSETNX',
  '1..-1 RW access': 'PFCOUNT',
  '2 RW access': 'PFDEBUG',
  '1 RW access insert, 2..-1 RO access': 'PFMERGE',
  '1 RW access delete, 2 OW update': 'RENAME',
  '1 RW access delete, 2 OW insert': 'RENAMENX',
  '1 OW insert': 'SETNX',
  '1 RW update, 2..-1 RO access': 'SINTERSTORE',
  '1 RO access, ? RO access, ? OW update': 'SORT',
  '1 RO access, ? RO access': 'SORT_RO',
  '1 not_key': 'SPUBLISH',
  '2 RW update': 'XGROUP|SETID',
  'STREAMS@1..-1%2 RO access': 'XREAD',
  'STREAMS@4..-1%2 RO access': 'XREADGROUP',
}

const WORST = 'We cannot tell how the keys will be used so we assume the worst, '
const BY_GET =
  "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the " +
  'content of the key we sort'

/** What COMMAND says beside a specification, by command and its place among them. */
const NOTES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  BITFIELD: { 0: 'This command allows both access and modification of the key' },
  EVAL: { 0: `${WORST}RW and UPDATE` },
  FCALL: { 0: `${WORST}RW and UPDATE` },
  EVAL_RO: { 0: `${WORST}RO and ACCESS` },
  FCALL_RO: { 0: `${WORST}RO and ACCESS` },
  SORT_RO: { 1: BY_GET },
  SORT: {
    1: BY_GET,
    2:
      "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear " +
      'anywhere in the argument array',
  },
  XADD: { 0: 'UPDATE instead of INSERT because of the optional trimming feature' },
  PFCOUNT: {
    0:
      'RW because it may change the internal representation of the key, and propagate to ' +
      'replicas',
  },
  GETEX: { 0: 'RW and UPDATE because it changes the TTL' },
  SET: { 0: 'RW and ACCESS due to the optional `GET` argument' },
}

const PLACE = /^(?:(?<word>[A-Z]+)@)?(?<at>-?\d+)(?:(?<count>#)|(?:\.\.(?<last>-?\d+))?)/

function parsePlace(place: string): Pick<KeySpec, 'begin' | 'find'> {
  const parts = PLACE.exec(place)?.groups
  if (parts === undefined) return { begin: { type: 'unknown' }, find: { type: 'unknown' } }
  const at = Number(parts.at)
  const step = Number(/\/(\d+)/.exec(place)?.[1] ?? 1)
  const limit = Number(/%(\d+)/.exec(place)?.[1] ?? 0)
  return {
    begin:
      parts.word === undefined
        ? { type: 'index', index: at }
        : { type: 'keyword', keyword: parts.word, startFrom: at },
    find:
      parts.count === undefined
        ? { type: 'range', last: Number(parts.last ?? 0), step, limit }
        : { type: 'keynum' },
  }
}

function parseSpecs(text: string, name: string): readonly KeySpec[] {
  return text.split(', ').map((one, index) => {
    const [place = '', ...flags] = one.split(' ')
    return { flags, ...parsePlace(place), notes: NOTES[name]?.[index] ?? null }
  })
}

const SPECS: ReadonlyMap<string, readonly KeySpec[]> = new Map(
  Object.entries(COMMANDS_OF).flatMap(([text, names]) => {
    return names.split(' ').map((name) => [name, parseSpecs(text, name)] as const)
  }),
)

const NONE: readonly KeySpec[] = []

/** By the name in upper case, `CONTAINER|SUBCOMMAND` for a subcommand; none without keys. */
export function keySpecsOf(name: string): readonly KeySpec[] {
  return SPECS.get(name) ?? NONE
}

/** Whether the first, last and step of COMMAND do not tell all keys. */
export function keysAreMovable(specs: readonly KeySpec[]): boolean {
  return specs.some(({ begin, find }) => begin.type !== 'index' || find.type !== 'range')
}
