/**
 * Replies that CLIENT REPLY keeps back, those that come later than their commands among them; what
 * is no reply comes nevertheless. Compared with redis-server, byte for byte.
 */

import t from 'tap'
import { startRedis } from '../support/redis-server.js'
import { compareSessions } from '../support/sessions.js'

const SESSIONS: Readonly<Record<string, string>> = {
  'at once': `
    CLIENT REPLY OFF
    NOSUCH
    GET
    SET a 1
    GET a
    CLIENT REPLY SKIP
    PING
    HELLO 3
    EVAL "return 1" 0
    MULTI
    SET a 1
    EXEC
    CLIENT REPLY ON
    PING
    HELLO 2
    CLIENT REPLY SKIP
    NOSUCH
    PING
    CLIENT REPLY SKIP
    CLIENT REPLY SKIP
    PING
    PING
    CLIENT REPLY SKIP
    CLIENT REPLY ON
    PING
    CLIENT REPLY SKIP
    CLIENT REPLY OFF
    PING
    CLIENT REPLY ON
    CLIENT REPLY MAYBE
    CLIENT REPLY
    CLIENT REPLY SKIP
    CLIENT REPLY MAYBE
    PING
    CLIENT REPLY SKIP
    MULTI
    SET a 2
    EXEC
    CLIENT REPLY OFF
    RESET
    PING
    CLIENT REPLY SKIP
    RESET
    PING
    a! CLIENT REPLY SKIP\\r\\nPING\\r\\nPING\\r\\nCLIENT REPLY SKIP\\r\\nGET a\\r\\nGET b\\r\\n
    a! CLIENT REPLY OFF\\r\\nPING\\r\\nGET a\\r\\nCLIENT REPLY ON\\r\\nGET a\\r\\nGET b\\r\\n
  `,
  'when a key has come': `
    a! CLIENT REPLY OFF\\r\\nBLPOP l 0\\r\\nPING\\r\\nCLIENT REPLY ON\\r\\nPING a\\r\\n
    b: RPUSH l x y
    LRANGE l 0 -1
    DEL l
    a! CLIENT REPLY SKIP\\r\\nBLPOP l 0\\r\\nPING\\r\\nPING a\\r\\n
    b: RPUSH l x
    a! CLIENT REPLY SKIP\\r\\nBZPOPMIN z 0\\r\\nPING\\r\\nPING a\\r\\n
    b: ZADD z 1 x
    a! CLIENT REPLY SKIP\\r\\nXREAD BLOCK 0 STREAMS s $\\r\\nPING\\r\\n
    b: XADD s 1-1 f v
    a! CLIENT REPLY SKIP\\r\\nXREADGROUP GROUP g c BLOCK 0 STREAMS s >\\r\\nPING\\r\\n
    a! CLIENT REPLY SKIP\\r\\nXGROUP CREATE s g $\\r\\n
    a! CLIENT REPLY SKIP\\r\\nXREADGROUP GROUP g c BLOCK 0 STREAMS s >\\r\\nPING\\r\\n
    b: XGROUP DESTROY s g
  `,
  'when the time is over': `
    a! CLIENT REPLY OFF\\r\\nBLPOP l 0.05\\r\\nPING\\r\\nCLIENT REPLY ON\\r\\n
    -- 100
    a! CLIENT REPLY SKIP\\r\\nBLPOP l 0.05\\r\\nPING\\r\\nPING a\\r\\n
    -- 100
    b: CLIENT PAUSE 60 WRITE
    a! CLIENT REPLY SKIP\\r\\nSET a 1\\r\\nPING b\\r\\nPING a\\r\\n
    -- 200
    b: CLIENT PAUSE 60 WRITE
    a! CLIENT REPLY OFF\\r\\nSET a 1\\r\\nPING b\\r\\nCLIENT REPLY ON\\r\\n
    -- 200
    a! CLIENT REPLY SKIP\\r\\nCONFIG SET maxmemory 100mb\\r\\nPING b\\r\\nPING a\\r\\n
    a! CLIENT REPLY OFF\\r\\nCONFIG SET maxmemory 0\\r\\nPING b\\r\\nCLIENT REPLY ON\\r\\n
    a! CLIENT REPLY OFF\\r\\nCONFIG SET maxmemory x\\r\\nPING b\\r\\nCLIENT REPLY ON\\r\\n
  `,
  messages: `
    CLIENT REPLY OFF
    SUBSCRIBE ch
    b: PUBLISH ch hello
    GET a
    PING
    CLIENT REPLY ON
    UNSUBSCRIBE ch
    CLIENT REPLY SKIP
    SUBSCRIBE one
    b: PUBLISH one x
    PING
    UNSUBSCRIBE
    CLIENT REPLY ON
    HELLO 3 SETNAME x
    SUBSCRIBE ch
    CLIENT REPLY OFF
    PSUBSCRIBE c*
    b: PUBLISH ch hello
    SSUBSCRIBE sh
    b: SPUBLISH sh x
    PUBLISH chx self
    CLIENT REPLY ON
    PUBLISH chx self
    CLIENT REPLY SKIP
    PUBLISH chx self
    CLIENT REPLY SKIP
    b: PUBLISH chx between
    PING
    PING
  `,
  'changes of what was read': `
    HELLO 3 SETNAME x
    CLIENT TRACKING ON
    GET k
    CLIENT REPLY OFF
    b: SET k 1
    GET k
    b: SET k 2
    GET k
    SET k 5
    CLIENT REPLY ON
    GET k
    CLIENT REPLY SKIP
    SET k 6
    GET k
    CLIENT REPLY SKIP
    b: SET k 7
    PING
    PING
  `,
  'commands that a monitor sees': `
    m: MONITOR
    m: PING
    m: CLIENT REPLY OFF
    b: SET x 1
    m: PING
    m: CLIENT REPLY ON
    b: SET x 1
    m: CLIENT REPLY SKIP
    b: SET x 1
    m: PING
    m: PING
    b: SET x 1
  `,
  'what the disk has': `
    a! SET a 1\\r\\nCLIENT REPLY OFF\\r\\nSET a 2\\r\\nCLIENT REPLY ON\\r\\nINCR a\\r\\n
    a! SET a 1\\r\\nCLIENT REPLY SKIP\\r\\nSET a 2\\r\\nINCR a\\r\\n
    a! CLIENT REPLY OFF\\r\\nSET a 1\\r\\nPING b\\r\\nINCR a\\r\\nCLIENT REPLY ON\\r\\nSET a 3\\r\\n
    a! CLIENT REPLY SKIP\\r\\nBLPOP l 0\\r\\nPING\\r\\nPING a\\r\\n
    b: RPUSH l 1
    a! CLIENT REPLY OFF\\r\\nBLPOP l 0\\r\\nPING\\r\\nCLIENT REPLY ON\\r\\nINCR a\\r\\n
    b: RPUSH l 1
  `,
}

const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
const skip = redis === null && 'no redis-server on this machine'

t.test('CLIENT REPLY', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  await compareSessions(t, redis, SESSIONS, { appendonly: true, appendfsync: 'always' })
})
