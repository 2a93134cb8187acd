/**
 * How long commands take, as redis-server tells it: its histograms, percentiles and pictures, made
 * here of the durations that it has had; and the shapes of the replies.
 *
 * SF_SEED repeats a run.
 */

import t, { type Test } from 'tap'
import { DurationHistogram } from '../../dist/server/duration-histogram.js'
import { latencyGraph } from '../../dist/server/latency-graph.js'
import { serve } from '../support/our-server.js'
import { announceSeed, Random } from '../support/random.js'
import { RawClient } from '../support/raw-client.js'
import { startRedis } from '../support/redis-server.js'
import type { RespClient } from '../support/resp-client.js'

const CALLS = 40
const SAMPLES = 4

const redis = await startRedis('--enable-debug-command', 'yes')
const skip = redis === null && 'no redis-server on this machine'

t.test('LATENCY', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const admin = await redis.connect()

  await t.test('counts durations in the steps and percentiles of redis-server', async (t) => {
    const random = new Random(announceSeed(t))
    await admin.send('CONFIG', 'RESETSTAT')
    for (let call = 0; call < CALLS; ++call) {
      await admin.send('DEBUG', 'SLEEP', (random.below(2 ** random.below(15)) / 1e6).toFixed(6))
    }
    // So that each call is told of.
    const each = Array.from({ length: CALLS }, (_, at) => ((at + 1) / CALLS) * 100)
    const ours = new DurationHistogram()
    for (const micros of await percentiles(admin, each)) ours.record(Math.round(micros * 1000))
    const [, [, calls, , steps]] = (await admin.send('LATENCY', 'HISTOGRAM', 'DEBUG')) as [
      string,
      [string, number, string, number[]],
    ]
    t.equal(ours.count, calls)
    t.strictSame(ours.cumulative().flat(), steps)
    const some = [0, 0.1, 1, 3.7, 14, 50, 66.666667, 99, 99.9, 99.999, 100]
    const told = await percentiles(admin, some)
    t.strictSame(
      some.map((percent) => ours.percentile(percent) / 1000),
      told,
    )
  })

  await t.test('draws the picture of redis-server', async (t) => {
    await admin.send('CONFIG', 'SET', 'latency-monitor-threshold', '1')
    for (let sample = 0; sample < SAMPLES; ++sample) {
      await admin.send('DEBUG', 'SLEEP', `0.0${1 + ((sample * 3) % SAMPLES)}`)
      await new Promise((resolve) => setTimeout(resolve, 1050))
    }
    await admin.send('CONFIG', 'SET', 'latency-monitor-threshold', '0')
    const history = (await admin.send('LATENCY', 'HISTORY', 'command')) as [number, number][]
    const samples = history.map(([second, ms]) => ({ second, ms }))
    const theirs = String(await admin.send('LATENCY', 'GRAPH', 'command'))
    const maxMs = Math.max(...samples.map(({ ms }) => ms))
    // A second may have passed meanwhile.
    const times = [0, 1000].map((ago) => Date.now() - ago)
    const pictures = times.map((now) => latencyGraph('command', samples, maxMs, now))
    t.ok(pictures.includes(theirs), `${theirs}\n${pictures}`)
  })

  for (const protocol of [2, 3] as const) {
    await t.test(`replies in the shapes of RESP${protocol}`, async (t) => {
      const { path } = await serve(t)
      const ours = await converse(t, path, protocol)
      const theirs = await converse(t, redis.socketPath, protocol)
      t.strictSame(ours, theirs)
    })
  }
})

/** In microseconds, of DEBUG. */
async function percentiles(client: RespClient, percents: readonly number[]): Promise<number[]> {
  const name = 'latency-tracking-info-percentiles'
  await client.send('CONFIG', 'SET', name, percents.map((one) => one.toFixed(6)).join(' '))
  const text = String(await client.send('INFO', 'latencystats'))
  const [, line = ''] = /_debug:(.*)\r/.exec(text) ?? []
  return line.split(',').map((pair) => Number(pair.split('=')[1]))
}

const TALK: readonly (readonly string[])[] = [
  ['CONFIG', 'SET', 'latency-tracking-info-percentiles', '50 99 99.99999999 1e-5 0.1'],
  ['CONFIG', 'GET', 'latency-tracking-info-percentiles'],
  ['CONFIG', 'GET', 'latency-tracking'],
  ['SET', 'a', '1'],
  ['GET', 'a'],
  ['GET', 'a'],
  ['LPUSH', 'a', '1'],
  ['GET'],
  ['NOSUCH'],
  ['BLPOP', 'nobody', '0.01'],
  // Of several subcommands the order is that of a hash table.
  ['OBJECT', 'ENCODING', 'a'],
  ['MULTI'],
  ['STRLEN', 'a'],
  ['EXEC'],
  ['LATENCY', 'HISTOGRAM', 'get', 'Set', 'object', 'CONFIG|GET', 'strlen', 'lpush', 'exec', 'get'],
  ['LATENCY', 'HISTOGRAM', 'blpop', 'nosuch', 'config|nosuch', 'get|nosuch', 'del'],
  ['CONFIG', 'SET', 'latency-tracking', 'no'],
  ['GET', 'a'],
  ['INFO', 'latencystats'],
  ['LATENCY', 'HISTOGRAM', 'get'],
  ['CONFIG', 'SET', 'latency-tracking', 'yes'],
  ['INFO', 'latencystats'],
  ['CONFIG', 'SET', 'latency-tracking-info-percentiles', ''],
  ['INFO', 'latencystats'],
  ['CONFIG', 'SET', 'latency-tracking-info-percentiles', '50 101'],
  ['CONFIG', 'SET', 'latency-tracking-info-percentiles', '50 99 99.9'],
  ['CONFIG', 'RESETSTAT'],
  ['INFO', 'latencystats'],
  ['LATENCY', 'HISTOGRAM', 'get', 'set'],
  ['LATENCY', 'GRAPH'],
  ['LATENCY', 'GRAPH', 'nothing'],
  ['LATENCY', 'HELP'],
]

/** The replies, without what differs from run to run. */
async function converse(t: Test, path: string, protocol: 2 | 3): Promise<string[]> {
  const client = await RawClient.connect({ path }, protocol)
  t.teardown(() => client.close())
  await client.send('CONFIG', 'RESETSTAT')
  await client.send('CONFIG', 'SET', 'latency-tracking', 'yes')
  await client.send('CONFIG', 'RESETSTAT')
  const replies: string[] = []
  for (const words of TALK) {
    const reply = await client.send(...words)
    const steps = /(histogram_usec\r\n[*%])\d+\r\n(?::\d+\r\n)+/g
    const plain = reply.replace(steps, '$1').replace(/(p[\d.]+)=[\d.]+/g, '$1')
    const lines = words[0] === 'INFO' ? plain.split('\r\n').slice(1).sort().join() : plain
    replies.push(`${words.join(' ')}: ${lines}`)
  }
  return replies
}
