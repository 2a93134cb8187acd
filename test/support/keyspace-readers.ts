/**
 * Commands that look for keys, in many forms, and the keys that they find.
 *
 * @module
 */

/** What there is at first: a key of each type, those that patterns of SORT lead to. */
const SETUP_LINES = String.raw`
  FLUSHALL
  SET s hello
  SET n 10
  SET bits "\xff\x0f"
  RPUSH l a b c
  RPUSH l2 1 2 3
  SADD set a b c
  SADD set2 b c d
  SADD iset 1 2 3
  HSET h f v g 5
  ZADD z 1 a 2 b 3 c
  ZADD z2 2 b 3 d
  GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
  XADD st 1-1 f v
  XADD st 2-1 f v
  XGROUP CREATE st g 0
  XGROUP CREATE st e $
  XREADGROUP GROUP g c COUNT 1 STREAMS st >
  PFADD pf a b
  PFADD pf2 c
  SET w_1 3
  SET w_2 2
  HSET d_1 f x
  HSET d_2 f y
`

/** Expired, and still there until somebody looks. */
export const EXPIRED = 'ex'

/**
 * Commands, one a line. A key behind `@` is missing, of another type and expired in its turn as
 * well, and all of them are missing at once.
 */
const COMMANDS: Readonly<Record<string, string>> = {
  strings: `
    GET @s
    GETRANGE @s 0 1
    SUBSTR @s 0 1
    STRLEN @s
    MGET @s @n
    MGET s s no
    GETBIT @bits 1
    BITCOUNT @bits
    BITCOUNT @bits 0 0
    BITCOUNT @bits x y
    BITPOS @bits 1
    BITFIELD @bits GET u4 0
    BITFIELD @bits SET u4 0 1
    BITFIELD @bits INCRBY u4 0 1 GET u4 0
    BITFIELD_RO @bits GET u4 0
    BITFIELD @bits
    LCS @s @n
    LCS s s
    SET @s x
    SET @s x NX
    SET @s x XX
    SET @s x GET
    SET @s x NX GET
    SET @s x KEEPTTL
    SET @s x EX 100
    SETNX @s x
    SETEX @s 100 x
    PSETEX @s 100000 x
    GETSET @s x
    GETDEL @s
    GETEX @s
    GETEX @s EX 100
    GETEX @s PERSIST
    APPEND @s x
    SETRANGE @s 1 x
    SETRANGE @s 0 ""
    SETBIT @bits 1 0
    INCR @n
    DECR @n
    INCRBY @n 2
    DECRBY @n 2
    INCRBYFLOAT @n 1.5
    MSET @s 1 @n 2
    MSETNX @s 1 @n 2
    MSETNX no1 1 no2 2
    BITOP AND dest @bits @s
    BITOP NOT dest @bits
    BITOP OR dest no nope
    GET
    LCS no l
    LCS s n NOSUCH
    MGET s l no
    BITPOS bits x
    BITOP AND dest
  `,
  'keys of any type': String.raw`
    DEL @s @l
    UNLINK @s @l
    EXISTS @s
    EXISTS s no s l
    TOUCH @s @l no
    TYPE @s
    TTL @s
    PTTL @s
    EXPIRETIME @s
    PEXPIRETIME @s
    EXPIRE @s 100
    EXPIRE @s 100 NX
    EXPIRE @s -1
    PEXPIRE @s 100000
    EXPIREAT @s 99999999999
    PEXPIREAT @s 99999999999999
    PERSIST @s
    RENAME @s dest
    RENAME @s l
    RENAMENX @s dest
    RENAMENX @s l
    COPY @s dest
    COPY @s l
    COPY @s l REPLACE
    COPY @s dest DB 1
    COPY @l dest
    COPY @h dest
    COPY @z dest
    COPY @st dest
    COPY @set dest
    MOVE @s 1
    DUMP @s
    RESTORE dest 0 "\x00\x01x\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    OBJECT ENCODING @s
    OBJECT IDLETIME @s
    OBJECT REFCOUNT @s
    OBJECT FREQ @s
    MEMORY USAGE @s
    DEBUG OBJECT @s
    RANDOMKEY
    KEYS *
    KEYS s*
    SCAN 0 COUNT 1000
    SCAN 0 COUNT 1000 TYPE string
    SCAN 0 MATCH s* COUNT 1000
    DBSIZE
    WATCH @s @l
    UNWATCH
    PING
    ECHO x
    SELECT 0
    FLUSHDB
    SWAPDB 0 1
    TIME
    INFO keyspace
    WAIT 0 0
    PUBLISH s x
    COMMAND GETKEYS GET s
    CONFIG GET maxmemory
    SCAN 0 COUNT 1000 TYPE nosuch
    SCAN 0 MATCH s* COUNT 1000 TYPE string
  `,
  SORT: `
    SORT @l ALPHA
    SORT @l2
    SORT @l2 LIMIT 0 2
    SORT @l2 BY w_*
    SORT @l2 BY w_* GET d_*->f GET # GET w_*
    SORT @l2 BY nosort GET w_*
    SORT @l2 BY d_*->f ALPHA
    SORT @l2 BY d_*->nof
    SORT @l2 STORE dest
    SORT @l2 BY w_* GET w_* STORE dest
    SORT_RO @l2 BY w_* GET w_*
    SORT @set ALPHA
    SORT @z ALPHA
    SORT @iset
    SORT l2 BY s_* GET h_*->f
    SORT l2 BY l GET l
    SORT l2 GET l_*
    SORT l2 NOSUCH
  `,
  lists: `
    LLEN @l
    LRANGE @l 0 -1
    LRANGE @l x 1
    LINDEX @l 0
    LINDEX @l 99
    LPOS @l b
    LPOS @l b RANK 1 COUNT 0
    LPUSH @l x
    RPUSH @l x y
    LPUSHX @l x
    RPUSHX @l x
    LPOP @l
    RPOP @l
    LPOP @l 2
    RPOP @l 0
    LSET @l 0 x
    LSET @l 99 x
    LINSERT @l BEFORE b x
    LINSERT @l AFTER nob x
    LREM @l 0 a
    LTRIM @l 0 1
    LMOVE @l @l2 LEFT RIGHT
    LMOVE @l no2 LEFT RIGHT
    RPOPLPUSH @l @l2
    RPOPLPUSH @l no2
    LMPOP 2 no @l LEFT
    LMPOP 2 @l @l2 LEFT COUNT 2
    BLPOP @l 0.01
    BLPOP no @l 0.01
    BRPOP @l @l2 0.01
    BLMOVE @l @l2 LEFT RIGHT 0.01
    BLMOVE @l no2 LEFT RIGHT 0.01
    BRPOPLPUSH @l @l2 0.01
    BLMPOP 0.01 2 no @l LEFT
    LRANGE l
  `,
  sets: `
    SCARD @set
    SISMEMBER @set a
    SMISMEMBER @set a x
    SMEMBERS @set
    SRANDMEMBER @set
    SRANDMEMBER @set 2
    SRANDMEMBER @set -2
    SRANDMEMBER @set 0
    SSCAN @set 0
    SSCAN @set 0 MATCH a*
    SADD @set x
    SADD @set a
    SREM @set a
    SREM @set nom
    SPOP @set
    SPOP @set 2
    SPOP @set 0
    SMOVE @set @set2 a
    SMOVE @set no2 a
    SMOVE @set @set2 nom
    SINTER @set
    SINTER @set @set2
    SINTER set no set2
    SINTER no s
    SINTER set s
    SINTERCARD 2 @set @set2
    SINTERCARD 2 @set @set2 LIMIT 1
    SINTERCARD 1 @set
    SUNION @set @set2
    SUNION no s
    SDIFF @set @set2
    SDIFF no s
    SINTERSTORE dest @set @set2
    SINTERSTORE dest set no
    SUNIONSTORE dest @set @set2
    SDIFFSTORE dest @set @set2
    SDIFFSTORE set @set @set2
    SINTERCARD 2 set set2 NOSUCH
  `,
  hashes: `
    HGET @h f
    HGET @h nof
    HMGET @h f nof
    HGETALL @h
    HKEYS @h
    HVALS @h
    HLEN @h
    HEXISTS @h f
    HSTRLEN @h f
    HRANDFIELD @h
    HRANDFIELD @h 2
    HRANDFIELD @h -2 WITHVALUES
    HRANDFIELD @h 0
    HSCAN @h 0
    HSET @h f x
    HMSET @h f x
    HSETNX @h f x
    HINCRBY @h g 1
    HINCRBY @h f 1
    HINCRBYFLOAT @h g 1.5
    HDEL @h f
    HDEL @h nof
  `,
  'sorted sets': `
    ZCARD @z
    ZSCORE @z a
    ZSCORE @z nom
    ZMSCORE @z a nom
    ZRANK @z a
    ZREVRANK @z b
    ZRANK @z nom
    ZCOUNT @z 1 2
    ZCOUNT @z -inf +inf
    ZCOUNT @z x y
    ZLEXCOUNT @z - +
    ZRANGE @z 0 -1
    ZRANGE @z 0 -1 WITHSCORES
    ZRANGE @z 1 2 BYSCORE
    ZRANGE @z - + BYLEX
    ZRANGE @z 0 -1 REV
    ZREVRANGE @z 0 -1
    ZRANGEBYSCORE @z 1 2
    ZRANGEBYSCORE @z 1 2 LIMIT 0 1
    ZREVRANGEBYSCORE @z 2 1
    ZRANGEBYLEX @z - +
    ZREVRANGEBYLEX @z + -
    ZRANDMEMBER @z
    ZRANDMEMBER @z 2
    ZRANDMEMBER @z -2 WITHSCORES
    ZRANDMEMBER @z 0
    ZSCAN @z 0
    ZADD @z 1 x
    ZADD @z XX 1 x
    ZADD @z NX INCR 1 x
    ZADD @z GT CH 5 a
    ZINCRBY @z 1 a
    ZREM @z a
    ZREM @z nom
    ZPOPMIN @z
    ZPOPMAX @z 2
    ZPOPMIN @z 0
    ZMPOP 2 no @z MIN
    ZMPOP 2 @z @z2 MAX COUNT 2
    BZPOPMIN @z 0.01
    BZPOPMAX no @z 0.01
    BZMPOP 0.01 2 no @z MIN
    ZREMRANGEBYRANK @z 0 0
    ZREMRANGEBYSCORE @z 1 1
    ZREMRANGEBYLEX @z - [a
    ZRANGESTORE dest @z 0 -1
    ZRANGESTORE dest @z 1 2 BYSCORE
    ZRANGESTORE dest @z 5 9
    ZUNION 2 @z @z2
    ZINTER 2 @z @z2
    ZINTER 2 @z @set
    ZDIFF 2 @z @z2
    ZINTERCARD 2 @z @z2
    ZUNIONSTORE dest 2 @z @z2
    ZINTERSTORE dest 2 @z @z2
    ZINTERSTORE dest 2 no z
    ZDIFFSTORE dest 2 @z @z2
    ZUNIONSTORE dest 2 no nope
    ZADD z x y
    ZUNION 2 z z2 NOSUCH
  `,
  places: `
    GEOADD @geo 1 1 x
    GEODIST @geo Palermo Catania
    GEOHASH @geo Palermo
    GEOPOS @geo Palermo nom
    GEOSEARCH @geo FROMMEMBER Palermo BYRADIUS 200 km
    GEOSEARCH @geo FROMLONLAT 15 37 BYBOX 400 400 km
    GEOSEARCHSTORE dest @geo FROMMEMBER Palermo BYRADIUS 200 km
    GEOSEARCHSTORE dest @geo FROMLONLAT 100 10 BYRADIUS 1 km
    GEORADIUS @geo 15 37 200 km
    GEORADIUS @geo 15 37 200 km STORE dest
    GEORADIUS_RO @geo 15 37 200 km
    GEORADIUSBYMEMBER @geo Palermo 200 km
    GEORADIUSBYMEMBER @geo Palermo 200 km STORE dest
    GEORADIUSBYMEMBER @geo nom 200 km
    GEORADIUSBYMEMBER_RO @geo Palermo 200 km
  `,
  HyperLogLogs: `
    PFADD @pf x
    PFADD @pf
    PFCOUNT @pf
    PFCOUNT @pf @pf2
    PFMERGE @pf @pf2
    PFMERGE dest @pf @pf2
    PFMERGE @pf
    PFDEBUG GETREG @pf
    PFDEBUG ENCODING @pf
    PFCOUNT s
    PFMERGE dest s pf
    PFADD s x
  `,
  streams: `
    XADD @st * f v
    XADD @st NOMKSTREAM * f v
    XADD @st MAXLEN 1 * f v
    XADD @st 1-1 f v
    XLEN @st
    XRANGE @st - +
    XRANGE @st - + COUNT 1
    XRANGE @st - + COUNT 0
    XREVRANGE @st + -
    XDEL @st 1-1
    XDEL @st 9-9
    XTRIM @st MAXLEN 1
    XSETID @st 9-9
    XREAD STREAMS @st 0
    XREAD COUNT 1 STREAMS @st no 0 0
    XREAD STREAMS @st $
    XREAD BLOCK 10 STREAMS @st $
    XREAD BLOCK 10 STREAMS @st 0
    XREAD STREAMS st st 0 0
    XREADGROUP GROUP g c STREAMS @st >
    XREADGROUP GROUP g c STREAMS @st 0
    XREADGROUP GROUP g new STREAMS @st >
    XREADGROUP GROUP nog c STREAMS @st >
    XREADGROUP GROUP g c STREAMS @st no > >
    XREADGROUP GROUP g c NOACK STREAMS @st >
    XREADGROUP GROUP g c COUNT 1 BLOCK 10 STREAMS @st >
    XREADGROUP GROUP e c BLOCK 10 STREAMS @st >
    XACK @st g 1-1
    XACK @st nog 1-1
    XACK @st g 9-9
    XPENDING @st g
    XPENDING @st nog
    XPENDING @st g - + 10
    XPENDING @st g - + 10 c
    XCLAIM @st g c2 0 1-1
    XCLAIM @st g c2 0 9-9
    XCLAIM @st nog c2 0 1-1
    XAUTOCLAIM @st g c2 0 0
    XAUTOCLAIM @st nog c2 0 0
    XGROUP CREATE @st g2 $
    XGROUP CREATE @st g2 $ MKSTREAM
    XGROUP CREATE @st g $
    XGROUP SETID @st g 0
    XGROUP SETID @st nog 0
    XGROUP DESTROY @st g
    XGROUP CREATECONSUMER @st g c9
    XGROUP DELCONSUMER @st g c
    XINFO STREAM @st
    XINFO STREAM @st FULL
    XINFO GROUPS @st
    XINFO CONSUMERS @st g
    XINFO CONSUMERS @st nog
    XREAD STREAMS st s 0 0
  `,
  scripts: `
    EVAL "return redis.call('get', KEYS[1])" 1 @s
    EVAL "return redis.pcall('get', KEYS[1])" 1 @s
    EVAL "redis.call('set', KEYS[1], 'x') return redis.call('get', KEYS[1])" 1 @s
    EVAL "return redis.call('mget', 's', 'no', 'ex')" 0
    EVAL "return redis.call('lrange', 'l', 0, -1)" 0
    EVAL "return redis.pcall('lpush', 's', 'x')" 0
    EVAL "return {redis.call('exists', 's', 'no'), redis.call('type', 's')}" 0
    EVAL "return redis.call('hget', 'h', 'f')" 0
    EVAL "return redis.call('sismember', 'set', 'a')" 0
    EVAL "return redis.call('zscore', 'z', 'a')" 0
    EVAL "return redis.call('incr', 'n')" 0
  `,
}

