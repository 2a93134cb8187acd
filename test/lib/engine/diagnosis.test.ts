import t from 'tap'
import { diagnose, type HostFacts } from '../../../dist/engine/diagnosis.js'

const MIB = 2 ** 20
const GIB = 2 ** 30

/** A machine on which nothing is to be said. */
const GOOD: HostFacts = {
  release: '6.1.0',
  hugePageFitness: 'fit',
  hugePages: {
    enabled: 'madvise',
    defrag: 'madvise',
    shmemEnabled: 'never',
    khugepaged: { isOn: true, pagesToScan: 4096, scanSleepMs: 10_000, maxPtesNone: 511 },
  },
  overcommit: { mode: 'always', ratio: 50 },
  meminfo: {
    totalBytes: 16 * GIB,
    availableBytes: 8 * GIB,
    swapTotalBytes: 0,
    swapFreeBytes: 0,
    commitLimitBytes: 8 * GIB,
    committedBytes: 7 * GIB,
  },
  memory: memory('machine', null, 8 * GIB),
  processLimits: {
    resources: { processes: null, fileBytes: null, addressSpaceBytes: null, openFiles: 1024 },
    pids: null,
  },
  cpus: { count: 4, quota: null },
  disk: disk({}),
  diskSpeed: {
    bytesPerSecond: 500e6,
    syncMs: 1,
    syncMsMax: 2,
    syncs: 8,
    measuredBytes: 32 * MIB,
    writtenBytes: 63 * MIB,
    durationMs: 200,
  },
  clock: { current: 'tsc', available: ['tsc', 'hpet'] },
  snapshotBytes: GIB,
}

function memory(kind: 'machine' | 'memory.max', group: string | null, freeBytes: number) {
  const level = { kind, group, limitBytes: 16 * GIB, usedBytes: 0, freeBytes }
  const swap = [{ group: null, limitBytes: GIB, usedBytes: 0 }]
  return { headroomBytes: freeBytes, tightest: level, levels: [level], swap }
}

function disk(facts: Partial<HostFacts['disk']>, mount: Partial<HostFacts['disk']['mount']> = {}) {
  const options = ['rw', 'relatime']
  const usual = { point: '/', type: 'ext4', kind: 'local', device: '/dev/vda', options } as const
  const sizes = { totalBytes: 100 * GIB, freeBytes: 50 * GIB, freeInodes: 1e6 }
  return { dir: '/data', ...sizes, mount: { ...usual, ...mount }, ...facts }
}

const { hugePages, processLimits, diskSpeed } = GOOD
const resources = processLimits.resources as NonNullable<typeof processLimits.resources>
const speed = diskSpeed as Exclude<typeof diskSpeed, Error | null>

const khugepaged = { ...hugePages.khugepaged, isOn: false }
const noRights = Object.assign(new Error('It could not be measured.'), {
  cause: new Error('EACCES: permission denied'),
})

