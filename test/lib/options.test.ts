import { resolve } from 'node:path'
import t from 'tap'
import { type OpenOptions, resolveOptions } from '../../dist/options.js'

const WRONG_TYPES: Record<string, unknown>[] = [
  { cowHeatMap: 1 },
  { reportFile: 1 },
  { saveMemoryPolicy: 1 },
  { healCpuPercent: '1' },
  { maxmemory: '1gb' },
  { maxmemoryPolicy: 1 },
  { defragCpuPercent: '1' },
  { defragIgnoredBytes: '100mb' },
  { dir: 1 },
  { dbfilename: null },
  { databases: '16' },
  { rdbcompression: 1 },
  { rdbchecksum: 'yes' },
  { rdbversion: 10n },
  { sanitizeDumpPayload: true },
  { appendonly: 'yes' },
  { appendfilename: 1 },
  { appendfsync: 1 },
  { aofLoadTruncated: 'yes' },
  { autoAofRewriteMinSize: '64mb' },
  { setMaxIntsetEntries: '512' },
  { hugePages: 'yes' },
  { nice: null },
  { oomScoreAdj: '1' },
  { saveStallTimeoutMs: {} },
  { save: 60 },
  { save: null },
  { stopWritesOnBgsaveError: 'yes' },
  { saveTimeLimitMs: '1' },
  { saveRateLimit: '1mb' },
  { saveIoPriority: 3 },
  { saveDropsCache: 'no' },
  { onLoadProgress: 1 },
  { clock: 1 },
  { dbFileName: 'dump.rdb' },
]

const WRONG_RANGES: OpenOptions[] = [
  { reportFile: '' },
  { reportFile: 'a\0b' },
  { saveMemoryPolicy: 'sometimes' as 'end' },
  { healCpuPercent: 101 },
  { maxmemory: -1 },
  { maxmemoryPolicy: 'lru' as 'allkeys-lru' },
  { maxmemorySamples: 0 },
  { maxmemorySamples: 65 },
  { lfuLogFactor: -1 },
  { lfuDecayTime: 0.5 },
  { defragCpuPercent: 101 },
  { defragThresholdPercent: -1 },
  { dir: '' },
  { dir: 'a\0b' },
  { dbfilename: '' },
  { dbfilename: '..' },
  { dbfilename: 'a/b' },
  { databases: 0 },
  { databases: 65_537 },
  { databases: 1.5 },
  { rdbversion: 9 },
  { rdbversion: 13 },
  { sanitizeDumpPayload: 'YES' as 'yes' },
  { setMaxIntsetEntries: -1 },
  { appendfsync: 'sometimes' as 'no' },
  { appenddirname: 'a/b' },
  { appendfilename: '' },
  { autoAofRewritePercentage: -1 },
  { listMaxListpackSize: 2 ** 31 },
  { streamNodeMaxBytes: 0.5 },
  { nice: -1 },
  { oomScoreAdj: 1001 },
  { saveStallTimeoutMs: 99 },
  { saveStallTimeoutMs: Number.NaN },
  { save: '3600' },
  { save: '0 1' },
  { save: '60 -1' },
  { save: '60 1.5' },
  { save: [[60, 1, 1] as unknown as [number, number]] },
  { save: [[60, Number.NaN]] },
  { saveTimeLimitMs: -1 },
  { saveRateLimit: 65_535 },
  { saveRateLimit: -1 },
  { saveIoPriority: 'high' as 'low' },
]

