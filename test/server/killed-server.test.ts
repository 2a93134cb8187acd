/**
 * A server that is killed while clients write, with a log that is synced always: each client counts
 * the replies it has got, and all that they told of is there afterwards, in whole transactions.
 *
 * SF_LONG=1 kills 500.
 */

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { open } from '../../dist/index.js'
import { spawnPlainNode } from '../support/plain-node.js'
import { announceSeed, Random } from '../support/random.js'

const ROUNDS = process.env.SF_LONG ? 500 : 40
const CLIENTS = 5

/** Writes ascending numbers, plainly and in transactions, and counts what was acknowledged. */
class Writer {
  acknowledged = 0
  readonly #socket: Socket
  readonly #name: number
  #received = ''
  #sent: number

  constructor(path: string, name: number, from: number) {
    this.#name = name
    this.#sent = from
    this.acknowledged = from
    this.#socket = connect(path)
    this.#socket.setEncoding('latin1')
    this.#socket.on('error', () => {})
    this.#socket.on('data', (text: string) => this.#receive(text))
    for (let ahead = 0; ahead < 3; ++ahead) this.#send()
  }

  #send(): void {
    const number = ++this.#sent
    const name = this.#name
    this.#socket.write(
      `SET ${name} ${number}\r\n` +
        `MULTI\r\nSET ${name}:a ${number}\r\nSET ${name}:b ${number}\r\nEXEC\r\n`,
    )
  }

  #receive(text: string): void {
    this.#received += text
    const whole = '+OK\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+OK\r\n'
    while (this.#received.startsWith(whole)) {
      this.#received = this.#received.slice(whole.length)
      this.acknowledged += 1
      this.#send()
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}

t.test('A server that is killed has what it has acknowledged', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sf-killed-server-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  const dir = join(root, 'data')
  const path = join(root, 'socket')
  announceSeed(t)
  const random = new Random(1)
  let from = new Array<number>(CLIENTS).fill(0)
  let acknowledged = 0
  for (let round = 0; round < ROUNDS; ++round) {
    const host = spawnPlainNode('server-host.mjs', [dir, 'always', path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(host.stdout as NodeJS.ReadableStream, 'data')
    const writers = from.map((start, name) => new Writer(path, name, start))
    await sleep(random.below(80))
    host.kill('SIGKILL')
    await once(host, 'close')
    for (const writer of writers) writer.close()
    const db = await open({ dir, appendonly: true, hugePages: false })
    for (const [name, writer] of writers.entries()) {
      const [plain, a, b] = db.mget(`${name}`, `${name}:a`, `${name}:b`).map(Number)
      if (plain === undefined || plain < writer.acknowledged || a !== b) {
        t.fail(`round ${round}: ${writer.acknowledged} acknowledged, found ${plain}, ${a} and ${b}`)
      }
      acknowledged += writer.acknowledged - (from[name] as number)
    }
    from = from.map((_, name) => Number(db.get(`${name}`) ?? 0))
    await db.close()
  }
  t.ok(acknowledged > ROUNDS, `${acknowledged} acknowledged`)
})