/** What is different, which finding that changes, and to what. */
const CASES: readonly (readonly [Partial<HostFacts>, string, string, RegExp])[] = [
  [{ release: '5.4.0', hugePageFitness: 'old kernel' }, 'kernel', 'warn', /5\.8/],
  [{ hugePages: { ...hugePages, enabled: null } }, 'huge-pages', 'warn', /18 ms/],
  [{ hugePages: { ...hugePages, enabled: 'never' } }, 'huge-pages', 'warn', /echo madvise/],
  [{ hugePages: { ...hugePages, enabled: 'always' } }, 'huge-pages', 'note', /madvise/],
  [{ hugePageFitness: 'other page size' }, 'huge-pages', 'note', /not 4 KiB/],
  [{ hugePages: { ...hugePages, defrag: 'always' } }, 'huge-page-defrag', 'note', /wait/],
  [{ hugePages: { ...hugePages, defrag: 'never' } }, 'huge-page-defrag', 'note', /small pages/],
  [{ hugePages: { ...hugePages, khugepaged } }, 'khugepaged', 'note', /merged/],
  [{ overcommit: { mode: 'strict', ratio: 50 } }, 'overcommit', 'bad', /1\.0 GiB .*FORK_FAILED/s],
  [
    { overcommit: { mode: 'strict', ratio: 50 }, snapshotBytes: 100 * MIB },
    ...(['overcommit', 'warn', /strict, ratio 50 %/] as const),
  ],
  [{ memory: memory('memory.max', '/g', 10 * MIB) }, 'memory', 'bad', /memory\.max of \/g/],
  [{ memory: memory('machine', null, 500 * MIB) }, 'memory', 'warn', /more memory/],
  [{ memory: memory('machine', null, 1.5 * GIB) }, 'memory', 'note', /forecast/],
  [
    { memory: { ...GOOD.memory, headroomBytes: null, tightest: null } },
    ...(['memory', 'note', /cannot be read/] as const),
  ],
  [
    { memory: { ...GOOD.memory, swap: [{ group: null, limitBytes: GIB, usedBytes: MIB }] } },
    ...(['swap', 'note', /1\.0 MiB/] as const),
  ],
  [{ processLimits: limits({ addressSpaceBytes: GIB }) }, 'limits', 'bad', /ulimit -v/],
  [{ processLimits: limits({ fileBytes: GIB }) }, 'limits', 'bad', /ulimit -f/],
  [{ processLimits: limits({ fileBytes: 10 * GIB }) }, 'limits', 'warn', /ulimit -f/],
  [{ processLimits: limits({ openFiles: 64 }) }, 'limits', 'warn', /ulimit -n/],
  [{ processLimits: limits({ processes: 8 }) }, 'limits', 'warn', /ulimit -u/],
  [{ processLimits: pids(100, 90) }, 'pids', 'warn', /10 of 100/],
  [{ processLimits: pids(100, 100) }, 'pids', 'bad', /0 of 100/],
  [{ processLimits: pids(1000, 100) }, 'pids', 'ok', /900 of 1,000/],
  [{ cpus: { count: 4, quota: { group: '/g', cpus: 1.5 } } }, 'cpus', 'warn', /\/g allows 1\.5/],
  [{ cpus: { count: 4, quota: { group: '/g', cpus: 3 } } }, 'cpus', 'ok', /allows 3\.0/],
  [{ cpus: { count: 1, quota: null } }, 'cpus', 'note', /turns/],
  [{ disk: disk({ freeBytes: 500 * MIB }) }, 'disk-space', 'bad', /no room/],
  [{ disk: disk({ freeBytes: 1.5 * GIB }) }, 'disk-space', 'warn', /second file/],
  [{ disk: disk({ freeInodes: 0 }) }, 'disk-space', 'bad', /0 inodes/],
  [{ disk: disk({ freeInodes: 50 }) }, 'disk-space', 'warn', /50 inodes/],
  [{ disk: disk({}, { options: ['ro'] }) }, 'file-system', 'bad', /Nothing can be saved/],
  [{ disk: disk({}, { kind: 'memory' }) }, 'file-system', 'warn', /in memory/],
  [{ disk: disk({}, { kind: 'network' }) }, 'file-system', 'warn', /network/],
  [{ disk: disk({}, { kind: 'overlay' }) }, 'file-system', 'warn', /container/],
  [{ disk: disk({}, { options: ['rw', 'barrier=0'] }) }, 'file-system', 'warn', /power/],
  [{ disk: disk({}, { options: ['rw', 'sync'] }) }, 'file-system', 'warn', /Every write/],
  [{ disk: disk({ mount: null }) }, 'file-system', 'ok', /unknown/],
  [{ diskSpeed: null }, 'disk-speed', 'ok', /not measured/],
  [{ diskSpeed: noRights }, 'disk-speed', 'bad', /EACCES/],
  [{ diskSpeed: new Error('It is too full.') }, 'disk-speed', 'note', /too full/],
  [{ diskSpeed: { ...speed, bytesPerSecond: 20e6 } }, 'disk-speed', 'warn', /faster/],
  [{ diskSpeed: { ...speed, syncMs: 150 } }, 'disk-speed', 'warn', /150\.00 ms/],
  [{ diskSpeed: { ...speed, syncMs: 25 } }, 'disk-speed', 'note', /everysec/],
  [{ clock: { current: 'hpet', available: ['tsc', 'hpet'] } }, 'clock', 'note', /echo tsc/],
  [{ clock: { current: 'jiffies', available: [] } }, 'clock', 'note', /system call/],
  [{ clock: { current: null, available: [] } }, 'clock', 'ok', /cannot be read/],
]

function limits(changed: Partial<typeof resources>): HostFacts['processLimits'] {
  return { resources: { ...resources, ...changed }, pids: null }
}

function pids(limit: number, used: number): HostFacts['processLimits'] {
  return { resources, pids: { group: '/g', limit, used } }
}

t.test('diagnose()', async (t) => {
  await t.test('finds nothing wrong with a good machine, and says what it found', async (t) => {
    const findings = diagnose(GOOD)
    const ids = findings.map(({ id }) => id)
    t.equal(new Set(ids).size, ids.length)
    for (const { id, level, found, cost, advice } of findings) {
      t.strictSame({ level, cost, advice }, { level: 'ok', cost: '', advice: '' }, id)
      t.not(found, '', id)
    }
  })

  const good = diagnose(GOOD)
  for (const [facts, id, level, text] of CASES) {
    await t.test(`finds ${id} ${level}: ${text}`, async (t) => {
      const findings = diagnose({ ...GOOD, ...facts })
      const finding = findings.find((finding) => finding.id === id)
      t.equal(finding?.level, level)
      t.match(`${finding?.found}\n${finding?.cost}\n${finding?.advice}`, text)
      if (level !== 'ok') t.not(finding?.cost, '')
      // What a small snapshot changes elsewhere aside.
      const others = (all: typeof findings) => all.filter((finding) => finding.id !== id)
      t.strictSame(others(findings), others(good))
    })
  }
})