t.test('resolveOptions()', async (t) => {
  await t.test('has defaults for everything', async (t) => {
    t.strictSame(resolveOptions(), {
      dir: process.cwd(),
      dbfilename: 'dump.rdb',
      databases: 16,
      rdbcompression: true,
      rdbchecksum: true,
      rdbversion: 0,
      sanitizeDumpPayload: 'clients',
      limits: {
        hashMaxListpackEntries: 512,
        hashMaxListpackValue: 64,
        setMaxIntsetEntries: 512,
        setMaxListpackEntries: 128,
        setMaxListpackValue: 64,
        zsetMaxListpackEntries: 128,
        zsetMaxListpackValue: 64,
        listMaxListpackSize: -2,
        streamNodeMaxBytes: 4096,
        streamNodeMaxEntries: 100,
        hllSparseMaxBytes: 3000,
      },
      maxmemory: 0,
      maxmemoryPolicy: 'noeviction',
      maxmemorySamples: 5,
      lfuLogFactor: 10,
      lfuDecayTime: 1,
      appendonly: false,
      appendfilename: 'appendonly.aof',
      appenddirname: 'appendonlydir',
      appendfsync: 'everysec',
      autoAofRewritePercentage: 100,
      autoAofRewriteMinSize: 67_108_864,
      aofLoadTruncated: true,
      aofUseRdbPreamble: true,
      aofTimestampEnabled: false,
      hugePages: 'auto',
      saveMemoryPolicy: 'slow',
      healCpuPercent: 25,
      defragCpuPercent: 10,
      defragIgnoredBytes: 100 * 2 ** 20,
      defragThresholdPercent: 10,
      nice: 5,
      oomScoreAdj: 800,
      saveStallTimeoutMs: 60_000,
      cowHeatMap: false,
      reportFile: null,
      save: [],
      stopWritesOnBgsaveError: true,
      saveTimeLimitMs: 0,
      saveRateLimit: 0,
      saveIoPriority: 'low',
      saveDropsCache: false,
      onLoadProgress: null,
      clock: null,
    })
    t.strictSame(resolveOptions({ databases: undefined }), resolveOptions({}))
  })
  await t.test('makes the directory absolute', async (t) => {
    t.equal(resolveOptions({ dir: 'data' }).dir, resolve('data'))
    t.equal(resolveOptions({ dir: '/data' }).dir, '/data')
    t.equal(resolveOptions({ dir: '/data', reportFile: 'a' }).reportFile, '/data/a')
    t.equal(resolveOptions({ dir: '/data', reportFile: '/a' }).reportFile, '/a')
    t.equal(resolveOptions({ reportFile: null }).reportFile, null)
  })
  await t.test('keeps what is given', async (t) => {
    const given = { hugePages: false, oomScoreAdj: null, nice: 0, rdbchecksum: false } as const
    t.match(resolveOptions(given), given)
    const rules = [
      { seconds: 3600, changes: 1 },
      { seconds: 60, changes: 0 },
    ]
    t.strictSame(resolveOptions({ save: ' 3600 1  60 0' }).save, rules)
    t.strictSame(
      resolveOptions({
        save: [
          [3600, 1],
          [60, 0],
        ],
      }).save,
      rules,
    )
    t.strictSame(resolveOptions({ save: '' }).save, [])
    t.equal(resolveOptions({ saveRateLimit: 65_536 }).saveRateLimit, 65_536)
    const { limits } = resolveOptions({ listMaxListpackSize: -5, hashMaxListpackEntries: 0 })
    t.match(limits, {
      listMaxListpackSize: -5,
      hashMaxListpackEntries: 0,
      setMaxIntsetEntries: 512,
    })
  })

  for (const options of WRONG_TYPES) {
    await t.test(`throws a TypeError for ${JSON.stringify(options, bigints)}`, async (t) => {
      t.throws(() => resolveOptions(options as OpenOptions), {
        constructor: TypeError,
        code: 'ERR_SNAPFORK_INVALID_ARG',
        message: new RegExp(Object.keys(options)[0] as string),
      })
    })
  }
  await t.test('throws a TypeError for options that are no object', async (t) => {
    t.throws(() => resolveOptions('x' as OpenOptions), TypeError)
    t.throws(() => resolveOptions(null as unknown as OpenOptions), TypeError)
  })

  for (const options of WRONG_RANGES) {
    await t.test(`throws a RangeError for ${JSON.stringify(options)}`, async (t) => {
      t.throws(() => resolveOptions(options), {
        constructor: RangeError,
        code: 'ERR_SNAPFORK_INVALID_ARG',
        message: new RegExp(Object.keys(options)[0] as string),
      })
    })
  }
})

function bigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
