/**
 * The metrics as text, and the same through the real prom-client.
 */

import { Counter, Registry } from 'prom-client'
import t, { type Test } from 'tap'
import { METRICS } from '../../../dist/engine/metric-table.js'
import { metrics, open, registerMetrics, type Snapfork } from '../../../dist/index.js'

/** Without the prefix; a value by name and labels. */
function valuesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice('snapfork_'.length, space), Number(line.slice(space + 1))]
    }),
  )
}

async function openSaved(t: Test): Promise<Snapfork> {
  const db = await open({ dir: t.testdir(), appendonly: true, autoAofRewritePercentage: 0 })
  t.teardown(() => db.close())
  db.set('a', '1')
  db.set('b', '1', { EX: 1000 })
  db.get('a')
  db.get('none')
  await db.bgsave()
  await db.bgrewriteaof()
  return db
}

t.test('metrics()', async (t) => {
  const db = await openSaved(t)
  const text = metrics(db)
  const values = valuesOf(text)

  await t.test('gives a help, a type and values for each metric of the table', async (t) => {
    for (const { name, type, help } of METRICS) {
      t.ok(
        text.includes(`# HELP snapfork_${name} ${help}\n# TYPE snapfork_${name} ${type}\n`),
        name,
      )
    }
    for (const line of text.split('\n')) {
      t.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[\w.+]+"(,\w+="[\w.+]+")*\})? [0-9.e+-]+|)$/)
    }
    t.ok([...values.values()].every(Number.isFinite))
  })

  await t.test('gives what the engine knows', async (t) => {
    const expected: Record<string, number> = {
      ...{ keys: 2, expiring_keys: 1, keyspace_hits_total: 1, keyspace_misses_total: 1 },
      ...{ changes_total: 2, changes_since_save: 0, last_save_ok: 1, forks_total: 2 },
      'saves_total{kind="snapshot",outcome="saved"}': 1,
      'saves_total{kind="rewrite",outcome="saved"}': 1,
      'saves_total{kind="rewrite",outcome="failed"}': 0,
      'fork_pause_seconds_count{kind="snapshot"}': 1,
      'fork_pause_seconds_bucket{kind="snapshot",le="+Inf"}': 1,
      'save_duration_seconds_count{kind="rewrite"}': 1,
    }
    for (const [name, value] of Object.entries(expected)) t.equal(values.get(name), value, name)
    const now = Date.now() / 1000
    t.ok(Math.abs((values.get('last_save_timestamp_seconds') ?? 0) - now) < 3600)
  })

  await t.test('has buckets that only grow', async (t) => {
    for (const name of ['fork_pause_seconds', 'save_duration_seconds']) {
      const buckets = [...values].filter(([key]) =>
        key.startsWith(`${name}_bucket{kind="snapshot"`),
      )
      const bounds = buckets.map(([key]) =>
        Number(/le="(.*?)"/.exec(key)?.[1]?.replace('+Inf', '1e9')),
      )
      t.ok(buckets.length > 10)
      t.strictSame(
        bounds,
        bounds.toSorted((a, b) => a - b),
      )
      const counts = buckets.map(([, count]) => count)
      t.strictSame(
        counts,
        counts.toSorted((a, b) => a - b),
      )
      const sum = values.get(`${name}_sum{kind="snapshot"}`) ?? 0
      const first = bounds[counts.indexOf(1)] ?? 0
      t.ok(sum > 0 && sum <= first, 'the one value is in its bucket')
    }
  })

  await t.test('takes a prefix', async (t) => {
    t.match(metrics(db, { prefix: 'a_' }), /^# HELP a_keys /)
    t.throws(() => metrics(db, { prefix: 'a-b' }), { code: 'ERR_SNAPFORK_INVALID_ARG' })
    t.throws(() => metrics(db, { prefix: 7 as unknown as string }), TypeError)
  })
})

t.test('registerMetrics()', async (t) => {
  await t.test('gives the same through prom-client, beside metrics of others', async (t) => {
    const db = await openSaved(t)
    const register = new Registry()
    registerMetrics(db, { register })
    t.equal(await register.metrics(), metrics(db))
    const requests = new Counter({ name: 'requests_total', help: 'Others.', registers: [register] })
    requests.inc()
    db.set('c', '1')
    t.match(await register.metrics(), /\nsnapfork_keys 3\n[\s\S]*\nrequests_total 1\n/)
    t.match(await register.getSingleMetricAsString('snapfork_keys'), /^snapfork_keys 3$/m)
    const json = await register.getMetricsAsJSON()
    t.equal(json.length, METRICS.length + 1)
    register.resetMetrics()
    t.match(await register.metrics(), /\nsnapfork_keys 3\n/)
  })

  await t.test('refuses a name twice, but not with another prefix', async (t) => {
    const [db, other] = [await openSaved(t), await openSaved(t)]
    const register = new Registry()
    registerMetrics(db, { register })
    t.throws(() => registerMetrics(other, { register }), /snapfork_keys/)
    registerMetrics(other, { register, prefix: 'other_' })
    t.match(await register.metrics(), /^other_keys 2$/m)
  })

  await t.test('lets the others of a registry be read when the engine is closed', async (t) => {
    const db = await openSaved(t)
    const register = new Registry()
    registerMetrics(db, { register })
    await db.close()
    const text = await register.metrics()
    t.match(text, /^# TYPE snapfork_keys gauge$/m)
    t.notMatch(text, /^snapfork_/m)
    t.throws(() => metrics(db), { code: 'ERR_SNAPFORK_CLOSED' })
  })

  await t.test('takes registries only', async (t) => {
    const db = await openSaved(t)
    for (const register of [undefined, {}, 7]) {
      t.throws(() => registerMetrics(db, { register: register as never }), TypeError)
    }
  })
})
