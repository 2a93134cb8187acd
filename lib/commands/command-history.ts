/**
 * What versions of Redis brought to commands that were there before, for COMMAND DOCS: of all
 * commands of Redis 7.0.
 *
 * @module
 */

/** Versions with what they brought, oldest first; `tells` is of replies. */
const HISTORY: Readonly<Record<string, string>> = {
  SET:
    '2.6.12 EX, PX, NX and XX; 6.0.0 KEEPTTL; 6.2.0 GET, EXAT and PXAT; ' +
    '7.0.0 NX together with GET',
  BITCOUNT: '7.0.0 BYTE and BIT',
  BITPOS: '7.0.0 BYTE and BIT',
  LPUSH: '2.4.0 more than one element',
  RPUSH: '2.4.0 more than one element',
  LPUSHX: '4.0.0 more than one element',
  RPUSHX: '4.0.0 more than one element',
  LPOP: '6.2.0 a count',
  RPOP: '6.2.0 a count',
  BLPOP: '6.0.0 a timeout with a fraction',
  BRPOP: '6.0.0 a timeout with a fraction',
  BRPOPLPUSH: '6.0.0 a timeout with a fraction',
  HSET: '4.0.0 more than one field',
  HDEL: '2.4.0 more than one field',
  SADD: '2.4.0 more than one member',
  SREM: '2.4.0 more than one member',
  SPOP: '3.2.0 a count',
  SRANDMEMBER: '2.6.0 a count',
  ZADD: '2.4.0 more than one member; 3.0.2 XX, NX, CH and INCR; 6.2.0 GT and LT',
  ZREM: '2.4.0 more than one member',
  ZRANGE: '6.2.0 REV, BYSCORE, BYLEX and LIMIT',
  ZRANGEBYSCORE: '2.0.0 WITHSCORES',
  ZREVRANGEBYSCORE: '2.1.6 ends that do not belong to the range',
  BZPOPMIN: '6.0.0 a timeout with a fraction',
  BZPOPMAX: '6.0.0 a timeout with a fraction',
  GEOADD: '6.2.0 CH, NX and XX',
  GEOSEARCH: '7.0.0 units in upper case',
  GEOSEARCHSTORE: '7.0.0 units in upper case',
  GEORADIUS: '6.2.0 ANY behind COUNT; 7.0.0 units in upper case',
  GEORADIUS_RO: '6.2.0 ANY behind COUNT',
  GEORADIUSBYMEMBER: '7.0.0 units in upper case',
  XADD: '6.2.0 NOMKSTREAM, MINID and LIMIT; 7.0.0 IDs of a time and *',
  XTRIM: '6.2.0 MINID and LIMIT',
  XRANGE: '6.2.0 ends that do not belong to the range',
  XREVRANGE: '6.2.0 ends that do not belong to the range',
  XPENDING: '6.2.0 IDLE, and ends that do not belong to the range',
  XAUTOCLAIM: '7.0.0 tells which entries were gone',
  XSETID: '7.0.0 ENTRIESADDED and MAXDELETEDID',
  'XGROUP|CREATE': '7.0.0 ENTRIESREAD',
  'XGROUP|SETID': '7.0.0 ENTRIESREAD',
  'XINFO|STREAM': '6.0.0 FULL; 7.0.0 tells what was added, deleted and read',
  'XINFO|GROUPS': '7.0.0 tells entries-read and lag',
  RESTORE: '3.0.0 REPLACE; 5.0.0 ABSTTL; 5.0.0 IDLETIME and FREQ',
  MIGRATE: '3.0.0 COPY and REPLACE; 3.0.6 KEYS; 4.0.7 AUTH; 6.0.0 AUTH2',
  EXPIRE: '7.0.0 NX, XX, GT and LT',
  PEXPIRE: '7.0.0 NX, XX, GT and LT',
  EXPIREAT: '7.0.0 NX, XX, GT and LT',
  PEXPIREAT: '7.0.0 NX, XX, GT and LT',
  TTL: '2.8.0 -2 for no key',
  PTTL: '2.8.0 -2 for no key',
  EXISTS: '3.0.3 more than one key',
  RENAMENX: '3.2.0 no error if both names are the same',
  SCAN: '6.0.0 TYPE',
  FLUSHDB: '4.0.0 ASYNC; 6.2.0 SYNC',
  FLUSHALL: '4.0.0 ASYNC; 6.2.0 SYNC',
  BGSAVE: '3.2.2 SCHEDULE',
  INFO: '7.0.0 more than one section',
  'COMMAND|INFO': '7.0.0 no name for all commands',
  SHUTDOWN: '7.0.0 NOW, FORCE and ABORT',
  'SLOWLOG|GET': '4.0.0 tells address and name of the client',
  'CONFIG|GET': '7.0.0 more than one pattern',
  'CONFIG|SET': '7.0.0 more than one directive',
  'ACL|GETUSER': '6.2.0 tells channels; 7.0.0 tells selectors, keys and channels as rules',
  'ACL|SETUSER': '6.2.0 channels; 7.0.0 selectors, and rights to keys',
  'SCRIPT|FLUSH': '6.2.0 ASYNC and SYNC',
  AUTH: '6.0.0 a user name',
  HELLO: '6.2.0 no version, for the state of the connection',
  'CLIENT|LIST':
    '2.8.12 tells id; 5.0.0 TYPE; 6.0.0 tells user; 6.2.0 ID, and argv-mem, tot-mem, laddr and ' +
    'redir of clients; 7.0.0 tells resp, multi-mem, rbs and rbp; 7.0.3 tells ssub',
  'CLIENT|KILL':
    '2.8.12 filters by name; 2.8.12 ID; 3.2.0 TYPE master; 5.0.0 TYPE replica; 6.2.0 LADDR',
  'CLIENT|PAUSE': '6.2.0 WRITE and ALL',
  'CLUSTER|MEET': '4.0.0 a port of the bus',
  'CLUSTER|SLOTS': '4.0.0 tells IDs of nodes; 7.0.0 tells more of networks',
}

/** By the name in upper case, `CONTAINER|SUBCOMMAND` for a subcommand: versions with sentences. */
export function historyOf(name: string): [version: string, change: string][] {
  const changes = HISTORY[name]?.split('; ') ?? []
  return changes.map((change) => {
    const [version = '', ...words] = change.split(' ')
    const text = words.join(' ')
    return [version, `${text.charAt(0).toUpperCase()}${text.slice(1)}.`]
  })
}
