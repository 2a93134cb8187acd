/**
 * Replies that wait for the disk, and others of the same client that come while they do.
 */

import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { serve } from '../support/our-server.js'
import { RespClient, type RespReply, SimpleString } from '../support/resp-client.js'

const ROUNDS = 2000
const CLIENTS = 4

t.test('Replies that wait for the disk', async (t) => {
  const { path } = await serve(t, {}, { appendonly: true, appendfsync: 'always' })

  await t.test('are not overtaken by those to reads that are sent behind them', async (t) => {
    let swapped = 0
    const run = async (name: string) => {
      const client = await RespClient.connect({ path })
      t.teardown(() => client.close())
      await client.send('SET', name, 'value')
      for (let round = 0; round < ROUNDS; ++round) {
        const sent: Promise<RespReply>[] = [client.send('SET', name, 'value')]
        // A packet of its own, which may come just when the disk has done its work.
        for (let turns = round % 8; turns > 0; --turns) await nextTurn()
        sent.push(client.send('GET', name))
        const [set, got] = await Promise.all(sent)
        if (!(set instanceof SimpleString) || got !== 'value') swapped += 1
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => run(`key:${index}`)))
    t.equal(swapped, 0, `${CLIENTS * ROUNDS} pairs`)
  })
})
