/**
 * MIGRATE while the server goes on: what others change meanwhile, who waits, what is logged, and
 * what of the other end is kept.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type OpenOptions, open, ReplyError, type ServerOptions } from '../../dist/index.js'
import { type Answer, FalseTarget } from '../support/false-target.js'
import { type OurServer, serve } from '../support/our-server.js'
import { Talker } from '../support/talker.js'

const HOST = '127.0.0.1'
const OK = '+OK\r\n'
const CHANGED =
  '-ERR Keys were changed while they were sent, and stay here: the target instance has what they ' +
  'were before'
const NO_ANSWER = '-IOERR error or timeout reading to target instance'

/** Answers what settles a connection, and says nothing to a key. */
const silent: Answer = (words) => (words[0] === 'RESTORE' ? null : OK)

async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(1)
}

/** A server, somebody who moves keys from it, and somebody who comes between. */
class Scene {
  constructor(
    readonly served: OurServer,
    readonly target: FalseTarget,
    readonly mover: Talker,
    readonly other: Talker,
  ) {}

  static async open(t: Test, options: ServerOptions = {}, engine: OpenOptions = {}) {
    const served = await serve(t, { enableDebugCommand: 'yes', ...options }, engine)
    const target = await FalseTarget.listen(t, silent)
    const [mover, other] = [
      await Talker.connect(t, served.path),
      await Talker.connect(t, served.path),
    ]
    return new Scene(served, target, mover, other)
  }

  migrate(client: Talker, key: string, ...words: string[]): Promise<unknown> {
    return client.send('MIGRATE', HOST, this.target.port, key, '0', '60000', ...words)
  }

  /** Begins to move keys, and comes back when the target has the last one and says nothing. */
  async begin(key: string, ...words: string[]): Promise<{ reply: Promise<unknown> }> {
    const last = words.includes('KEYS') ? words.at(-1) : key
    const reply = this.migrate(this.mover, key, ...words)
    await waitFor(() => this.target.sent.at(-1)?.words[1] === last)
    return { reply }
  }
}

/** What another client or the program does while a key is on its way; its key is `k`. */
const CHANGES: Readonly<Record<string, (scene: Scene) => unknown>> = {
  'a write': ({ other }) => other.send('APPEND', 'k', 'more'),
  'a value of the same bytes': ({ other }) => other.send('SET', 'k', 'v'),
  'a write of the program': ({ served }) => served.db.set('k', 'new'),
  'its deletion': ({ other }) => other.send('DEL', 'k'),
  'another name': ({ other }) => other.send('RENAME', 'k', 'k2'),
  'another database': ({ other }) => other.send('MOVE', 'k', '5'),
  'a time to live': ({ other }) => other.send('EXPIRE', 'k', '1000'),
  FLUSHALL: ({ other }) => other.send('FLUSHALL'),
  SWAPDB: ({ other }) => other.send('SWAPDB', '0', '1'),
  'a script': ({ other }) => other.send('EVAL', "redis.call('SET', KEYS[1], 'x')", '1', 'k'),
  'a reload': ({ other }) => other.send('DEBUG', 'RELOAD'),
  'its end and another one': async ({ other }) => {
    await other.send('PEXPIREAT', 'k', '1')
    await other.send('SET', 'k', 'again')
  },
}

