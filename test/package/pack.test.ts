/**
 * The package as users get it: packed, installed elsewhere without install scripts, and used.
 *
 * Method: `npm pack` with all its scripts runs in a copy of the checkout, so that nothing here is
 * rebuilt or removed. The copy has the objects that were compiled here, and prebuildify is given a
 * node-gyp that compiles only what is older than its source: the rest is as in a release. The
 * consumer is a folder outside the checkout; its files are in test/fixtures/package.
 */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CONSUMER_FILES = join(ROOT, 'test/fixtures/package')
const NOT_COPIED = new Set(['node_modules', '.git', '.tap', '.bench', 'dist', 'prebuilds'])
/** With their times, which say what need not be compiled again. */
const AS_IT_IS = { recursive: true, preserveTimestamps: true }
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc')
const TYPED_FILES = ['types.mts', 'types.cts']
const REGISTRY_SECONDS = 10

interface Manifest {
  name: string
  version: string
  bin: Record<string, string>
  dependencies: Record<string, string>
  scripts: Record<string, string>
}

const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** Without what tap and npm put into the environment of their children. */
function plainEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => {
    return !/^(npm_|NODE_OPTIONS$|NODE_V8_COVERAGE$|_?TAPJS_|TAP)/i.test(name)
  })
  return { ...Object.fromEntries(entries), ...more }
}

/** tap adds its loaders to the environment of Node children after the fact: env(1) drops them. */
function run(cwd: string, command: readonly string[], more?: Record<string, string>) {
  const variables = Object.entries(plainEnvironment(more)).map(
    ([name, value]) => `${name}=${value}`,
  )
  return spawnSync('env', ['-i', ...variables, ...command], { cwd, encoding: 'utf8' })
}

function runNode(cwd: string, ...args: readonly string[]): SpawnSyncReturns<string> {
  return run(cwd, [process.execPath, ...args])
}

function check(result: SpawnSyncReturns<string>): string {
  if (result.status !== 0) {
    throw new Error(`status ${result.status}\n${result.stdout}\n${result.stderr}`)
  }
  return result.stdout
}

function copyCheckout(to: string): void {
  const filter = (path: string) => {
    return dirname(path) !== ROOT.slice(0, -1) || !NOT_COPIED.has(basename(path))
  }
  cpSync(ROOT.slice(0, -1), to, { ...AS_IT_IS, filter })
  linkModules(join(ROOT, 'node_modules'), join(to, 'node_modules'))
}

/** Links to what is installed here, but for headers: their path is in the compiler's command. */
function linkModules(from: string, to: string): void {
  mkdirSync(to)
  for (const name of readdirSync(from)) {
    if (name === 'node-addon-api') cpSync(join(from, name), join(to, name), AS_IT_IS)
    else symlinkSync(join(from, name), join(to, name))
  }
}

/** A node-gyp for prebuildify, whose `rebuild` would compile everything anew. */
function writeBuildTool(path: string): void {
  const tool = join(ROOT, 'node_modules/node-gyp/bin/node-gyp.js')
  const headers = dirname(dirname(process.execPath))
  const options = existsSync(join(headers, 'include/node/node_api.h')) ? `--nodedir=${headers}` : ''
  const command = `'${process.execPath}' '${tool}' configure build --release ${options}`
  writeFileSync(path, `#!/bin/sh\nexec ${command}\n`, { mode: 0o755 })
}

function pack(work: string): string {
  const copy = join(work, 'checkout')
  copyCheckout(copy)
  const tool = join(work, 'build-tool')
  writeBuildTool(tool)
  const command = ['npm', 'pack', '--silent', `--pack-destination=${work}`]
  check(run(copy, command, { PREBUILD_NODE_GYP: tool }))
  return join(work, `${manifest.name}-${manifest.version}.tgz`)
}

