/**
 * A host that is killed at any moment, in the middle of saves in particular.
 *
 * Method: a host saves all the time and tells what it does. It gets SIGKILL after a random time.
 * Then: its child is gone within a second; the file is complete and is one of those saves, none
 * older than the last that was reported as done; the next open removes what was left behind. The
 * next host goes on in the same directory.
 */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { open } from '../../dist/index.js'
import { spawnPlainNode } from '../support/plain-node.js'
import { hasEnded } from '../support/processes.js'
import { announceSeed, Random } from '../support/random.js'
import { strangeFiles } from '../support/snapshot-files.js'

const ROUNDS = process.env.SF_LONG === '1' ? 1000 : 60
const GONE_MS_MAX = 1000
/** A save takes some 20 ms here. */
const KILL_MS_MAX = 60

class KilledHost {
  readonly #process: ChildProcess
  #text = ''

  constructor(dir: string, seed: number, changesMax: number) {
    this.#process = spawnPlainNode('save-loop.mjs', [dir, `${seed}`, `${changesMax}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#process.stdout?.on('data', (text) => {
      this.#text += text
    })
  }

  get #lines(): string[][] {
    return this.#text
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '))
  }

  /** Waits for the first save, then a time, then kills. */
  async killAfter(ms: number): Promise<void> {
    while (!this.#text.includes('save ')) {
      if (this.#process.exitCode !== null) throw new Error('the host ended by itself')
      await once(this.#process.stdout as NodeJS.ReadableStream, 'data')
    }
    await sleep(ms)
    this.#process.kill('SIGKILL')
    await once(this.#process, 'close')
  }

  /** What it found in the directory. */
  get loaded(): string {
    return this.#lines.find(([word]) => word === 'loaded')?.[1] ?? ''
  }

  /** Digests of which one must be in the file now. */
  get possible(): string[] {
    const lines = this.#lines
    const digests = [this.loaded]
    for (const [word, digest] of lines) {
      if (word === 'begin') digests.push(digest as string)
      // Nothing older is there any more.
      if (word === 'saved') digests.splice(0, digests.length, digest as string)
    }
    return digests
  }

  get children(): number[] {
    return this.#lines
      .filter(([word, , pid]) => word === 'save' && pid !== '0')
      .map(([, , pid]) => Number(pid))
  }

  /** Whether it died in a save. */
  get diedSaving(): boolean {
    return this.#lines.at(-1)?.[0] === 'save'
  }
}

interface Tally {
  diedSaving: number
  leftFiles: number
  problems: string[]
}

/** Kills hosts of one directory, one after the other. */
async function killHosts(dir: string, random: Random, rounds: number, tally: Tally): Promise<void> {
  let digest: string | null = null
  for (let round = 0; round < rounds; ++round) {
    const note = (isRight: boolean, text: string) => {
      if (!isRight) tally.problems.push(`round ${round}: ${text}`)
    }
    const host = new KilledHost(dir, random.uint32(), random.pick([1, 300, 20_000]))
    await host.killAfter(random.below(random.oneIn(3) ? KILL_MS_MAX / 10 : KILL_MS_MAX))
    const killedAtMs = performance.now()
    while (!host.children.every(hasEnded) && performance.now() - killedAtMs < GONE_MS_MAX) {
      await sleep(1)
    }
    note(host.children.every(hasEnded), 'the child is there a second later')
    note(digest === null || host.loaded === digest, 'the host found something else than the test')
    tally.diedSaving += host.diedSaving ? 1 : 0
    tally.leftFiles += strangeFiles(dir).length > 0 ? 1 : 0
    const db = await open({ dir })
    digest = db.digest()
    note(host.possible.includes(digest), 'the file is that of no save, or of an old one')
    note(strangeFiles(dir).length === 0, 'a temporary file is there after the next open')
    await db.close()
  }
}

t.test('A host that is killed while it saves', { timeout: ROUNDS * 5000 }, async (t) => {
  const seed = announceSeed(t)
  const tally: Tally = { diedSaving: 0, leftFiles: 0, problems: [] }
  const dir = t.testdir()
  const lane = (number: number) =>
    killHosts(join(dir, `${number}`), new Random(seed + number), ROUNDS / 2, tally)
  await Promise.all([lane(1), lane(2)])
  const { diedSaving, leftFiles, problems } = tally
  t.comment(`${ROUNDS} hosts killed, ${diedSaving} in a save, ${leftFiles} left a temporary file`)
  t.strictSame(problems, [])
  t.ok(diedSaving > ROUNDS / 10, 'some were killed in a save')
  t.ok(leftFiles > 0, 'some left a temporary file behind')
})