t.test('A key that is on its way', async (t) => {
  for (const [name, change] of Object.entries(CHANGES)) {
    await t.test(`stays as it is behind ${name}`, async (t) => {
      const scene = await Scene.open(t)
      const { db } = scene.served
      await scene.other.send('SET', 'k', 'v')
      const { reply } = await scene.begin('k')
      await change(scene)
      const before = db.digest()
      scene.target.say(OK)
      t.equal(await reply, CHANGED)
      t.strictSame(db.digest(), before)
    })
  }

  await t.test('goes though it was read, and though others have changed', async (t) => {
    const { served, target, other, ...scene } = await Scene.open(t)
    await other.send('MSET', 'k', 'v', 'b', '1')
    const { reply } = await new Scene(served, target, scene.mover, other).begin('k')
    t.equal(await other.send('GET', 'k'), 'v')
    t.equal(await other.send('SET', 'b', '2'), 'OK')
    t.equal(served.db.get('k'), 'v')
    target.say(OK)
    t.equal(await reply, 'OK')
    t.equal(await other.send('EXISTS', 'k'), 0)
    t.equal(await other.send('GET', 'b'), '2')
  })

  await t.test('goes though it was changed just before', async (t) => {
    const scene = await Scene.open(t)
    await scene.mover.send('CONFIG', 'SET', 'notify-keyspace-events', 'KEA')
    scene.served.db.set('k', 'v')
    scene.target.answer = () => OK
    t.equal(await scene.migrate(scene.mover, 'k'), 'OK')
    await scene.other.send('WATCH', 'k')
    scene.served.db.set('k', 'v')
    t.equal(await scene.migrate(scene.mover, 'k'), 'OK')
    t.equal(scene.served.db.exists('k'), 0)
  })

  await t.test('may end by its time', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v', 'PX', '20')
    const { reply } = await scene.begin('k')
    await waitFor(async () => (await scene.other.send('EXISTS', 'k')) === 0)
    scene.target.say(OK)
    t.equal(await reply, 'OK')
  })

  await t.test('keeps others from moving it, until it is gone', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('MSET', 'k', 'v', 'b', '1')
    const { reply } = await scene.begin('', 'KEYS', 'k')
    const second = scene.migrate(scene.other, '', 'KEYS', 'b', 'k')
    const third = await Talker.connect(t, scene.served.path)
    await waitFor(async () => /blocked_clients:2/.test(String(await third.send('INFO'))))
    scene.target.answer = () => OK
    scene.target.say(OK)
    t.equal(await reply, 'OK')
    t.equal(await second, 'OK')
    const keys = scene.target.sent.filter(({ words }) => words[0] === 'RESTORE')
    t.strictSame(
      keys.map(({ words }) => words[1]),
      ['k', 'b'],
    )
    t.match(await third.send('INFO', 'commandstats'), /cmdstat_migrate:calls=2,/)
    t.equal(await third.send('DBSIZE'), 0)
  })

  await t.test('stays when only others were restored, and goes when it was', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('MSET', 'a', '1', 'b', '2', 'c', '3')
    const { reply } = await scene.begin('', 'KEYS', 'a', 'b', 'c')
    await scene.other.send('SET', 'b', '4')
    scene.target.say(`${OK}${OK}-ERR no\r\n`)
    t.equal(await reply, '-ERR Target instance replied with error: ERR no')
    t.strictSame(await scene.other.send('MGET', 'a', 'b', 'c'), [null, '4', '3'])
  })

  await t.test('goes once though it was named twice', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v')
    scene.target.answer = () => OK
    t.equal(await scene.migrate(scene.mover, '', 'REPLACE', 'KEYS', 'k', 'k'), 'OK')
    t.equal(await scene.other.send('EXISTS', 'k'), 0)
  })

  await t.test('stays with COPY whatever happens to it', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v')
    const { reply } = await scene.begin('k', 'COPY')
    await scene.other.send('SET', 'k', 'new')
    scene.target.say(OK)
    t.equal(await reply, 'OK')
    t.equal(await scene.other.send('GET', 'k'), 'new')
  })

  await t.test('comes to another database of the same server', async (t) => {
    const { server, path } = await serve(t, { port: 0 })
    const client = await Talker.connect(t, path)
    await client.send('SET', 'k', 'v')
    const port = String(server.port)
    t.match(await client.send('MIGRATE', HOST, port, 'k', '0', '1000'), 'BUSYKEY')
    t.equal(await client.send('MIGRATE', HOST, port, 'k', '0', '1000', 'REPLACE'), CHANGED)
    t.equal(await client.send('MIGRATE', HOST, port, 'k', '1', '1000'), 'OK')
    t.equal(await client.send('EXISTS', 'k'), 0)
    await client.send('SELECT', '1')
    t.equal(await client.send('GET', 'k'), 'v')
  })
})

