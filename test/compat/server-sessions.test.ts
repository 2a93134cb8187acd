/**
 * Holds conversations of one and several clients with a server of ours and with redis-server, and
 * compares all that they receive, byte for byte.
 */

import t from 'tap'
import { startRedis } from '../support/redis-server.js'
import { compareSessions } from '../support/sessions.js'

/** Of replicas, clusters and modules, none of which is there. */
const ALONE = `
  CLUSTER INFO
  CLUSTER SLOTS
  cluster keyslot key
  CLUSTER KEYSLOT
  CLUSTER NOSUCH
  CLUSTER
  READONLY
  READWRITE
  ASKING
  REPLICAOF NO ONE
  slaveof no one
  REPLICAOF host port
  REPLICAOF host 65536
  REPLICAOF host
  FAILOVER
  FAILOVER ABORT
  FAILOVER TO host 1
  MODULE LIST
  MODULE LOAD path
  MODULE NOSUCH
  COMMAND INFO readonly readwrite asking replicaof slaveof failover cluster|info cluster|meet
  COMMAND INFO cluster|reset cluster|help module|list module|load module|unload module|help
`

const SESSIONS: Readonly<Record<string, string>> = {
  'plain commands': `
    PING
    PING text
    PING a b
    ECHO text
    ECHO
    SELECT 3
    SET a 1
    SELECT 0
    GET a
    SELECT 99
    SELECT x
    SELECT -1
    NOSUCH a b
    get
    CLIENT NOSUCH
    CLIENT
    QUIT
  `,
  'lines of words': `
    a! PING\\r\\n
    a! \\r\\n
    a! set key "a value\\\\n\\\\x41"\\r\\nget key\\r\\n
    a! set 'key two' 'it\\\\'s'\\nget 'key two'\\n
    a!   get    key   \\r\\n
    a! *0\\r\\n*-1\\r\\nPING\\r\\n
    a! get "key\\r\\n
  `,
  'bad counts': 'a! *x\\r\\n',
  'huge counts': 'a! *2147483648\\r\\n',
  'no strings': 'a! *1\\r\\n:1\\r\\n',
  'bad lengths': 'a! *1\\r\\n$x\\r\\n',
  'negative lengths': 'a! *1\\r\\n$-1\\r\\n',
  'huge lengths': 'a! *1\\r\\n$536870913\\r\\n',
  'a command in pieces': `
    a! *2\\r\\n
    a! $4\\r
    a! \\nPI
    a! NG\\r\\n$3\\r\\nabc
    a! \\r\\n*1\\r\\n$4\\r\\nPING\\r\\n
  `,
  'the protocols': `
    HELLO
    HELLO 3
    SET a 1
    GET none
    HSET h f v
    HGETALL h
    CLIENT REPLY SKIP
    PING
    PING
    HELLO 4
    HELLO x
    HELLO 3 SETNAME "a b"
    HELLO 3 SETNAME name
    CLIENT GETNAME
    HELLO 3 NONSENSE
    HELLO 2
    HGETALL h
    RESET
    CLIENT GETNAME
  `,
  transactions: `
    MULTI
    SET a 1
    INCR a
    GET a
    HSET h f v
    HGETALL h
    EXEC
    EXEC
    DISCARD
    MULTI
    MULTI
    WATCH a
    NOSUCH
    EXEC
    MULTI
    INCR h
    SET a 2
    EXEC
    MULTI
    GET
    SET a 3
    EXEC
    GET a
    MULTI
    SET a 4
    DISCARD
    GET a
    MULTI
    EXEC
    HELLO 3 SETNAME x
    MULTI
    HGETALL h
    ZADD z 1.5 m
    ZSCORE z m
    GET none
    EXEC
  `,
  'watched keys': `
    SET a 1
    WATCH a
    b: SET a 2
    MULTI
    GET a
    EXEC
    WATCH a
    b: GET a
    MULTI
    GET a
    EXEC
    WATCH a none
    b: DEL none other
    MULTI
    GET a
    EXEC
    WATCH none
    b: SADD none x
    MULTI
    PING
    EXEC
    WATCH none
    b: SADD none x
    MULTI
    PING
    EXEC
    WATCH a
    b: FLUSHALL
    MULTI
    PING
    EXEC
    WATCH a
    b: FLUSHALL
    MULTI
    PING
    EXEC
    SET a 1
    WATCH a
    b: EXPIRE a 100
    MULTI
    PING
    EXEC
    WATCH a
    UNWATCH
    b: SET a 5
    MULTI
    PING
    EXEC
    WATCH a
    SET a 6
    MULTI
    PING
    EXEC
    SET p v PX 400
    WATCH p
    -- 500
    MULTI
    PING
    EXEC
    SET q v PX 30
    -- 80
    WATCH q
    MULTI
    PING
    EXEC
    WATCH w
    b: SELECT 1
    b: SET w 1
    b: SWAPDB 0 1
    MULTI
    PING
    EXEC
  `,
  messages: `
    SUBSCRIBE one two
    b: PUBLISH one hello
    b: PUBLISH none hello
    GET a
    PING
    PING text
    PSUBSCRIBE o*
    b: PUBLISH one again
    b: PUBSUB CHANNELS t*
    b: PUBSUB NUMSUB one two none
    b: PUBSUB NUMPAT
    UNSUBSCRIBE one
    b: PUBLISH one again
    PUNSUBSCRIBE
    UNSUBSCRIBE
    UNSUBSCRIBE
    GET a
    SSUBSCRIBE shard
    b: SPUBLISH shard text
    b: PUBSUB SHARDCHANNELS
    b: PUBSUB SHARDNUMSUB shard
    SUNSUBSCRIBE
    c: HELLO 3 SETNAME x
    c: SUBSCRIBE one
    c: GET a
    b: PUBLISH one text
    c: PING
    c: UNSUBSCRIBE
    b: PUBSUB NOSUCH
    b: PUBSUB HELP
  `,
  'commands that wait for lists': `
    BLPOP l 0
    b: RPUSH l x y
    b: LRANGE l 0 -1
    BLPOP none l 0
    BLPOP none other 0.05
    -- 100
    BRPOP l 1
    c: RPUSH l 1 2 3
    b: BLMPOP 0 2 l none LEFT COUNT 2
    b: BLMOVE l m LEFT RIGHT 0
    c: RPUSH l 4
    c: LRANGE m 0 -1
    b: BRPOPLPUSH l m 0
    b: PING
    c: SET l text
    c: DEL l
    c: LPUSH l 5
    c: LRANGE m 0 -1
    BLPOP m x
    BLPOP m -1
    BLPOP m
    SET s text
    BLPOP s 0
    BLPOP none s 0
    BLMPOP 0 0 l LEFT
    BLMPOP 0 1 l MIDDLE
    BLMOVE l m UP DOWN 0
  `,
  'who waits first is served first': `
    BLPOP l 0
    b: BLPOP l 0
    c: BLPOP k l 0
    d: RPUSH l 1 2
    d: RPUSH k 3
    a: BLPOP l 0
    d: MULTI
    d: RPUSH l 1
    d: DEL l
    d: EXEC
    d: RPUSH l 2
    a: BLPOP l 0
    d: RENAME m l
    d: RPUSH m 7
    d: RENAME m l
    a: MULTI
    a: BLPOP none 0
    a: EXEC
    a: BLMOVE q r LEFT LEFT 0
    b: BLPOP r 0
    d: RPUSH q chained
  `,
  'commands that wait for sorted sets and streams': `
    BZPOPMIN z 0
    b: ZADD z 2 two 1 one
    BZPOPMAX none z 0
    BZMPOP 0 1 z MIN
    b: ZADD z 5 a 6 b 7 c
    BZMPOP 0.05 1 z MAX COUNT 2
    BZPOPMIN none 0.05
    -- 100
    BZMPOP 0.05 1 none MAX COUNT 2
    -- 100
    XREAD BLOCK 0 STREAMS s $
    b: XADD s 1-1 f v
    XREAD BLOCK 0 STREAMS s 0
    XREAD BLOCK 20 STREAMS s $
    -- 80
    XGROUP CREATE s g $
    XREADGROUP GROUP g one BLOCK 0 STREAMS s >
    b: XADD s 2-1 f v
    XREADGROUP GROUP g one BLOCK 0 STREAMS s 0
    c: HELLO 3 SETNAME x
    c: BZPOPMIN z 0
    c: BZPOPMIN z 0
    b: ZADD z 1.5 m
    c: XREAD BLOCK 0 STREAMS s none $ $
    b: XADD none 1-1 f v
  `,
  'clients that are woken': `
    BLPOP none 0
    b: CLIENT UNBLOCK 99999
    b: CLIENT PAUSE 60 WRITE
    b: GET x
    b: SET x 1
    -- 100
    b: CLIENT PAUSE 150 ALL
    b: CLIENT UNPAUSE
    -- 200
    b: CLIENT PAUSE x
    b: CLIENT PAUSE 10 SOME
    b: CLIENT REPLY OFF
    b: PING
    b: CLIENT REPLY ON
    b: CLIENT REPLY SKIP
    b: PING
    b: PING
    b: CLIENT NO-EVICT ON
    b: CLIENT NO-EVICT MAYBE
    b: CLIENT KILL 1.2.3.4:5
    b: CLIENT KILL ID 0
    b: CLIENT KILL TYPE odd
    b: CLIENT LIST TYPE odd
    b: CLIENT LIST ID x
    b: CLIENT SETNAME "a b"
    b: CLIENT SETNAME ab
    b: CLIENT GETNAME
    b: CLIENT HELP
  `,
  'events of keys': `
    b: CONFIG SET notify-keyspace-events KEA
    b: CONFIG GET notify-keyspace-events
    PSUBSCRIBE __key*
    b: SET a 1
    b: SET a 2 EX 100
    b: SET a 3 PX 1000 NX
    b: SETEX b 100 x
    b: SETNX b y
    b: SETNX c y
    b: GETSET a 5
    b: GETEX a PERSIST
    b: GETEX a EX 5
    b: GETEX a EXAT 1
    b: GETDEL b
    b: MSET m1 1 m2 2
    b: MSETNX m3 1
    b: APPEND c x
    b: SETRANGE c 1 z
    b: INCR n
    b: DECRBY n 3
    b: INCRBYFLOAT n 0.5
    b: SETBIT bits 3 1
    b: BITFIELD bits SET u4 0 5
    b: BITOP NOT bits2 bits
    b: BITOP NOT bits2 none
    b: PFADD p a
    b: PFMERGE p2 p
    b: EXPIRE c 100
    b: PERSIST c
    b: EXPIRE c -1
    b: RENAME m1 m9
    b: MOVE m9 1
    b: COPY m2 m4
    b: DEL m2 m4 none
    b: RPUSH l a b c
    b: LPUSH l z
    b: LPUSHX l z
    b: LPOP l
    b: RPOP l
    b: LINSERT l BEFORE b x
    b: LSET l 0 q
    b: LREM l 1 q
    b: LTRIM l 0 0
    b: LMOVE l l2 LEFT RIGHT
    b: LMPOP 1 l2 LEFT
    b: RPUSH l a b c
    b: RPOPLPUSH l l
    b: SORT l ALPHA STORE sl
    b: BLPOP l 1
    b: SADD s a b c
    b: SREM s a
    b: SMOVE s s2 c
    b: SADD s b c
    b: SINTERSTORE s3 s s
    b: SUNIONSTORE s3 s s2
    b: SDIFFSTORE s3 s s
    b: HSET h a 1 b 2
    b: HSETNX h c 1
    b: HMSET h d 1
    b: HINCRBY h a 1
    b: HINCRBYFLOAT h a 0.5
    b: HDEL h a
    b: HDEL h b c d
    b: ZADD z 1 a 2 b 3 c 4 d
    b: ZADD z XX INCR 1 a
    b: ZINCRBY z 1 a
    b: ZREM z b
    b: ZPOPMIN z
    b: ZMPOP 1 z MAX
    b: ZADD z 1 a 2 b 3 c 4 d
    b: ZREMRANGEBYSCORE z 1 1
    b: ZREMRANGEBYRANK z 0 0
    b: ZREMRANGEBYLEX z - +
    b: ZADD z 1 a 2 b
    b: ZRANGESTORE z2 z 0 -1
    b: ZUNIONSTORE z2 1 z
    b: ZINTERSTORE z2 1 z
    b: ZDIFFSTORE z2 2 z z
    b: GEOADD g 1 1 x
    b: GEOSEARCHSTORE g2 g FROMMEMBER x BYRADIUS 1 km
    b: GEORADIUS g 1 1 10 km STORE g3
    b: XADD x 1-1 f v
    b: XTRIM x MAXLEN 0
    b: XGROUP CREATE x gr $
    b: XGROUP CREATECONSUMER x gr c
    b: XGROUP SETID x gr 0
    b: XGROUP DELCONSUMER x gr c
    b: XGROUP DESTROY x gr
    b: XSETID x 5-1
    b: XADD x 6-1 f v
    b: XDEL x 6-1
    b: EVAL "redis.call('set', KEYS[1], 'x') redis.call('incr', KEYS[2])" 2 e1 e2
    b: MULTI
    b: SET t 1
    b: LPUSH tl 1
    b: EXEC
    b: SET gone 1 PX 1
    b: GET none
    -- 30
    b: GET gone
    b: CONFIG SET notify-keyspace-events Kx
    b: SET quiet 1
    b: SET gone 1 PX 1
    -- 300
    b: GET gone
    b: CONFIG SET notify-keyspace-events KnAm
    b: CONFIG GET notify-keyspace-events
    b: GET never
    b: SET fresh 1
    b: EVAL "redis.pcall('get', 'absent') redis.pcall('xinfo', 'stream', 'absent') return 1" 0
    b: MULTI
    b: MGET fresh absent absent
    b: XADD trimmed MAXLEN 1 1-1 f v
    b: XADD trimmed MAXLEN 1 2-1 f v
    b: EXEC
    b: CONFIG SET notify-keyspace-events Km
    b: GET never
    b: SET fresher 1
    b: CONFIG SET notify-keyspace-events ""
    b: SET quiet 2
    b: GET never
  `,
  'changes of what was read': `
    CLIENT TRACKINGINFO
    CLIENT GETREDIR
    CLIENT TRACKING ON REDIRECT 99999999
    CLIENT TRACKING MAYBE
    CLIENT CACHING YES
    CLIENT TRACKING ON PREFIX a
    CLIENT TRACKING ON BCAST OPTIN
    CLIENT TRACKING ON OPTIN OPTOUT
    HELLO 3 SETNAME x
    CLIENT TRACKING ON
    CLIENT TRACKING ON BCAST
    CLIENT TRACKINGINFO
    MGET a b
    HGETALL h
    b: SET a 1
    b: SET a 2
    b: HSET h f v
    b: SET other 1
    GET a
    SET a 3
    GET a
    b: DEL a
    GET p
    b: SET p 1 PX 20
    GET p
    -- 60
    b: GET p
    CLIENT TRACKING OFF
    CLIENT TRACKING ON OPTIN NOLOOP
    CLIENT TRACKINGINFO
    GET a
    b: SET a 5
    CLIENT CACHING YES
    GET a
    SET a 6
    b: SET a 7
    CLIENT CACHING NO
    CLIENT TRACKING OFF
    CLIENT TRACKING ON BCAST PREFIX x: PREFIX y:
    CLIENT TRACKING ON BCAST PREFIX x:1
    CLIENT TRACKINGINFO
    b: SET x:1 1
    b: SET z:1 1
    b: LPUSH y:1 1
    RESET
    b: SET x:1 2
    CLIENT TRACKINGINFO
  `,
  'various commands': `
    WAIT 0 10
    WAIT x 1
    WAIT 1 -1
    ROLE
    SLOWLOG RESET
    SLOWLOG GET
    SLOWLOG LEN
    SLOWLOG GET -2
    SLOWLOG HELP
    LATENCY RESET
    LATENCY LATEST
    LATENCY HISTORY command
    LATENCY DOCTOR
    SHUTDOWN ABORT
    SHUTDOWN NONSENSE
    TIME x
    AUTH x
    AUTH default x
    AUTH nobody x
    AUTH a b c
  `,
  'a server that stands alone': ALONE,
}

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

t.test('Conversations with a server', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  await compareSessions(t, redis, SESSIONS)
})
