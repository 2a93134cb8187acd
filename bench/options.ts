/**
 * The command line of the benchmarks.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { KEYS_MAX } from './workload.js'

export const HELP = `usage: npm run bench -- <trial> [options]

trials:
  fork              what a snapshot costs, beside redis-server (found on PATH, or REDIS_SERVER=)
  types             memory, save and load of every type, compact and large
  collections       a save while elements of hashes, sorted sets and lists change
  log               what the append-only log costs
  replay            opening the same append-only files
  stall             a log on a disk that stands still; needs root
  slow              a log on a disk that is slower than the writes; needs root
  disk              saves beside writes on slow and fast disks; needs root; draws docs/disk.svg
  memory            saves in a memory group of 1.3 times the data, on a slow disk; needs root
  cache             what the page cache does for a snapshot, and O_DIRECT; takes no options
  eviction          caches of limited memory, and what it costs to note use; takes no options
  server            redis-benchmark against a server of both; takes no options
  server-log        SETs of redis-benchmark with a log, and a disk that stands still; no options
  neighbours        a client beside others that behave badly; takes no options
  scripts           runs of scripts a second, beside redis-server; takes no options
  spawn             child_process.spawn in a host with 4 GiB in the store; takes no options

options:
  --keys N          1,000 to 100,000,000 (default 1,000,000)
  --elements N      of each shape (default: types 1,000,000, collections 2,000,000)
  --value-bytes B   1 to 65,536 (default 64)
  --updates N       random writes during a save (default 500,000)
  --saves N         saves before the last one, at least 3 (default 10)
  --save-limit S    seconds a save of the trial memory may take (default 60)
  --rounds N        (default 3)
  --dir D           where the engines write (default bench/data)
  --only NAME       snapfork or redis
  --help
`

const TRIALS = [
  'fork',
  'types',
  'collections',
  'log',
  'replay',
  'stall',
  'slow',
  'disk',
  'memory',
] as const
type Trial = (typeof TRIALS)[number]

export interface BenchOptions {
  readonly trial: Trial
  readonly elements: number
  readonly keys: number
  readonly valueBytes: number
  readonly updates: number
  readonly saves: number
  readonly saveLimitSeconds: number
  readonly rounds: number
  readonly dir: string
  readonly only: string | null
}

/** null if the help is wanted; throws an Error with a message for people. */
export function parseOptions(words: readonly string[], defaultDir: string): BenchOptions | null {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      keys: { type: 'string', default: '1000000' },
      'value-bytes': { type: 'string', default: '64' },
      elements: { type: 'string' },
      updates: { type: 'string', default: '500000' },
      saves: { type: 'string', default: '10' },
      'save-limit': { type: 'string', default: '60' },
      rounds: { type: 'string', default: '3' },
      dir: { type: 'string', default: defaultDir },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const trial = TRIALS.find((name) => name === positionals[0])
  if (positionals.length !== 1 || trial === undefined) {
    throw new Error(`there is no trial '${positionals.join(' ')}'; see --help`)
  }
  if (values.only !== undefined && values.only !== 'snapfork' && values.only !== 'redis') {
    throw new Error(`--only must be snapfork or redis, not '${values.only}'`)
  }
  return {
    trial,
    elements: integer('--elements', values.elements ?? defaultElements(trial), 1000, 100_000_000),
    keys: integer('--keys', values.keys, 1000, KEYS_MAX),
    valueBytes: integer('--value-bytes', values['value-bytes'], 1, 65_536),
    updates: integer('--updates', values.updates, 1, 100_000_000),
    saves: integer('--saves', values.saves, 3, 1000),
    saveLimitSeconds: integer('--save-limit', values['save-limit'], 1, 86_400),
    rounds: integer('--rounds', values.rounds, 1, 1000),
    dir: values.dir,
    only: values.only ?? null,
  }
}

function defaultElements(trial: Trial): string {
  return trial === 'collections' ? '2000000' : '1000000'
}

function integer(name: string, text: string, min: number, max: number): number {
  const number = /^[0-9]{1,12}$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new Error(`${name} must be an integer from ${min} to ${max}, not '${text}'`)
}