t.test('A client that moves keys', async (t) => {
  await t.test('is answered in order', async (t) => {
    const scene = await Scene.open(t)
    await scene.mover.send('SET', 'k', 'v')
    const { reply } = await scene.begin('k')
    const next = scene.mover.send('EXISTS', 'k')
    t.equal(await scene.other.send('PING'), 'PONG')
    scene.target.say(OK)
    t.strictSame(await Promise.all([reply, next]), ['OK', 0])
  })

  await t.test('may go: its keys do as well', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v')
    const id = String(await scene.mover.send('CLIENT', 'ID'))
    const { reply } = await scene.begin('k')
    reply.catch(() => {})
    t.equal(await scene.other.send('CLIENT', 'KILL', 'ID', id), 1)
    scene.target.say(OK)
    await waitFor(async () => (await scene.other.send('EXISTS', 'k')) === 0)
  })

  await t.test('is not woken by CLIENT UNBLOCK', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v')
    const id = String(await scene.mover.send('CLIENT', 'ID'))
    const { reply } = await scene.begin('k')
    t.equal(await scene.other.send('CLIENT', 'UNBLOCK', id), 0)
    scene.target.say(OK)
    t.equal(await reply, 'OK')
  })

  await t.test('is told so where nobody can wait', async (t) => {
    const scene = await Scene.open(t)
    const { mover, served } = scene
    const refusal = /^-?ERR MIGRATE is for clients of a server, outside of scripts and MULTI/
    await mover.send('SET', 'k', 'v')
    await mover.send('MULTI')
    t.equal(await mover.send('SET', 'k', 'new'), 'QUEUED')
    t.match(await scene.migrate(mover, 'k'), refusal)
    t.match(await mover.send('EXEC'), 'EXECABORT')
    const script = `return redis.call('MIGRATE', '${HOST}', '${scene.target.port}', 'k', 0, 10)`
    t.match(await mover.send('EVAL', script, '0'), refusal)
    t.throws(() => served.db.call('MIGRATE', HOST, '1', 'k', '0', '10'), {
      constructor: ReplyError,
      message: refusal,
    })
    t.equal(await mover.send('GET', 'k'), 'v')
    t.equal(scene.target.connections, 0)
  })

  await t.test('may do so only with keys that are its own', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('MSET', 'k', 'v', 'other', 'v')
    await scene.other.send('ACL', 'SETUSER', 'mover', 'on', 'nopass', '~k', '+migrate')
    scene.target.answer = () => OK
    await scene.mover.send('AUTH', 'mover', 'x')
    t.match(await scene.migrate(scene.mover, 'other'), 'NOPERM')
    t.match(await scene.migrate(scene.mover, '', 'KEYS', 'k', 'other'), 'NOPERM')
    // It may delete what it may move.
    t.equal(await scene.migrate(scene.mover, 'k'), 'OK')
    t.equal(await scene.other.send('EXISTS', 'k'), 0)
  })
})

t.test('Keys that were restored are not deleted', async (t) => {
  await t.test('while writers are paused', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v')
    const { reply } = await scene.begin('k')
    await scene.other.send('CLIENT', 'PAUSE', '60000', 'WRITE')
    scene.target.say(OK)
    for (let turn = 0; turn < 20; ++turn) {
      t.equal(await scene.other.send('EXISTS', 'k'), 1)
    }
    await scene.other.send('CLIENT', 'UNPAUSE')
    t.equal(await reply, 'OK')
    t.equal(await scene.other.send('EXISTS', 'k'), 0)
  })

  await t.test('amidst a script', async (t) => {
    const scene = await Scene.open(t, { busyReplyThreshold: 1 })
    await scene.other.send('SET', 'k', 'v')
    const { reply } = await scene.begin('k')
    const script = `local before = redis.call('EXISTS', KEYS[1])
      for i = 1, 20000000 do end
      return {before, redis.call('EXISTS', KEYS[1])}`
    const seen = scene.other.send('EVAL', script, '1', 'k')
    await waitFor(async () =>
      /^-BUSY/.test(String(await (await Talker.connect(t, scene.served.path)).send('PING'))),
    )
    scene.target.say(OK)
    t.strictSame(await seen, [1, 1])
    t.equal(await reply, 'OK')
  })

  await t.test('when the server ends', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v')
    const { reply } = await scene.begin('k')
    const told = reply.catch(() => 'closed')
    await scene.served.server.close()
    t.match(await told, /closed|IOERR/)
    t.equal(scene.served.db.get('k'), 'v')
  })

  await t.test('when the engine ends', async (t) => {
    const scene = await Scene.open(t)
    await scene.other.send('SET', 'k', 'v')
    const { reply } = await scene.begin('k')
    const told = reply.catch(() => 'closed')
    await scene.served.db.close()
    scene.target.say(OK)
    t.equal(await told, 'closed')
  })
})

