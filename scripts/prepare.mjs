/**
 * Brings a checkout to the state in which it can be run: installs, compiles what is stale.
 *
 * `npm start` and `npm test` call it first, so that nothing else has to be typed after a clone.
 * It needs Node and npm alone: it must run before node_modules exists.
 *
 *     node scripts/prepare.mjs                whatever is missing or older than its sources
 *     node scripts/prepare.mjs --native       compile the addon in any case
 *     node scripts/prepare.mjs --typescript   compile lib/ in any case
 */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const ADDON = 'build/Release/snapfork.node'
const NATIVE_STAMP = 'build/.compiled'
const TYPESCRIPT_STAMP = 'dist/.compiled'

const wanted = new Set(process.argv.slice(2))
const isForced = wanted.size > 0

prepareModules()
if (isForced ? wanted.has('--native') : isNativeStale()) compileNative()
if (isForced ? wanted.has('--typescript') : isTypeScriptStale()) compileTypeScript()

function prepareModules() {
  if (areModulesCurrent()) return
  say('installing development dependencies')
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
}

/** npm keeps a copy of what it installed: compare versions, not times, which git does not keep. */
function areModulesCurrent() {
  const installed = readPackages('node_modules/.package-lock.json')
  if (installed === null) return false
  const locked = readPackages('package-lock.json') ?? {}
  return Object.entries(locked).every(([path, { version, optional, peer }]) => {
    if (path === '' || optional || peer) return true
    return installed[path]?.version === version
  })
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages
  } catch {
    return null
  }
}

function isNativeStale() {
  if (!existsSync(join(ROOT, ADDON))) return true
  return newest(['native', 'test/native', 'binding.gyp']) > timeOf(NATIVE_STAMP)
}

function isTypeScriptStale() {
  const sources = ['lib', 'tsconfig.base.json', 'tsconfig.json', 'tsconfig.cjs.json']
  return newest(sources) > timeOf(TYPESCRIPT_STAMP)
}

function compileNative() {
  say('compiling the addon')
  const startedAt = new Date()
  const tool = join(ROOT, 'node_modules/node-gyp/bin/node-gyp.js')
  const verb = existsSync(join(ROOT, 'build/Makefile')) ? ['configure', 'build'] : ['rebuild']
  run(process.execPath, [tool, ...verb, '--release', '-j', 'max', ...headerOptions()])
  stamp(NATIVE_STAMP, startedAt)
}

/** Headers that came with this Node save a download. */
function headerOptions() {
  const prefix = dirname(dirname(process.execPath))
  return existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : []
}

function compileTypeScript() {
  say('compiling lib/')
  const startedAt = new Date()
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  run(process.execPath, [compiler, '-p', 'tsconfig.json'])
  run(process.execPath, [compiler, '-p', 'tsconfig.cjs.json'])
  writeFileSync(join(ROOT, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n')
  stamp(TYPESCRIPT_STAMP, startedAt)
}

/** Written with the time the compiler started: what is saved meanwhile is compiled next time. */
function stamp(path, startedAt) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true })
  writeFileSync(join(ROOT, path), `${startedAt.getTime()}\n`)
}

function timeOf(stampPath) {
  try {
    return Number(readFileSync(join(ROOT, stampPath), 'utf8'))
  } catch {
    return 0
  }
}

/** Time of the last change to a file below `paths`, or to the list of files in a folder. */
function newest(paths) {
  let time = 0
  for (const path of paths) {
    const full = join(ROOT, path)
    if (!existsSync(full)) continue
    const stats = statSync(full)
    time = Math.max(time, stats.mtimeMs)
    if (stats.isDirectory()) {
      time = Math.max(time, newest(readdirSync(full).map((name) => join(path, name))))
    }
  }
  return time
}

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' })
  if (status === 0) return
  console.error(`snapfork: ${command} ${args.join(' ')} failed (${error ?? signal ?? status})`)
  process.exit(1)
}

function say(text) {
  console.error(`snapfork: ${text}`)
}