/** Names in the tarball, without the folder that all are in. */
function listPackage(tarball: string): string[] {
  const names = check(run(dirname(tarball), ['tar', '-tzf', tarball]))
    .trim()
    .split('\n')
  return names.map((name) => name.replace(/^package\//, '')).sort()
}

/** npm's words where there is no way to the registry. */
function isUnreachable({ stderr, error }: SpawnSyncReturns<string>): boolean {
  const words = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT|network/
  return error !== undefined || words.test(stderr)
}

function install(consumer: string, tarball: string): SpawnSyncReturns<string> {
  cpSync(CONSUMER_FILES, consumer, { recursive: true })
  // The checkout's own compiler is not to see them: there is no `snapfork` installed in it.
  for (const file of TYPED_FILES) renameSync(join(consumer, `${file}.txt`), join(consumer, file))
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const patience = ['--fetch-retries=0', `--fetch-timeout=${REGISTRY_SECONDS * 1000}`]
  return run(consumer, ['npm', 'install', ...options, ...patience, tarball])
}

t.test('The packed package', async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'sf-package-'))
  t.teardown(() => rmSync(work, { recursive: true, force: true }))
  const tarball = pack(work)
  const names = listPackage(tarball)

  await t.test('holds what it needs to run, and the types', async (t) => {
    for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
      t.ok(names.includes(name), name)
    }
    for (const folder of ['dist', 'dist/cjs']) {
      for (const file of ['index.js', 'index.d.ts', 'native/load.cjs']) {
        t.ok(names.includes(`${folder}/${file}`), `${folder}/${file}`)
      }
    }
    for (const path of Object.values(manifest.bin)) t.ok(names.includes(path), path)
    const prebuilt = names.filter((name) => name.endsWith('.node'))
    t.strictSame(prebuilt.length, 1, 'one addon, for this platform')
    t.match(prebuilt[0], `prebuilds/${process.platform}-${process.arch}/${manifest.name}.`)
  })

  await t.test('holds no sources, tests or tools', async (t) => {
    const allowed = /^(package\.json|[A-Z_]+(\.md)?|(dist|prebuilds)\/.+)$/
    t.strictSame(
      names.filter((name) => !allowed.test(name)),
      [],
    )
    const unwanted = /\.(gyp|gypi|cc|h|def|mts|o|a)$|(?<!\.d)\.ts$|\.tsbuildinfo$|\/\.|test/
    t.strictSame(
      names.filter((name) => unwanted.test(name)),
      [],
    )
  })

  await t.test('asks npm for two dependencies and no work at install', async (t) => {
    t.strictSame(Object.keys(manifest.dependencies), ['node-gyp-build', 'pino'])
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      t.notHas(manifest.scripts, { [name]: String }, name)
    }
  })

  const consumer = join(work, 'consumer')
  const installed = install(consumer, tarball)
  if (installed.status !== 0 && isUnreachable(installed)) {
    console.error('*** no way to the npm registry: the installed package was not tried. ***')
    t.comment('the registry cannot be reached')
    await t.test('works where it is installed', { skip: 'no npm registry' }, async () => {})
    return
  }
  check(installed)

  await t.test('works where it is installed', async (t) => {
    for (const script of ['import.mjs', 'require.cjs', 'both.mjs', 'worker.mjs']) {
      await t.test(`by ${script}`, async (t) => {
        t.equal(check(runNode(consumer, script, join(consumer, `data-${script}`))), 'works\n')
      })
    }

    await t.test('by its command', async (t) => {
      const command = join(consumer, 'node_modules/.bin', manifest.name)
      t.equal(check(run(consumer, [command, '--version'])), `${manifest.version}\n`)
    })
  })

  await t.test('has types for .mts and .cts files under nodenext', async (t) => {
    const types = join(ROOT, 'node_modules/@types')
    const options = [
      ...['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023'],
      ...['--lib', 'es2023,esnext.disposable', '--types', 'node', '--typeRoots', types],
    ]
    t.equal(check(runNode(consumer, COMPILER, ...options, ...TYPED_FILES)), '')
  })

  await t.test('has types that refuse what is wrong', async (t) => {
    writeFileSync(
      join(consumer, 'wrong.mts'),
      "import { open } from 'snapfork'\nopen({ dir: 1 })\n",
    )
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck']
    t.match(runNode(consumer, COMPILER, ...options, 'wrong.mts').stdout, /wrong\.mts.*TS2322/)
  })
})