t.test('What MIGRATE has done', async (t) => {
  for (const appendfsync of ['always', 'everysec'] as const) {
    await t.test(`is done after a restart with appendfsync ${appendfsync}`, async (t) => {
      const engine: OpenOptions = { appendonly: true, appendfsync }
      const scene = await Scene.open(t, {}, engine)
      const { mover, other, target, served } = scene
      await other.send('MSET', 'a', '1', 'b', '2', 'c', '3', 'd', '4')
      await other.send('SET', 'gone', 'v', 'PX', '1')
      await sleep(5)
      target.answer = (words) => (words[1] === 'c' ? '-ERR no\r\n' : OK)
      t.equal(await scene.migrate(mover, '', 'KEYS', 'gone', 'a', 'b', 'no'), 'OK')
      t.equal(await scene.migrate(mover, 'd', 'COPY'), 'OK')
      t.match(await scene.migrate(mover, 'c'), 'ERR no')
      const before = served.db.digest()
      await served.server.close()
      await served.db.close()
      const again = await open({ dir: served.dir, hugePages: false, ...engine })
      t.strictSame(again.digest(), before)
      t.strictSame(again.mget('a', 'b', 'c', 'd', 'gone'), [null, null, '3', '4', null])
      await again.close()
    })
  }

  await t.test('wakes who watches and who caches', async (t) => {
    const scene = await Scene.open(t)
    const { other, mover, target } = scene
    await other.send('MSET', 'k', 'v', 'b', '1')
    await other.send('WATCH', 'k')
    const { reply } = await scene.begin('k')
    target.say(OK)
    t.equal(await reply, 'OK')
    await other.send('MULTI')
    await other.send('PING')
    t.equal(await other.send('EXEC'), null)
    t.equal(await mover.send('DBSIZE'), 1)
  })
})

