/**
 * A host that is killed while it logs, in the middle of rewrites too.
 *
 * Method: a host writes to its log and says what is durable, or at least done. It gets SIGKILL
 * after a random time. Then the log is opened: with `always` everything that was called durable is
 * there, with `everysec` everything that is older than two seconds; no command is half there. The
 * next host goes on in the same directory.
 *
 * SF_LONG=1 kills 1,000 hosts of each policy.
 */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { open, type Snapfork } from '../../dist/index.js'
import { spawnPlainNode } from '../support/plain-node.js'
import { announceSeed, Random } from '../support/random.js'

const ROUNDS = process.env.SF_LONG ? 1000 : 100
const WRITERS = 8
/** Redis's promise for `everysec`. */
const LOST_MS_MAX = 2000

class KilledLogger {
  readonly #process: ChildProcess
  #text = ''
  /** By writer: what it has said, and when. */
  readonly said: { number: number; atMs: number }[][] = Array.from({ length: WRITERS }, () => [])

  constructor(dir: string, appendfsync: string) {
    this.#process = spawnPlainNode('log-loop.mjs', [dir, appendfsync], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#process.stdout?.on('data', (text) => this.#take(String(text)))
  }

  #take(text: string): void {
    const lines = (this.#text + text).split('\n')
    this.#text = lines.pop() ?? ''
    for (const line of lines) {
      const [writer = '', number] = line.split(' ')
      if (number === undefined) continue
      this.said[Number(writer)]?.push({ number: Number(number), atMs: performance.now() })
    }
  }

  /** Waits until it writes, then a time, then kills; returns when that was. */
  async killAfter(ms: number): Promise<number> {
    while (this.said.every((one) => one.length === 0)) {
      if (this.#process.exitCode !== null) throw new Error('the host ended by itself')
      await once(this.#process.stdout as NodeJS.ReadableStream, 'data')
    }
    await sleep(ms)
    const atMs = performance.now()
    this.#process.kill('SIGKILL')
    await once(this.#process, 'close')
    return atMs
  }
}

/** What is wrong with a log that was opened again; '' if nothing is. */
function faultOf(db: Snapfork, logger: KilledLogger, before: number): string {
  for (let writer = 0; writer < WRITERS; ++writer) {
    const promised = logger.said[writer]?.findLast(({ atMs }) => atMs <= before)?.number ?? 0
    const found = Number(db.get(`${writer}`) ?? 0)
    if (found < promised) return `writer ${writer} was promised ${promised}, and has ${found}`
    const [a, b] = db.mget(`${writer}:a`, `${writer}:b`)
    if (a !== b) return `writer ${writer} has half of a command: ${a} and ${b}`
    const list = db.lrange(`${writer}:list`, 0, -1).map(Number)
    // A command that was run twice, by the base and by the log, would show.
    if (list.some((number, at) => at > 0 && number <= (list[at - 1] as number))) {
      return `writer ${writer} has a list that does not ascend: ${list}`
    }
  }
  return ''
}

t.test('A host that is killed while it logs', async (t) => {
  announceSeed(t)
  for (const appendfsync of ['always', 'everysec'] as const) {
    await t.test(`has what it was promised: ${appendfsync}`, async (t) => {
      const dir = t.testdir()
      const random = new Random(appendfsync === 'always' ? 1 : 2)
      let promises = 0
      for (let round = 0; round < ROUNDS; ++round) {
        const logger = new KilledLogger(dir, appendfsync)
        const killedAtMs = await logger.killAfter(random.below(80))
        const db = await open({ dir, appendonly: true, hugePages: false })
        const before = appendfsync === 'always' ? killedAtMs : killedAtMs - LOST_MS_MAX
        const fault = faultOf(db, logger, before)
        await db.close()
        promises += logger.said.flat().length
        if (fault !== '') {
          t.fail(`round ${round}: ${fault}`)
          return
        }
      }
      t.ok(promises > ROUNDS)
    })
  }
})
