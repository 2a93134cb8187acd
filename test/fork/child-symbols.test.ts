/**
 * What the code of the forked child needs from outside its library, held against a list.
 *
 * All that the child runs is in the static library snapfork_child (native/base/child_safe.h). A
 * function that is not async-signal-safe can only come in as an undefined symbol of it: malloc, a
 * lock, `operator new`, the guard of a function-local static, a C++ runtime function. Templates and
 * inline functions of the standard library are compiled into the library and checked with it.
 *
 * The check does not see what is called through a pointer that somebody else filled in: the plan
 * that the parent makes holds none but those of this library.
 */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { listSymbols, neededFromOutside, notAllowed } from '../support/undefined-symbols.js'

/** On the list of signal-safety(7). Names with 64 are those of files larger than 2 GiB. */
const ASYNC_SIGNAL_SAFE = [
  '_exit',
  'clock_gettime',
  'close',
  'fsync',
  'getppid',
  'open',
  'open64',
  'read',
  'rename',
  'sigaction',
  'sigemptyset',
  'sigprocmask',
  'write',
  // Strings and memory: pure functions.
  'memchr',
  'memcmp',
  'memcpy',
  'memmove',
  'memset',
  'strlen',
]

/** Not on that list, but nothing around a system call in glibc and musl. */
const SYSTEM_CALLS = [
  'clock_nanosleep',
  'getpriority',
  'getrlimit',
  'getrlimit64',
  'madvise',
  'posix_fadvise',
  'posix_fadvise64',
  'prctl',
  'setpriority',
  'sync_file_range',
  'syscall',
]

/** No function that could do harm: addresses, thread-local errno, ends of the process. */
const OF_THE_COMPILER = [
  '_GLOBAL_OFFSET_TABLE_',
  '__errno_location',
  // Prints and aborts where the stack was overwritten.
  '__stack_chk_fail',
  '__stack_chk_guard',
  // What fortified builds make of memcpy and memset; they abort on an overflow.
  '__memcpy_chk',
  '__memmove_chk',
  '__memset_chk',
  // Doubles to text and back in libstdc++: tables and the stack, no locale.
  '_ZSt8to_charsPcS_dSt12chars_formati',
  '_ZSt10from_charsPKcS0_RdSt12chars_format',
  // Placeholder of a pure virtual function in a table: never called.
  '__cxa_pure_virtual',
]

const ALLOWED: ReadonlySet<string> = new Set([
  ...ASYNC_SIGNAL_SAFE,
  ...SYSTEM_CALLS,
  ...OF_THE_COMPILER,
])

const LIBRARIES = ['build/Release/obj.target/snapfork_child.a', 'build/Release/snapfork_child.a']

function libraryPath(): string {
  const paths = LIBRARIES.map((path) => fileURLToPath(new URL(`../../${path}`, import.meta.url)))
  const path = paths.find(existsSync)
  if (path === undefined) throw new Error('snapfork_child.a is not there: npm run build:native')
  return path
}

t.test("The child's library", async (t) => {
  const needs = neededFromOutside(listSymbols(libraryPath()))

  await t.test('needs only async-signal-safe functions from outside', async (t) => {
    t.strictSame(notAllowed(needs, ALLOWED), [])
  })

  await t.test('is the one that has the code of the child', async (t) => {
    const listing = listSymbols(libraryPath())
    t.match(listing, / T _ZN8snapfork16RunSnapshotChildE/)
    t.match(listing, / T _ZN8snapfork17WriteSnapshotFileE/)
    for (const name of ['_exit', 'close', 'prctl', 'rename', 'sigaction', 'write']) {
      t.ok(needs.has(name), `${name} is seen as needed`)
    }
  })
})

t.test('neededFromOutside()', async (t) => {
  const listing = `
first.o:
0000000000000000 T _Z5firstv
                 U _Z6secondv
                 U write@GLIBC_2.2.5
                 U malloc
                 w __gmon_start__
0000000000000010 t hidden
0000000000000000 r .LC0

second.o:
                 U _Znwm
                 U malloc
                 U hidden
                 U __cxa_guard_acquire
                 U _ZSt20__throw_length_errorPKc
                 U pthread_mutex_lock
0000000000000000 T _Z6secondv
0000000000000000 W _ZN6inlinev
0000000000000000 u _ZL6unique
`

  await t.test('leaves out what another member defines, and nothing else', async (t) => {
    const needs = neededFromOutside(listing)
    t.strictSame([...needs.keys()].sort(), [
      '_ZSt20__throw_length_errorPKc',
      '_Znwm',
      '__cxa_guard_acquire',
      '__gmon_start__',
      // A local symbol of another member is not the one that is meant.
      'hidden',
      'malloc',
      'pthread_mutex_lock',
      'write',
    ])
    t.strictSame(needs.get('malloc'), ['first.o', 'second.o'])
  })

  await t.test('makes the check fail on what allocates, locks or throws', async (t) => {
    const wrong = notAllowed(neededFromOutside(listing), ALLOWED)
    for (const name of ['malloc (first.o, second.o)', '_Znwm (second.o)', 'hidden (second.o)']) {
      t.ok(wrong.includes(name), name)
    }
    t.notOk(wrong.some((name) => name.startsWith('write')))
    t.equal(wrong.length, 7)
  })

  await t.test('knows that nothing which is not async-signal-safe is on the list', async (t) => {
    const harmful = [
      ...['malloc', 'calloc', 'realloc', 'free', '_Znwm', '_Znam', '_ZdlPv', 'posix_memalign'],
      ...['printf', 'fprintf', 'fwrite', 'snprintf', 'fopen', 'puts', 'stdout', 'exit', 'atexit'],
      ...['__cxa_guard_acquire', '__cxa_atexit', '__cxa_throw', '__tls_get_addr', 'fork'],
      ...['pthread_mutex_lock', 'opendir', 'strerror', 'getenv', 'localtime', 'std::terminate'],
    ]
    t.strictSame(
      harmful.filter((name) => ALLOWED.has(name)),
      [],
    )
  })
})
