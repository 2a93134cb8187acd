import t from 'tap'
import { open } from '../../../dist/index.js'
import { startRedis } from '../../support/redis-server.js'

/** Names of the fields of a section, in their order. */
function namesOf(text: string): string[] {
  const lines = text.split('\r\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => line.slice(0, line.indexOf(':')))
}

t.test('info()', async (t) => {
  const db = await open({ dir: t.testdir() })
  t.teardown(() => db.close())
  db.set('a', '1')
  db.set('b', '1', { EX: 1000 })

  await t.test('gives the sections asked for, once and in their own order', async (t) => {
    const titles = (text: string) => text.match(/^# \w+/gm)
    t.strictSame(titles(db.info('keyspace', 'SERVER', 'server')), ['# Server', '# Keyspace'])
    t.strictSame(titles(db.info()), titles(db.info('everything')))
    t.equal(db.info('nothing'), '')
    t.throws(() => db.info(1 as unknown as string), { code: 'ERR_SNAPFORK_INVALID_ARG' })
  })

  await t.test(
    'is lines of name and value between CR LF, with an empty one before a section',
    async (t) => {
      const text = db.info()
      for (const line of text.split('\r\n')) t.match(line, /^(# \w+|\w+:[^\n]*|)$/)
      t.match(text, /[^\n]\r\n\r\n# Keyspace\r\ndb0:keys=2,expires=1,avg_ttl=0\r\n$/)
    },
  )

  await t.test('is what the command replies', async (t) => {
    const withoutTime = (text: unknown) =>
      String(text).replace(/(usec|seconds|rss\w*|ratio|bytes):\S+/g, '')
    t.equal(withoutTime(db.call('INFO', 'keyspace')), withoutTime(db.info('keyspace')))
    t.ok(Buffer.isBuffer(db.callBuffer('info', 'keyspace')))
  })

  await t.test('counts the changes that the last save has not', async (t) => {
    t.match(db.info('persistence'), /rdb_changes_since_last_save:2\r\n/)
    const saved = db.bgsave()
    db.set('c', '1')
    t.match(db.info('persistence'), /current_save_keys_total:2\r\n/)
    await saved
    t.match(db.info('persistence'), /rdb_changes_since_last_save:1\r\n/)
    t.match(db.info('persistence'), /rdb_saves:1\r\n/)
    t.match(db.info('stats'), /total_forks:1\r\n/)
    t.notMatch(db.info('stats'), /latest_fork_usec:0\r\n/)
    db.save()
    t.match(db.info('persistence'), /rdb_changes_since_last_save:0\r\n/)
  })

  await t.test('has the fields of a real server in Persistence, in its order', async (t) => {
    const redis = await startRedis()
    if (redis === null) {
      t.pass('no redis-server on this machine: skipped')
      return
    }
    t.teardown(() => redis.stop())
    const client = await redis.connect()
    const theirs = namesOf(String(await client.send('INFO', 'persistence')))
    t.strictSame(namesOf(db.info('persistence')), theirs)
    const has = (section: string) => new Set(namesOf(db.info(section)))
    const stats = namesOf(String(await client.send('INFO', 'stats')))
    // Fields of hashes expire since 7.4.
    stats.push('expired_subkeys')
    t.ok([...has('stats')].every((name) => stats.includes(name)))
  })
})
