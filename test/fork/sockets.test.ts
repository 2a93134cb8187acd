/**
 * Sockets of the host application while a child lives.
 *
 * The peer of a connection sees its end when the last descriptor of it is closed. Method: the host
 * closes a client while its child stands still, stopped in the middle of its work; so the child
 * cannot have closed the connection by ending. That a process which keeps the descriptor does keep
 * the connection open is shown by one that inherits it.
 */

import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { Host } from '../support/host.js'
import { descriptorsOf, stateOf, waitFor } from '../support/processes.js'

const ESTABLISHED = '01'

interface Stopped {
  pid: number
}

/** A connection to the host, seen from its client. */
class Client {
  readonly closed: Promise<void>
  isClosed = false

  private constructor(readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once('end', resolve))
    socket.once('end', () => {
      this.isClosed = true
    })
    socket.on('error', () => {})
    socket.resume()
  }

  static async connect(t: Test, host: Host, port: number): Promise<Client> {
    const before = await host.call<number>('clients')
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    t.teardown(() => void socket.destroy())
    const client = new Client(socket)
    while ((await host.call<number>('clients')) === before) {}
    return client
  }

  /** As the kernel has it for this end: established until the other end says that it ends. */
  get isEstablished(): boolean {
    const port = (this.socket.localPort as number).toString(16).toUpperCase().padStart(4, '0')
    const lines = readFileSync('/proc/net/tcp', 'latin1').split('\n')
    const line = lines.find((text) => text.trim().split(/\s+/)[1]?.endsWith(`:${port}`))
    return line?.trim().split(/\s+/)[3] === ESTABLISHED
  }
}

t.test('A socket that the host closes while a child lives', async (t) => {
  const host = await Host.start(t, 'socket-host.mjs')
  await host.call('open', { dir: t.testdir() })
  await host.call('fill', 100_000, 300)
  const port = await host.call<number>('listen')

  await t.test('would stay open for its peer if a process kept it', async (t) => {
    const client = await Client.connect(t, host, port)
    const index = (await host.call<number>('clients')) - 1
    const heir = await host.call<number>('spawnHeir', index)
    await host.call('destroyClient', index)
    const other = await Client.connect(t, host, port)
    t.ok(other.isEstablished)
    t.ok(client.isEstablished, 'the heir keeps it')
    t.notOk(client.isClosed)
    t.ok(descriptorsOf(heir).some((path) => path.startsWith('socket:')))
    await host.call('killHeir')
    await client.closed
    t.notOk(client.isEstablished)
  })

  await t.test('is seen closed by its peer before the child ends', async (t) => {
    const clients: Client[] = []
    for (let count = 0; count < 10; ++count) clients.push(await Client.connect(t, host, port))
    const first = (await host.call<number>('clients')) - clients.length
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    for (let index = 0; index < clients.length; ++index) {
      await host.call('destroyClient', first + index)
      await clients[index]?.closed
      t.equal(stateOf(pid), 'T', 'the child is still there')
    }
    await host.call('signalChild', pid, 'SIGCONT')
    t.match(await host.call('endOfSave'), { report: { pid } })
  })

  await t.test('leaves its port free for others before the child ends', async (t) => {
    const { pid } = await host.call<Stopped>('startStopped', 'write')
    await host.call('closeServer')
    await t.rejects(reach(port), { code: 'ECONNREFUSED' })
    t.equal(stateOf(pid), 'T')
    await host.call('signalChild', pid, 'SIGCONT')
    await host.call('endOfSave')
    await waitFor(() => stateOf(pid) === null)
  })
})

function reach(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}
