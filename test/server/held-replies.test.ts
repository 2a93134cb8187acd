/**
 * Replies that wait for the disk, and others of the same client that come while they do.
 */

import { connect, type Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
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

  await t.test('come before the end of a client that says no more', async (t) => {
    for (const last of ['', 'QUIT\r\n']) {
      const { socket, text } = hear(path)
      socket.end(`SET a 1\r\nGET a\r\n${last}`)
      t.equal(await text, `+OK\r\n$1\r\n1\r\n${last === '' ? '' : '+OK\r\n'}`)
    }
    const { socket, text } = hear(path)
    socket.write('SET a 2\r\nQUIT\r\nGET a\r\n')
    t.equal(await text, '+OK\r\n+OK\r\n', 'and of one that is sent away')
  })

  await t.test('come whole and in order to a client that reads late', async (t) => {
    const value = 'v'.repeat(100_000)
    const client = await RespClient.connect({ path })
    t.teardown(() => client.close())
    await client.send('SET', 'large', value)
    const { socket, text } = hear(path)
    socket.pause()
    const rounds = 60
    for (let round = 0; round < rounds; ++round) {
      socket.write(`SET small ${round}\r\nGET large\r\nGET small\r\nECHO ${round}\r\n`)
      if (round % 7 === 0) await sleep(5)
    }
    await sleep(50)
    socket.resume()
    socket.write('QUIT\r\n')
    const replies = Array.from({ length: rounds }, (_, round) => {
      const small = `$${String(round).length}\r\n${round}\r\n`
      return `+OK\r\n$${value.length}\r\n${value}\r\n${small}${small}`
    })
    t.ok((await text) === `${replies.join('')}+OK\r\n`)
  })

  await t.test('all come while the log changes its ways', async (t) => {
    const client = await RespClient.connect({ path })
    t.teardown(() => client.close())
    let isOver = false
    const write = async (name: string) => {
      const writer = await RespClient.connect({ path })
      t.teardown(() => writer.close())
      let count = 0
      while (!isOver) {
        await Promise.all([writer.send('INCR', name), writer.send('GET', name), nextTurn()])
        count += 1
      }
      t.equal(await writer.send('GET', name), String(count))
    }
    const writers = Array.from({ length: CLIENTS }, (_, index) => write(`count:${index}`))
    for (const policy of ['everysec', 'always', 'no', 'always']) {
      await client.send('CONFIG', 'SET', 'appendfsync', policy)
      await sleep(30)
    }
    for (const isOn of ['no', 'yes', 'no', 'yes']) {
      await client.send('CONFIG', 'SET', 'appendonly', isOn)
      await sleep(30)
    }
    isOver = true
    await Promise.all(writers)
  })
})

/** A connection, and all that has come of it when it has ended. */
function hear(path: string): { socket: Socket; text: Promise<string> } {
  const socket = connect({ path, allowHalfOpen: true })
  let heard = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    heard += chunk
  })
  const text = new Promise<string>((resolve) => {
    socket.once('end', () => {
      socket.end()
      resolve(heard)
    })
  })
  return { socket, text }
}
