/**
 * What a reader may rely on about the tree: layers, exclusive rights, sizes, headers, and that what
 * is written in two places is the same in both.
 *
 * Every rule is tried on a small bad sample as well: a rule that finds nothing might be broken.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readTree, type SourceFile } from './support/source-tree.js'
import {
  type Check,
  checkBannedWords,
  checkCppLayers,
  checkCycles,
  checkHeaders,
  checkInvariants,
  checkMentions,
  checkRights,
  checkSizes,
  checkTests,
  checkTestsImportDist,
  checkTypeScriptLayers,
  type Exceptions,
  LIMITS,
  type TestedElsewhere,
} from './support/tidy-rules.js'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

const SIZE_EXCEPTIONS: Exceptions = {}

const TESTED_ELSEWHERE: TestedElsewhere = {
  // The program as a whole, from outside.
  'lib/cli/': 'test/lib/cli/main.test.ts',
  // A chain of classes, of which the last one is tested with all of its methods.
  'lib/api/': 'test/lib/api/typed-methods.test.ts',
  // The commands, from end to end and against redis-server.
  'lib/commands/': 'test/compat/commands.test.ts',
  // The server, over sockets and beside redis-server.
  'lib/server/': 'test/compat/server-sessions.test.ts',
  // Between servers of both kinds, and others that are none.
  'lib/remote/': 'test/compat/migrate.test.ts',
  'lib/server/commands/': 'test/compat/server-sessions.test.ts',
  'lib/engine/server-info.ts': 'test/lib/server/server.test.ts',
  'lib/native/lanes.ts': 'test/compat/server-replies.test.ts',
  // Users, against redis-server.
  'lib/acl/': 'test/compat/acl.test.ts',
  'lib/config/': 'test/compat/config.test.ts',
  // BGSAVE and its like need an engine with files.
  'lib/commands/persistence.ts': 'test/lib/engine/snapfork.test.ts',
  // From end to end, and against redis-server.
  'lib/scripting/': 'test/compat/scripts.test.ts',
  'lib/native/scripts.ts': 'test/lib/scripting/scripts.test.ts',
  'lib/engine/child-settings.ts': 'test/lib/engine/saving.test.ts',
  'lib/engine/snapshot-settings.ts': 'test/lib/engine/saving.test.ts',
  'lib/engine/command-host.ts': 'test/lib/engine/snapfork.test.ts',
  'lib/engine/clock.ts': 'test/lib/engine/snapfork.test.ts',
  'lib/engine/load-files.ts': 'test/lib/engine/snapfork.test.ts',
  'lib/engine/loading.ts': 'test/lib/server/loading.test.ts',
  'lib/engine/open.ts': 'test/lib/engine/snapfork.test.ts',
  'lib/engine/log-recovery.ts': 'test/lib/persist/append-log.test.ts',
  'lib/engine/log-replay.ts': 'test/lib/persist/append-log.test.ts',
  'lib/engine/directory-lock.ts': 'test/lib/engine/snapfork.test.ts',
  'lib/persist/cut-tail.ts': 'test/lib/engine/check.test.ts',
  'lib/persist/log-files.ts': 'test/lib/persist/append-log.test.ts',
  'lib/persist/snapshot-identity.ts': 'test/lib/engine/log-switch.test.ts',
  // Constants of a forecast.
  'lib/persist/typical-disks.ts': 'test/lib/engine/forecast.test.ts',
  'lib/persist/thaw.ts': 'test/fork/isolation.test.ts',
  'lib/native/eviction.ts': 'test/lib/engine/eviction.test.ts',
  'lib/util/eviction.ts': 'test/lib/engine/eviction.test.ts',
  'lib/options/': 'test/lib/options.test.ts',
  'lib/native/log.ts': 'test/lib/persist/append-log.test.ts',
  'lib/native/replay.ts': 'test/lib/persist/append-log.test.ts',
  'lib/persist/snapshotter.ts': 'test/lib/engine/snapfork.test.ts',
  'lib/persist/save-record.ts': 'test/lib/engine/save-costs.test.ts',
  'lib/engine/metric-table.ts': 'test/lib/engine/metrics.test.ts',
  'lib/cow/pause.ts': 'test/lib/cow/cow-sampler.test.ts',
  'lib/cow/cost-meter.ts': 'test/lib/cow/cow-sampler.test.ts',
  // Constants, which the addon takes and gives.
  'lib/native/engine.ts': 'test/lib/api/typed-methods.test.ts',
  'lib/native/bitmaps.ts': 'test/compat/commands.test.ts',
  'lib/native/sets.ts': 'test/compat/commands.test.ts',
  'lib/native/sorted-sets.ts': 'test/compat/commands.test.ts',
  'lib/native/status-codes.ts': 'test/lib/native/status.test.ts',
  // It finds the addon where it is installed.
  'lib/native/load.cts': 'test/package/pack.test.ts',
  'lib/util/version.ts': 'test/package/pack.test.ts',
  // Two one-line functions.
  'lib/util/clock.ts': 'test/lib/persist/snapshot-job.test.ts',
}

/** Not to be found in this file. */
const BANNED = { fix: ['FIX', 'ME'].join(''), only: ['on', 'ly'].join('') }
const FOREIGN_PATH = ['/ho', 'me/somebody'].join('')
const UNDEFINED_ID = ['(J', '9)'].join('')

