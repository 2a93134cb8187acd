/**
 * What a child writes is what was there at its fork, whatever the parent does meanwhile.
 *
 * Method: a process of its own writes at random in several databases, values of all kinds and
 * sizes, deletes, expiries, renames, moves, swaps and flushes, while one child after the other
 * saves; some children are stopped so that writes happen for certain while they live. Each file is
 * loaded into a fresh engine, whose digest must be the one from just before the fork. The parent
 * itself must hold what a model of plain Maps holds.
 */

import { once } from 'node:events'
import t from 'tap'
import { spawnPlainNode } from '../support/plain-node.js'
import { announceSeed, Random } from '../support/random.js'

const IS_LONG = process.env.SF_LONG === '1'
const RUNS = IS_LONG ? 400 : 8
const ROUNDS = IS_LONG ? 12 : 4
const LANES = 2

interface Result {
  problems: string[]
  tally: { saves: number; held: number; movedEntries: number; deferredFrees: number }
}

async function run(dir: string, seed: number): Promise<Result> {
  const child = spawnPlainNode('isolation.mjs', [dir, `${seed}`, `${ROUNDS}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout?.on('data', (chunk) => {
    text += chunk
  })
  const [status, signal] = await once(child, 'close')
  if (status === 0) return JSON.parse(text)
  throw new Error(`isolation.mjs ended with ${signal ?? status}`)
}

t.test('Writes while a child lives', { timeout: RUNS * 30_000 }, async (t) => {
  const random = new Random(announceSeed(t))
  const dir = t.testdir({ lane0: {}, lane1: {} })
  const total = { saves: 0, held: 0, movedEntries: 0, deferredFrees: 0 }
  const seeds = Array.from({ length: RUNS }, () => random.uint32())
  const lane = async (number: number) => {
    for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) {
      const { problems, tally } = await run(`${dir}/lane${number}`, seed)
      const repeat = `isolation.mjs <dir> ${seed} ${ROUNDS}`
      t.strictSame(problems, [], `are not in its file: node test/fixtures/children/${repeat}`)
      for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += tally[name]
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
  t.comment(JSON.stringify(total))
  t.ok(total.saves >= RUNS * ROUNDS)
  t.ok(total.held > 0, 'some children were stopped while the parent wrote')
  t.ok(total.movedEntries > 0, 'entries were moved out of frozen chunks')
  t.ok(total.deferredFrees > 0, 'frees had to wait')
})
