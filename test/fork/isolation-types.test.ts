/**
 * The file of a save holds exactly the keyspace of the instant of its fork: every type, large
 * collections among them, whatever commands run while the child lives.
 *
 * Method: the child is stopped right behind the fork, at random for a second time further on;
 * random commands of one family run meanwhile, and overwrites of elements of large collections;
 * keys are evicted among them; before it sparse chunks are emptied for a while. The file is loaded
 * into a fresh engine, whose digest must be the one from just before the fork. The clock stands
 * still, so that what expires is decided by commands alone.
 *
 * SF_LONG=1 runs twenty times as many; SF_SEED repeats a run.
 */

import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { open, ReplyError, type Snapfork, SnapforkError } from '../../dist/index.js'
import { EVICTION_POLICIES } from '../../dist/util/eviction.js'
import { childOf, isAlive } from '../support/children.js'
import { FAMILIES, familySteps, type Step, steps } from '../support/command-arbitraries.js'
import { announceSeed, Random } from '../support/random.js'

const LONG = process.env.SF_LONG ? 20 : 1
const SEQUENCES = 12 * LONG
const LENGTH_MAX = 150
const ELEMENTS = 3000
const NOW_MS = 1_700_000_000_000
const KINDS = ['strings and keys', ...FAMILIES.keys()]

const root = t.testdir()

function run(db: Snapfork, { db: index, args }: Step): void {
  // It would end the save.
  if (args[0]?.toUpperCase() === 'FLUSHALL') return
  const [name = '', ...words] = args.map((text) => Buffer.from(text, 'latin1'))
  tolerant(() => void db.database(index).callBuffer(name.toString('latin1'), ...words))
}

/** Replies with an error are replies too. */
function tolerant(command: () => void): void {
  try {
    command()
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
  }
}

/** One large value of every type, with nodes of several levels. */
function fillLarge(db: Snapfork): void {
  for (let index = 0; index < ELEMENTS; ++index) {
    db.hset('large:hash', `field:${index}`, `value ${index}`)
    db.sadd('large:set', `member:${index}`)
    db.zadd('large:zset', { [`member:${index}`]: index })
    db.rpush('large:list', `element ${index}`)
    db.xadd('large:stream', `${index + 1}-1`, { field: `value ${index}` })
  }
  db.xgroup('CREATE', 'large:stream', 'group', '0')
  db.set('large:string', 'x'.repeat(3_000_000))
  db.set('large:bitmap', Buffer.alloc(100_000))
}

/** Changes in the middle of the large values: nodes are split, joined, moved and removed. */
function disturbLarge(db: Snapfork, random: Random): void {
  for (let count = random.below(200); count > 0; --count) {
    const index = random.below(ELEMENTS * 1.1)
    const text = 'y'.repeat(random.below(300))
    const changes = [
      () => db.hset('large:hash', `field:${index}`, text),
      () => db.hdel('large:hash', `field:${index}`),
      () => db.sadd('large:set', `member:${index}${text}`),
      () => db.srem('large:set', `member:${index}`),
      () => db.zincrby('large:zset', random.below(1000) - 500, `member:${index}`),
      () => db.zrem('large:zset', `member:${index}`),
      () => db.call('LSET', 'large:list', -1 - random.below(100), text),
      () => db.linsert('large:list', 'BEFORE', `element ${index}`, text),
      () => db.lpop('large:list'),
      () => db.xreadgroup('group', 'consumer', { 'large:stream': '>' }, { COUNT: 3 }),
      () => db.xdel('large:stream', `${index + 1}-1`),
      () => db.setrange('large:string', random.below(4_000_000), text),
      () => db.setbit('large:bitmap', random.below(900_000), 1),
      () => db.rename('large:set', 'large:set'),
    ]
    tolerant(changes[random.below(changes.length)] as () => void)
  }
}

/** Takes some keys away, and has the use of all of them noted from then on, or no more. */
function evictSome(db: Snapfork, random: Random): number {
  // biome-ignore lint/complexity/useLiteralKeys: brackets reach what is protected
  const native = db['native']
  const policy = random.below(EVICTION_POLICIES.length)
  const { memoryBytes } = native.stats()
  native.limitMemory(Math.max(1, memoryBytes - random.below(5000)), policy, 5, 10, 1)
  const evicted = native.evictSome(random.below(4))
  native.limitMemory(0, policy, 5, 10, 1)
  return evicted
}

/** Saves, with what `meanwhile` does while the child is held; null if the save was given up. */
async function saveHeld(db: Snapfork, meanwhile: () => void): Promise<string | null> {
  const digest = db.digest()
  let saved: Promise<unknown> = Promise.resolve()
  const pid = childOf(() => {
    saved = db.bgsave()
  })
  const ended = saved.then(
    () => true,
    (error: unknown) => {
      if (error instanceof SnapforkError && error.code === 'ERR_SNAPFORK_CANCELED') return false
      throw error
    },
  )
  process.kill(pid, 'SIGSTOP')
  meanwhile()
  if (isAlive(pid)) process.kill(pid, 'SIGCONT')
  return (await ended) ? digest : null
}

t.test('What a child writes is what was there, of every type', async (t) => {
  const seed = announceSeed(t)
  let moved = 0
  let emptied = 0
  let evicted = 0
  for (const kind of KINDS) {
    await t.test(kind, async (t) => {
      const dir = mkdtempSync(join(root, 'dir-'))
      const clock = () => NOW_MS
      const db = await open({ dir, clock, hugePages: kind.length % 2 === 0 })
      t.teardown(() => db.close())
      const commands =
        kind === 'strings and keys' ? steps('absolute', LENGTH_MAX) : familySteps(kind, LENGTH_MAX)
      const property = fc.asyncProperty(commands, commands, fc.nat(), async (first, then, salt) => {
        const random = new Random(salt)
        // FLUSHDB may have been among the last ones.
        if (db.exists('large:bitmap') === 0) tolerant(() => fillLarge(db))
        for (const step of first) run(db, step)
        // Sparse chunks are being emptied, or not, when the fork comes.
        // biome-ignore lint/complexity/useLiteralKeys: brackets reach what is protected
        for (let turns = random.below(30); turns > 0; --turns) db['native'].defragment(0, 0, 100)
        const digest = await saveHeld(db, () => {
          for (const [number, step] of then.entries()) {
            if (number % 40 === 0) evicted += evictSome(db, random)
            run(db, step)
          }
          disturbLarge(db, random)
        })
        if (digest === null) return
        const copy = mkdtempSync(join(root, 'copy-'))
        mkdirSync(copy, { recursive: true })
        renameSync(db.path, join(copy, 'dump.rdb'))
        const loaded = await open({ dir: copy, clock, hugePages: false })
        const found = loaded.digest()
        await loaded.close()
        rmSync(copy, { recursive: true })
        if (found !== digest) throw new Error(`the file holds ${found}, not ${digest}`)
      })
      await fc.assert(property, { seed, numRuns: SEQUENCES, endOnFailure: true })
      moved += Number(/^cow_total_moved_entries:(\d+)/m.exec(db.info('cow'))?.[1])
      emptied += Number(/^defrag_emptied_chunks:(\d+)/m.exec(db.info('cow'))?.[1])
    })
  }
  t.ok(moved > 0, `${moved} entries were moved out of frozen chunks`)
  t.ok(emptied > 0, `${emptied} chunks were emptied`)
  t.ok(evicted > 0, `${evicted} keys were evicted beside a child`)
})