t.test('Connections to targets', async (t) => {
  const restores = (target: FalseTarget) =>
    target.sent.filter(({ words }) => words[0] === 'RESTORE').map(({ connection }) => connection)

  await t.test('are used again, and replaced if they have ended', async (t) => {
    const scene = await Scene.open(t)
    const { mover, target } = scene
    target.answer = () => OK
    await mover.send('MSET', 'a', '1', 'b', '2', 'c', '3')
    t.equal(await scene.migrate(mover, 'a'), 'OK')
    t.match(await mover.send('INFO', 'stats'), 'migrate_cached_sockets:1')
    t.equal(await scene.migrate(mover, 'b'), 'OK')
    // It goes while its next use is on the way.
    target.answer = (words, socket) => {
      target.answer = () => OK
      socket.destroy()
      t.equal(words[0], 'RESTORE')
      return null
    }
    t.equal(await scene.migrate(mover, 'c'), 'OK')
    t.strictSame(restores(target), [1, 1, 1, 2])
    target.hangUp()
    await waitFor(async () => /sockets:0/.test(String(await mover.send('INFO', 'stats'))))
  })

  await t.test('are not used again behind an error or a word too many', async (t) => {
    const scene = await Scene.open(t)
    const { mover, target } = scene
    await mover.send('MSET', 'a', '1', 'b', '2', 'c', '3')
    target.answer = () => '-ERR no\r\n'
    t.match(await scene.migrate(mover, 'a'), 'ERR no')
    target.answer = () => `${OK}${OK}`
    t.equal(await scene.migrate(mover, 'a'), 'OK')
    target.answer = () => OK
    t.equal(await scene.migrate(mover, 'b'), 'OK')
    target.say('-ERR a word that nobody has asked for\r\n')
    await waitFor(async () => /sockets:0/.test(String(await mover.send('INFO', 'stats'))))
    t.equal(await scene.migrate(mover, 'c'), 'OK')
    t.strictSame(restores(target), [1, 2, 3, 4])
  })

  await t.test('are used only by those who say the same of who they are', async (t) => {
    const scene = await Scene.open(t)
    const { mover, target } = scene
    target.answer = () => OK
    await mover.send('MSET', 'a', '1', 'b', '2', 'c', '3', 'd', '4')
    t.equal(await scene.migrate(mover, 'a', 'AUTH', 'p'), 'OK')
    t.equal(await scene.migrate(mover, 'b'), 'OK')
    t.equal(await scene.migrate(mover, 'c', 'AUTH2', 'u', 'p'), 'OK')
    t.equal(await scene.migrate(mover, 'd', 'AUTH', 'p'), 'OK')
    t.strictSame(restores(target), [1, 2, 3, 1])
  })

  await t.test('serve one at a time', async (t) => {
    const scene = await Scene.open(t)
    const { mover, other, target } = scene
    target.answer = () => OK
    await other.send('MSET', 'a', '1', 'b', '2', 'c', '3')
    t.equal(await scene.migrate(mover, 'a'), 'OK')
    target.answer = silent
    const { reply } = await scene.begin('b')
    target.answer = () => OK
    t.equal(await scene.migrate(other, 'c'), 'OK')
    target.say(OK)
    t.equal(await reply, 'OK')
    t.strictSame(restores(target), [1, 1, 2])
  })
})

t.test('A target that', async (t) => {
  for (const [name, text] of Object.entries({
    'speaks HTTP': 'HTTP/1.1 400 Bad Request\r\n\r\n',
    'has nothing': '$-1\r\n',
    counts: ':1\r\n',
    'says QUEUED': '+QUEUED\r\n',
    'says OK and more': '+OK?\r\n',
    'sends a line without an end': 'x'.repeat(20_000),
  })) {
    await t.test(`${name} gets keys, and none is deleted`, async (t) => {
      const scene = await Scene.open(t)
      scene.target.answer = (words) => (words[0] === 'RESTORE' ? text : OK)
      await scene.other.send('SET', 'k', 'v')
      t.equal(await scene.migrate(scene.mover, 'k'), NO_ANSWER)
      t.equal(await scene.other.send('GET', 'k'), 'v')
    })
  }

  for (const word of ['AUTH', 'SELECT']) {
    await t.test(`refuses ${word} gets no key`, async (t) => {
      const scene = await Scene.open(t)
      const { mover, target } = scene
      target.answer = (words) => (words[0] === word ? '-ERR no\r\n' : OK)
      await mover.send('SET', 'k', 'v')
      const reply = await mover.send(
        ...['MIGRATE', HOST, target.port, 'k', '3', '1000', 'AUTH', 'x'],
      )
      t.equal(reply, '-ERR Target instance replied with error: ERR no')
      t.equal(await mover.send('GET', 'k'), 'v')
      t.notOk(target.sent.some(({ words }) => words[0] === 'RESTORE'))
    })
  }

  await t.test('hangs stops its client alone, for the time that it has named', async (t) => {
    const scene = await Scene.open(t)
    const { mover, other, target } = scene
    await other.send('SET', 'k', 'v')
    const reply = mover.send('MIGRATE', HOST, target.port, 'k', '0', '50')
    let isOver = false
    reply.then(() => {
      isOver = true
    })
    while (!isOver) {
      t.equal(await other.send('GET', 'k'), 'v')
    }
    t.equal(await reply, NO_ANSWER)
    t.equal(await scene.migrate(mover, 'nokey'), 'NOKEY')
  })
})