/** Strings; what else is there is of another type than they, and they than it. */
const STRINGS: ReadonlySet<string> = new Set(['s', 'n', 'bits', 'pf', 'pf2'])

function linesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
}

export function wordsOf(line: string): string[] {
  return (line.match(/"(?:\\.|[^"])*"|\S+/g) ?? []).map((word) => {
    if (!word.startsWith('"')) return word
    return JSON.parse(word.replace(/\\x/g, '\\u00')) as string
  })
}

/** A command in all its forms. */
function formsOf(line: string): string[][] {
  const words = wordsOf(line)
  const plain = words.map((word) => (word.startsWith('@') ? word.slice(1) : word))
  const keys = words.flatMap((word, at) => (word.startsWith('@') ? [at] : []))
  const withKey = (places: readonly number[], name: string) => {
    return plain.map((word, at) => (places.includes(at) ? name : word))
  }
  const forms = keys.flatMap((at) => {
    const other = STRINGS.has(plain[at] as string) ? 'l' : 's'
    return ['no', other, EXPIRED].map((name) => withKey([at], name))
  })
  if (keys.length > 1) forms.push(withKey(keys, 'no'), withKey(keys, EXPIRED))
  return [plain, ...forms]
}

export const SETUP: readonly (readonly string[])[] = linesOf(SETUP_LINES).map(wordsOf)

/** Commands in all their forms, by families. */
export const READERS: ReadonlyMap<string, readonly (readonly string[])[]> = new Map(
  Object.entries(COMMANDS).map(([family, lines]) => [family, linesOf(lines).flatMap(formsOf)]),
)
