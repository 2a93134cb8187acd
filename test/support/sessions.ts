/**
 * Conversations of several clients, held with a server of ours and with redis-server alike.
 *
 * A line is `client: words`, where a word may be in quotes with escapes; without a client it is
 * that of `a`. `client! bytes` sends bytes as they are, with escapes. `-- 50` lets so many
 * milliseconds pass. After each line all clients must have received the same from both.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import type { OpenOptions } from '../../dist/index.js'
import { serve } from './our-server.js'
import type { RedisServer } from './redis-server.js'
import { encodeCommand } from './resp-client.js'

const SETTLE_MS_MAX = 5_000
/** What is equal has to stay so for a while: more may come. */
const QUIET_MS = 15

/** What differs from server to server. */
const VARIABLES: readonly (readonly [RegExp, string])[] = [
  [/(?<=\+)\d{10}\.\d{6}/g, 'T'],
  [/(?<=\[\d+ unix:)[^\]]+/g, 'PATH'],
  [/\d{10,}/g, 'T'],
  [/(?<=id\\r\\n):\d+/g, ':ID'],
]

class Party {
  readonly #path: string
  readonly #clients = new Map<string, { socket: Socket; received: string; isClosed: boolean }>()

  constructor(path: string) {
    this.#path = path
  }

  send(name: string, bytes: Uint8Array): void {
    let client = this.#clients.get(name)
    if (client === undefined) {
      const made = { socket: connect(this.#path), received: '', isClosed: false }
      made.socket.setEncoding('latin1')
      made.socket.on('data', (text: string) => {
        made.received += text
      })
      made.socket.on('error', () => {})
      made.socket.on('close', () => {
        made.isClosed = true
      })
      this.#clients.set(name, made)
      client = made
    }
    client.socket.write(bytes)
  }

  /** All that has come so far. */
  state(): string {
    const lines = [...this.#clients].map(([name, { received, isClosed }]) => {
      return `${name}${isClosed ? ' (closed)' : ''}: ${JSON.stringify(received)}`
    })
    return VARIABLES.reduce((text, [from, to]) => text.replace(from, to), lines.sort().join('\n'))
  }

  close(): void {
    for (const { socket } of this.#clients.values()) socket.destroy()
  }
}

function unescaped(text: string): string {
  return JSON.parse(`"${text.replace(/"/g, '\\"').replace(/\\x/g, '\\u00')}"`)
}

function split(text: string): string[] {
  const words = text.match(/"(?:\\.|[^"])*"|\S+/g) ?? []
  return words.map((word) => (word.startsWith('"') ? unescaped(word.slice(1, -1)) : word))
}

/** A test of each script, by its name; `options` are those of our engine. Both begin empty. */
export async function compareSessions(
  t: Test,
  redis: RedisServer,
  scripts: Readonly<Record<string, string>>,
  options: OpenOptions = {},
): Promise<void> {
  const admin = await redis.connect()
  for (const [name, script] of Object.entries(scripts)) {
    await t.test(name, async (t) => {
      await admin.send('FLUSHALL')
      const { path } = await serve(t, {}, options)
      await compareSession(t, { ours: path, theirs: redis.socketPath }, script)
    })
  }
}

/** Holds a conversation with both, and reports the first line after which they differ. */
async function compareSession(
  t: Test,
  paths: { ours: string; theirs: string },
  script: string,
): Promise<void> {
  const ours = new Party(paths.ours)
  const theirs = new Party(paths.theirs)
  try {
    for (const line of script.split('\n').map((text) => text.trim())) {
      if (line === '') continue
      if (line.startsWith('-- ')) {
        await delay(Number(line.slice(3)))
      } else {
        const [, name = 'a', sign = ':', text = ''] = /^(?:([a-z])([:!]) )?(.*)$/.exec(line) ?? []
        const bytes =
          sign === '!' ? Buffer.from(unescaped(text), 'latin1') : encodeCommand(split(text))
        ours.send(name, bytes)
        theirs.send(name, bytes)
      }
      if (await isSame(ours, theirs)) continue
      t.equal(ours.state(), theirs.state(), `behind "${line}"`)
      return
    }
    t.pass('all the same')
  } finally {
    ours.close()
    theirs.close()
  }
}

async function isSame(ours: Party, theirs: Party): Promise<boolean> {
  const end = Date.now() + SETTLE_MS_MAX
  let last = ''
  while (Date.now() < end) {
    await delay(QUIET_MS)
    const [a, b] = [ours.state(), theirs.state()]
    if (a === b && a === last) return true
    last = a === b ? a : ''
  }
  return false
}
