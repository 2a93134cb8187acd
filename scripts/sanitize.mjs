/**
 * Builds the native layers and their tests with sanitizers and assertions, and runs them.
 *
 *     node scripts/sanitize.mjs [address,undefined | thread] [filter]
 *
 * The addon itself is left out: V8 under a sanitizer would tell of V8.
 */

import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const LAYERS = [
  ...['base', 'mem', 'ds', 'keyspace', 'commands', 'persist', 'server', 'fork', 'script'],
]
const VENDORED = ['native/vendor/lua', 'native/vendor/lua-cjson']
const [sanitizers = 'address,undefined', filter = ''] = process.argv.slice(2)

const FLAGS = [
  ...['-std=c++20', '-fno-exceptions', '-fno-rtti', '-O1', '-g1', '-pthread'],
  ...['-Wall', '-Wextra', '-Werror', '-Wshadow', '-DSNAPFORK_DEBUG'],
  ...[`-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'],
  ...['-Inative', '-Itest/native'],
]

const output = join('build', `sanitize-${sanitizers.replaceAll(',', '-')}`)
mkdirSync(join(ROOT, output), { recursive: true })
const compiler = process.env.CXX ?? 'g++'
const sources = [...LAYERS.map((layer) => `native/${layer}`), 'test/native'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.cc'))
    .map((name) => `${folder}/${name}`),
)
const vendored = VENDORED.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.c'))
    .map((name) => `${folder}/${name}`),
)
const objectOf = (source) => join(output, `${basename(dirname(source))}-${basename(source)}.o`)

// Lua counts on integers that wrap around, and is built so (-fwrapv).
const cFlags = [
  ...['-O1', '-g1', '-w', `-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all'],
  ...['-fno-sanitize=undefined', '-fwrapv'],
  ...['-fno-omit-frame-pointer', '-Inative/vendor/lua'],
]
const waiting = [...sources, ...vendored]
const workers = Array.from({ length: availableParallelism() }, async () => {
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    const isOurs = source.endsWith('.cc')
    const [program, flags] = isOurs ? [compiler, FLAGS] : [process.env.CC ?? 'gcc', cFlags]
    await run(program, [...flags, '-c', source, '-o', objectOf(source)])
  }
})
await Promise.all(workers)
const program = join(output, 'snapfork_native_test')
await run(compiler, [...FLAGS, ...[...sources, ...vendored].map(objectOf), '-o', program])
await run(join(ROOT, program), filter === '' ? [] : [filter])

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' })
    child.once('error', (error) => fail(`${command}: ${error.message}`))
    child.once('exit', (code) => (code === 0 ? resolve() : fail(`${command} ended with ${code}`)))
  })
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