interface Rule {
  readonly name: string
  readonly check: Check
  /** Each has exactly one fault. */
  readonly samples: readonly (readonly [text: string, path: string, complaint: RegExp])[]
}

const LONG_FUNCTION_LINES = LIMITS.functionLines - 1
const MODULE = '/**\n * A file.\n *\n * @module\n */\n'

const RULES: readonly Rule[] = [
  {
    name: 'C++ files include from their own layer and the ones below',
    check: checkCppLayers,
    samples: [
      ['#include "fork/control_page.h"\n', 'native/mem/a.cc', /a layer above/],
      ['#include "status.h"\n', 'native/mem/a.cc', /without its folder/],
      ['', 'native/other/a.cc', /in no layer/],
    ],
  },
  {
    name: 'TypeScript files import as the table of layers allows',
    check: checkTypeScriptLayers,
    samples: [
      ["import { a } from '../commands/a.js'\n", 'lib/persist/a.ts', /persist must not know comma/],
      ["export type { A } from '../engine/a.js'\n", 'lib/util/a.ts', /util must not know engine/],
      ["const a = await import('../cli/a.js')\n", 'lib/api/a.ts', /api must not know cli/],
      ["type A = import('../api/a.js').A\n", 'lib/native/a.ts', /native must not know api/],
      ["import { a } from '../../test/a.js'\n", 'lib/api/a.ts', /api must not know test/],
      ['', 'lib/other/a.ts', /in no layer/],
    ],
  },
  {
    name: 'no file imports itself by way of others',
    check: checkCycles,
    samples: [
      ["import { a } from './a.js'\n", 'lib/api/a.ts', /a cycle: lib\/api\/a\.ts -> lib/],
      ['#include "mem/a.h"\n', 'native/mem/a.h', /a cycle/],
    ],
  },
  {
    name: 'tests and benchmarks import what is shipped',
    check: checkTestsImportDist,
    samples: [["import { a } from '../lib/a.js'\n", 'test/a.test.ts', /from dist/]],
  },
  {
    name: 'what one place alone may do is done there alone',
    check: checkRights,
    samples: [
      ['#include <node_api.h>\n', 'native/mem/a.cc', /Node-API only/],
      ['  const pid_t pid = fork();\n', 'native/addon/a.cc', /fork and wait only/],
      ['  waitpid(pid, nullptr, 0);\n', 'native/persist/a.cc', /fork and wait only/],
      ['  madvise(at, bytes, MADV_DONTFORK);\n', 'native/ds/a.cc', /mapping memory only/],
      ['  open("/proc/self/status", O_RDONLY);\n', 'native/mem/a.cc', /\/proc only/],
      ["import { Socket } from 'node:net'\n", 'lib/engine/a.ts', /node:net only/],
      ["require('node-gyp-build')\n", 'lib/engine/a.ts', /\.node file only/],
      ["require('./a.node')\n", 'lib/engine/a.ts', /\.node file only/],
      ["import { spawn } from 'node:child_process'\n", 'lib/engine/a.ts', /other processes only/],
      ['console.log(1)\n', 'lib/engine/a.ts', /the process and its streams only/],
      ['process.exit(1)\n', 'lib/engine/a.ts', /the process and its streams only/],
      ['const [, , a] = process.argv\n', 'lib/engine/a.ts', /the process and its streams only/],
      ["readFile('/proc/self/smaps')\n", 'lib/engine/a.ts', /\/proc and \/sys only/],
      ['readFile(`/proc/' + '$' + '{pid}/smaps`)\n', 'lib/engine/a.ts', /\/proc and \/sys only/],
    ],
  },
  {
    name: 'no file has a word that is banned',
    check: checkBannedWords,
    samples: [
      ['  assert(a);\n', 'native/mem/a.cc', /SF_DCHECK/],
      ['  std::cout << a;\n', 'native/mem/a.cc', /nobody prints/],
      ['  fprintf(stderr, "a");\n', 'native/mem/a.cc', /nobody prints/],
      ['  return strerror(errno);\n', 'native/mem/a.cc', /the number/],
      ['  throw 1;\n', 'native/mem/a.cc', /a Status/],
      ['  exit(1);\n', 'native/fork/a.cc', /_exit/],
      [`// ${BANNED.fix}: later\n`, 'lib/a.ts', /the fix/],
      [`t.${BANNED.only}('a', () => {})\n`, 'test/a.test.ts', /would not run/],
      [`See ${FOREIGN_PATH}.\n`, 'docs/a.md', /a path that others have/],
      [`As ${['iss', 'ue 4'].join('')} says.\n`, 'docs/a.md', /the reason/],
      [`As of ${['this sess', 'ion'].join('')}.\n`, 'docs/a.md', /the project/],
    ],
  },
  {
    name: 'every file opens by saying what it is',
    check: checkHeaders,
    samples: [
      ['// b.cc - something.\n', 'native/mem/a.cc', /the first line must be "\/\/ a\.cc - "/],
      ['// a.h - something.\n', 'native/mem/a.h', /#pragma once/],
      ['export const a = 1\n', 'lib/a.ts', /@module must come first/],
      ['/** Something. */\nexport const a = 1\n', 'lib/a.ts', /@module must come first/],
    ],
  },
  {
    name: 'functions, lines and files keep to their lengths',
    check: checkSizes(SIZE_EXCEPTIONS),
    samples: [
      [`void A() {\n${'  a();\n'.repeat(LONG_FUNCTION_LINES)}}\n`, 'native/a.cc', /a\.cc A: 71/],
      [`void A::B(int a,\n    int b) {\n${'  a();\n'.repeat(70)}}\n`, 'native/a.cc', /B: 73/],
      [`class A {\n  void C() {\n${'    a();\n'.repeat(70)}  }\n};\n`, 'native/a.h', /C: 72/],
      [`function a() {\n${'  b()\n'.repeat(LONG_FUNCTION_LINES)}}\n`, 'lib/a.ts', /a\.ts a: 71/],
      [`const a = () => {\n${'  b()\n'.repeat(70)}}\n`, 'lib/a.ts', /a\.ts a: 72/],
      [`t.test('a', () => {\n${'  b()\n'.repeat(70)}})\n`, 'test/a.test.ts', /a\.test\.ts a: 72/],
      [`// ${'a'.repeat(LIMITS.columns)}\n`, 'lib/a.ts', /columns: 103/],
      ['a()\n'.repeat(LIMITS.fileLines + 1), 'lib/a.ts', /a\.ts: 601 is too long/],
    ],
  },
  {
    name: 'an invariant that is cited is defined',
    check: checkInvariants,
    samples: [
      [
        '// a.h - a thing.\n//   (A1) It holds.\n\nint a;  // (A2)\n',
        'native/mem/a.h',
        /\(A2\) is/,
      ],
      [`${MODULE}\nexport const a = 1 // ${UNDEFINED_ID}\n`, 'lib/a.ts', /\(J9\) is not/],
    ],
  },
  {
    name: 'every file of lib/ has its test',
    check: checkTests(TESTED_ELSEWHERE),
    samples: [[`${MODULE}export const a = 1\n`, 'lib/engine/a.ts', /a\.test\.ts is missing/]],
  },
  {
    name: 'what documents and comments mention exists',
    check: checkMentions,
    samples: [
      ['See `lib/no/such-file.ts`.\n', 'docs/a.md', /there is none/],
      ['See [another](other.md).\n', 'docs/a.md', /docs\/other\.md: there is none/],
      ['// As native/mem/no_such.h says.\n', 'native/a.cc', /there is none/],
    ],
  },
]

const tree = readTree(ROOT)

for (const { name, check, samples } of RULES) {
  t.test(name, async (t) => {
    t.strictSame(check(tree), [])
  })

  t.test(`it is found where it does not hold: ${name}`, async (t) => {
    const known = new Set(check([]))
    for (const [text, path, complaint] of samples) {
      const sample: SourceFile = { path, text }
      const complaints = check([sample]).filter((text) => !known.has(text))
      t.equal(complaints.length, 1, `${path}: one complaint`, { complaints, text })
      t.match(complaints[0], complaint)
    }
  })
}

t.test('an exception from a length is as small as it can be', async (t) => {
  const long: SourceFile = { path: 'lib/a.ts', text: 'a()\n'.repeat(LIMITS.fileLines + 5) }
  t.strictSame(checkSizes({ 'lib/a.ts': 605 })([long]), [])
  t.match(checkSizes({ 'lib/a.ts': 604 })([long]), [/605 is too long/])
  t.match(checkSizes({ 'lib/a.ts': 700 })([long]), [/lower its exception to 605/])
  t.match(checkSizes({ 'lib/b.ts': 700 })([]), [/remove its exception/])
})

t.test('generated files are as they are generated', async (t) => {
  const script = fileURLToPath(new URL('../scripts/generate.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  t.equal(status, 0, stderr)
})
