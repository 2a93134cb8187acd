/**
 * Whatever is done, the log brings it back: random commands of every family, with rewrites among
 * them; then the log is opened again, and the digests are compared.
 *
 * Streams are compared by what a log tells of them: not when a consumer was seen, nor how often it
 * has read its pending entries again.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import fc from 'fast-check'
import t from 'tap'
import { open, ReplyError, type Snapfork } from '../../dist/index.js'
import {
  DATABASES,
  FAMILIES,
  familySteps,
  resolveTimes,
  type Step,
  steps,
} from '../support/command-arbitraries.js'
import { announceSeed } from '../support/random.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 15 * LONG
const LENGTH_MAX = 120

function run(db: Snapfork, { db: index, args }: Step): void {
  const [name = '', ...words] = args.map((text) => Buffer.from(text, 'latin1'))
  try {
    db.database(index).callBuffer(name.toString('latin1'), ...words)
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
  }
}

/** Of everything, or of streams alone: their entries and what is pending. */
function contentOf(db: Snapfork, kind: string): string {
  if (kind !== 'stream') return db.digest()
  const content: unknown[] = []
  for (let index = 0; index < DATABASES; ++index) {
    const database = db.database(index)
    for (const key of database.keys('*').sort()) {
      if (database.type(key) !== 'stream') continue
      const groups = database.xinfo('GROUPS', key) as unknown[][]
      const pending = groups.map((group) => database.xpending(key, String(group[1])))
      content.push([index, key, database.xrange(key, '-', '+'), groups, pending])
    }
  }
  return JSON.stringify(content)
}

t.test('A log brings back what random commands have left', async (t) => {
  const seed = announceSeed(t)
  for (const kind of ['strings and keys', ...FAMILIES.keys()]) {
    await t.test(kind, async (t) => {
      const dir = t.testdir()
      const options = { dir, appendonly: true, appendfsync: 'no', hugePages: false } as const
      // Bases of either form.
      let aofUseRdbPreamble = true
      let db = await open(options)
      t.teardown(() => db.close())
      const sequences =
        kind === 'strings and keys' ? steps('relative', LENGTH_MAX) : familySteps(kind, LENGTH_MAX)
      const property = fc.asyncProperty(sequences, fc.nat(2), async (sequence, rewrites) => {
        db.flushall()
        const rewrite = rewrites === 0 ? null : db.bgrewriteaof()
        for (const step of resolveTimes(sequence)) run(db, step)
        await rewrite
        const content = contentOf(db, kind)
        await db.close()
        aofUseRdbPreamble = !aofUseRdbPreamble
        db = await open({ ...options, aofUseRdbPreamble })
        const found = contentOf(db, kind)
        if (found !== content) throw new Error(`  was  ${content}\n  came ${found}`)
      })
      await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: false })
    })
  }
})
