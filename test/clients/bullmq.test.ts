/**
 * Runs queues of BullMQ, which live by scripts, streams and commands that wait: workers, delays,
 * retries, priorities, flows.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import t from 'tap'
import { serve } from '../support/our-server.js'

const JOBS = 200

t.test('BullMQ', async (t) => {
  const { path } = await serve(t)
  const connection = () => {
    const client = new Redis({ path, maxRetriesPerRequest: null })
    t.teardown(() => client.disconnect())
    return client
  }
  const makeQueue = (name: string) => {
    const queue = new Queue(name, { connection: connection() })
    t.teardown(() => queue.close())
    return queue
  }

  await t.test('runs every job once', async (t) => {
    const queue = makeQueue('many')
    const seen: number[] = []
    const workers = [1, 2].map(
      () =>
        new Worker('many', async (job) => void seen.push(job.data.at), {
          connection: connection(),
          concurrency: 8,
        }),
    )
    t.teardown(() => Promise.all(workers.map((worker) => worker.close())))
    await queue.addBulk(
      Array.from({ length: JOBS }, (_, at) => ({ name: 'job', data: { at }, opts: {} })),
    )
    for (let turns = 0; turns < 300 && seen.length < JOBS; ++turns) await delay(50)
    t.strictSame(
      seen.sort((a, b) => a - b),
      Array.from({ length: JOBS }, (_, at) => at),
    )
    t.equal((await queue.getJobCounts('completed')).completed, JOBS)
  })

  await t.test('waits for delays, tries again, and heeds priorities', async (t) => {
    const queue = makeQueue('special')
    const events = new QueueEvents('special', { connection: connection() })
    t.teardown(() => events.close())
    await events.waitUntilReady()
    const order: string[] = []
    await queue.add('low', {}, { priority: 10 })
    await queue.add('high', {}, { priority: 1 })
    const delayed = await queue.add('delayed', {}, { delay: 300 })
    const flaky = await queue.add('flaky', {}, { attempts: 3, backoff: 20, priority: 20 })
    const addedAt = Date.now()
    let delayedAfterMs = 0
    const worker = new Worker(
      'special',
      async (job) => {
        order.push(job.name)
        if (job.name === 'delayed') delayedAfterMs = Date.now() - addedAt
        if (job.name === 'flaky' && job.attemptsMade < 2) throw new Error('once more')
        return job.name
      },
      { connection: connection() },
    )
    t.teardown(() => worker.close())
    t.equal(await delayed.waitUntilFinished(events, 20_000), 'delayed')
    t.equal(await flaky.waitUntilFinished(events, 20_000), 'flaky')
    t.ok(order.indexOf('high') < order.indexOf('low'))
    t.equal(order.filter((name) => name === 'flaky').length, 3)
    t.ok(delayedAfterMs >= 250)
  })

  await t.test('runs the parts of a flow before the whole', async (t) => {
    const flows = new FlowProducer({ connection: connection() })
    t.teardown(() => flows.close())
    const order: string[] = []
    const worker = new Worker('flow', async (job) => void order.push(job.name), {
      connection: connection(),
    })
    t.teardown(() => worker.close())
    await flows.add({
      name: 'whole',
      queueName: 'flow',
      children: [
        { name: 'part', queueName: 'flow' },
        { name: 'part', queueName: 'flow' },
      ],
    })
    for (let turns = 0; turns < 200 && order.length < 3; ++turns) await delay(50)
    t.strictSame(order, ['part', 'part', 'whole'])
  })
})
