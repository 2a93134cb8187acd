/**
 * The rules of the tree, each a function from files to complaints.
 *
 * The tables are data: who may import whom, who alone may do what, which file is too long and by
 * how much. A complaint says what to do instead, where that is not plain.
 *
 * @module
 */

import {
  cppCode,
  cppIncludes,
  functionLengths,
  hasCode,
  imports,
  isBelow,
  isCpp,
  isTypeScript,
  literals,
  moduleNames,
  type SourceFile,
  uses,
  withoutExtension,
} from './source-tree.js'

export type Check = (files: readonly SourceFile[]) => string[]

/** Highest first: a folder includes from itself and from those behind it. */
const CPP_LAYERS = [
  ...['addon', 'script', 'fork', 'server', 'persist', 'commands', 'keyspace'],
  ...['ds', 'mem', 'base', 'vendor'],
]

/** What a folder of lib/, or a file directly in it, imports apart from itself. */
const TYPESCRIPT_LAYERS: Readonly<Record<string, readonly string[]>> = {
  cli: ['index', 'server', 'config', 'engine', 'errors', 'util'],
  index: ['server', 'engine', 'api', 'persist', 'cow', 'host', 'options', 'errors', 'util'],
  server: [
    'engine',
    'config',
    'options',
    'acl',
    'scripting',
    'commands',
    'remote',
    'native',
    'errors',
    'util',
  ],
  engine: ['persist', 'cow', 'host', 'api', 'commands', 'options', 'native', 'errors', 'util'],
  persist: ['cow', 'native', 'errors', 'util'],
  cow: ['host', 'native', 'errors', 'util'],
  host: [],
  remote: [],
  acl: ['commands', 'errors', 'util'],
  config: ['options', 'commands', 'errors', 'util'],
  api: ['commands', 'native', 'errors', 'util'],
  options: ['commands', 'errors', 'util'],
  commands: ['scripting', 'native', 'errors', 'util'],
  scripting: ['commands', 'native', 'errors', 'util'],
  native: ['errors', 'util'],
  errors: [],
  util: [],
}

export const checkCppLayers: Check = (files) => {
  const complaints: string[] = []
  for (const file of files.filter(isBelow('native')).filter(isCpp)) {
    const layer = CPP_LAYERS.indexOf(file.path.split('/')[1] as string)
    if (layer < 0) complaints.push(`${file.path} is in no layer: add its folder to the table`)
    for (const path of cppIncludes(file)) {
      const other = CPP_LAYERS.indexOf(path.split('/')[0] as string)
      if (other < 0) complaints.push(`${file.path} includes "${path}" without its folder`)
      else if (other < layer) complaints.push(`${file.path} includes "${path}", a layer above it`)
    }
  }
  return complaints
}

function layerOf(path: string): string {
  return withoutExtension(path.split('/')[1] as string)
}

export const checkTypeScriptLayers: Check = (files) => {
  const complaints: string[] = []
  for (const file of files.filter(isBelow('lib')).filter(isTypeScript)) {
    const layer = layerOf(file.path)
    const allowed = TYPESCRIPT_LAYERS[layer]
    if (allowed === undefined) {
      complaints.push(`${file.path} is in no layer: add its folder to the table`)
      continue
    }
    for (const path of imports(file)) {
      const other = path.startsWith('lib/') ? layerOf(path) : path
      if (other === layer || allowed.includes(other)) continue
      complaints.push(`${file.path} imports ${path}: ${layer} must not know ${other}`)
    }
  }
  return complaints
}

export const checkCycles: Check = (files) => {
  const edges = new Map<string, readonly string[]>()
  for (const file of files.filter(isBelow('lib')).filter(isTypeScript)) {
    edges.set(file.path, imports(file))
  }
  for (const file of files.filter(isBelow('native')).filter(isCpp)) {
    const paths = cppIncludes(file).map((path) => `native/${path}`)
    edges.set(file.path, paths)
  }
  const complaints: string[] = []
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) complaints.push(`a cycle: ${[...trail.slice(start), path].join(' -> ')}`)
    if (start >= 0 || finished.has(path)) return
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path])
    finished.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return complaints
}

/** Tests and benchmarks use what is shipped. */
export const checkTestsImportDist: Check = (files) => {
  const outside = files.filter((file) => isBelow('test')(file) || isBelow('bench')(file))
  return outside.filter(isTypeScript).flatMap((file) => {
    const wrong = imports(file).filter((path) => path.startsWith('lib/'))
    return wrong.map((path) => `${file.path} imports ${path}: import it from dist/`)
  })
}

interface Right {
  readonly what: string
  /** Where it is done: a path, or the start of one. */
  readonly only: readonly string[]
  readonly pattern: RegExp
}

const CPP_RIGHTS: readonly Right[] = [
  { what: 'Node-API', only: ['native/addon/'], pattern: /#include <(node_api|napi|js_native_api)/ },
  {
    what: 'fork and wait',
    only: ['native/fork/'],
    pattern: /\b(v?fork|clone3?|wait(pid|id|3|4))\(|\bSYS_(v?fork|clone)/,
  },
  { what: 'mapping memory', only: ['native/mem/'], pattern: /\b(mmap|munmap|mremap|madvise)\(/ },
  // The child looks at itself: nothing else can, without a pause for the parent. And the engine
  // where its own heap begins.
  {
    what: '/proc',
    only: ['native/fork/self_memory.cc', 'native/mem/host_memory.cc'],
    pattern: /"\/(proc|sys)\/(?!self\/oom)/,
  },
  { what: "the child's badness", only: ['native/fork/'], pattern: /"\/proc\/self\/oom/ },
]

const MODULE_RIGHTS: readonly Right[] = [
  // The pipe that tells of a child's end: libuv polls it, while a file takes a thread to wait.
  {
    what: 'node:net',
    only: ['lib/server/', 'lib/remote/', 'lib/persist/snapshot-job.ts'],
    pattern: /^node:net$/,
  },
  { what: 'the .node file', only: ['lib/native/load.cts'], pattern: /^node-gyp-build$|\.node$/ },
  { what: 'other processes', only: ['lib/cli/'], pattern: /^node:(child_process|cluster)$/ },
]

const USE_RIGHTS: readonly Right[] = [
  {
    what: 'the process and its streams',
    only: ['lib/cli/'],
    pattern: /^(console\.|process\.(exit|exitCode|argv|stdin|stdout|stderr|abort)$)/,
  },
  { what: 'loading addons', only: ['lib/native/load.cts'], pattern: /^process\.dlopen$/ },
]

const LITERAL_RIGHTS: readonly Right[] = [
  { what: '/proc and /sys', only: ['lib/cow/', 'lib/host/'], pattern: /^\/(proc|sys)\// },
]

function complain(file: SourceFile, rights: readonly Right[], found: readonly string[]): string[] {
  const complaints: string[] = []
  for (const { what, only, pattern } of rights) {
    if (only.some((start) => file.path.startsWith(start))) continue
    const word = found.find((text) => pattern.test(text))
    if (word === undefined) continue
    complaints.push(`${file.path}: ${pattern.exec(word)?.[0]}: ${what} only in ${only.join(', ')}`)
  }
  return complaints
}

export const checkRights: Check = (files) => {
  const complaints: string[] = []
  for (const file of files.filter(isBelow('native')).filter(isCpp)) {
    complaints.push(...complain(file, CPP_RIGHTS, [cppCode(file)]))
  }
  for (const file of files.filter(isBelow('lib')).filter(isTypeScript)) {
    complaints.push(...complain(file, MODULE_RIGHTS, moduleNames(file)))
    complaints.push(...complain(file, USE_RIGHTS, uses(file)))
    complaints.push(...complain(file, LITERAL_RIGHTS, literals(file)))
  }
  return complaints
}

interface Ban {
  readonly pattern: RegExp
  readonly instead: string
}

const NATIVE_BANS: readonly Ban[] = [
  { pattern: /(?<!_)\bassert\(/, instead: 'SF_DCHECK or SF_CHECK' },
  {
    pattern: /\bstd::c(out|err)\b|(?<!n)\bf?printf\(|\bputs\(/,
    instead: 'a Status: nobody prints',
  },
  { pattern: /\bstrerror/, instead: 'the number: text is made in TypeScript' },
  { pattern: /\bthrow\b|\bcatch\s*\(/, instead: 'a Status' },
  { pattern: /\b(typeid|dynamic_cast)\b/, instead: 'a virtual function: there is no RTTI' },
  { pattern: /(?<!_)\bexit\(/, instead: 'a Status, or _exit in the child' },
]

/** Put together, so that this file does not hold what it looks for. */
function word(...parts: readonly string[]): RegExp {
  return new RegExp(parts.join(''))
}

const BANS_EVERYWHERE: readonly Ban[] = [
  { pattern: word('\\bFIX', 'ME\\b'), instead: 'the fix' },
  { pattern: word('@ts-', '(ignore|nocheck)'), instead: 'a type' },
  { pattern: word('/wor', 'k/|/ro', 'ot/|/ho', 'me/[a-z]'), instead: 'a path that others have' },
  {
    pattern: word('\\b[Ii]ss', 'ues? #?\\d|(?<![\\w&"\\\'])#', '\\d+\\b(?!:)'),
    instead: 'the reason',
  },
  {
    pattern: word('\\b([Tt]his|[Mm]y|[Nn]ext) sess', 'ion\\b|\\bLL', 'M\\b'),
    instead: 'the project',
  },
]

function findBans(file: SourceFile, bans: readonly Ban[], code: string): string[] {
  return bans.flatMap(({ pattern, instead }) => {
    const line = code.split('\n').findIndex((text) => pattern.test(text))
    if (line < 0) return []
    return [`${file.path}:${line + 1}: ${pattern.source}: use ${instead}`]
  })
}

export const checkBannedWords: Check = (files) => {
  const complaints = files.flatMap((file) => findBans(file, BANS_EVERYWHERE, file.text))
  for (const file of files.filter(isBelow('native')).filter(isCpp)) {
    complaints.push(...findBans(file, NATIVE_BANS, cppCode(file)))
  }
  for (const file of files.filter(isBelow('test')).filter(isTypeScript)) {
    const only = uses(file).find((use) => /^(t|test|tap)\.only$/.test(use))
    if (only !== undefined) complaints.push(`${file.path}: ${only}: the others would not run`)
  }
  return complaints
}

export const checkHeaders: Check = (files) => {
  const complaints: string[] = []
  for (const file of files) {
    const [first = ''] = file.text.split('\n', 1)
    const name = file.path.split('/').at(-1) as string
    if (isCpp(file)) {
      if (!first.startsWith(`// ${name} - `)) {
        complaints.push(`${file.path}: the first line must be "// ${name} - " and one phrase`)
      }
      if (name.endsWith('.h') && !file.text.includes('\n#pragma once\n')) {
        complaints.push(`${file.path}: #pragma once is missing`)
      }
    } else if (isTypeScript(file) && !/^test\/(?!support)/.test(file.path)) {
      const comment = /^(#!.*\n)?\/\*\*\n[\s\S]*?\*\//.exec(file.text)?.[0]
      if (!comment?.includes('\n * @module\n')) {
        complaints.push(`${file.path}: a comment with @module must come first`)
      }
    }
  }
  return complaints
}

export const LIMITS = { functionLines: 70, columns: 100, fileLines: 600 } as const

/** What is over a limit, by how much. A number may only shrink; at the limit its line goes. */
export type Exceptions = Readonly<Record<string, number>>

export function checkSizes(exceptions: Exceptions): Check {
  return (files) => {
    const sizes = new Map<string, number>()
    for (const file of files.filter((file) => isCpp(file) || isTypeScript(file))) {
      const lines = file.text.split('\n')
      const longest = functionLengths(file).sort((a, b) => b.lines - a.lines)[0]
      const widest = Math.max(...lines.map((line) => [...line].length))
      if (lines.length - 1 > LIMITS.fileLines) sizes.set(file.path, lines.length - 1)
      if (widest > LIMITS.columns) sizes.set(`${file.path} columns`, widest)
      if (longest !== undefined && longest.lines > LIMITS.functionLines) {
        sizes.set(`${file.path} ${longest.name}`, longest.lines)
      }
    }
    const complaints: string[] = []
    for (const [what, size] of sizes) {
      if (size > (exceptions[what] ?? 0)) complaints.push(`${what}: ${size} is too long`)
    }
    for (const [what, size] of Object.entries(exceptions)) {
      const now = sizes.get(what)
      if (now === undefined) complaints.push(`${what} is short enough: remove its exception`)
      else if (now < size) complaints.push(`${what}: lower its exception to ${now}`)
    }
    return complaints
  }
}

const DEFINED = /^(?:\/\/| \*) {1,4}\(([A-Z]\d{1,2})\) /gm
const CITED = /\(([A-Z]\d{1,2})\)/g

/** An invariant is defined in a header's comment; its own files cite it, and tests do. */
export const checkInvariants: Check = (files) => {
  const sources = files.filter((file) => isCpp(file) || isTypeScript(file))
  const defined = new Map<string, Set<string>>()
  const everywhere = new Set<string>()
  for (const file of sources.filter((file) => !file.path.startsWith('test/'))) {
    const ids = [...file.text.matchAll(DEFINED)].map(([, id]) => id as string)
    const stem = withoutExtension(file.path)
    defined.set(stem, new Set([...(defined.get(stem) ?? []), ...ids]))
    for (const id of ids) everywhere.add(id)
  }
  return sources.flatMap((file) => {
    const own = defined.get(withoutExtension(file.path)) ?? everywhere
    const cited = new Set([...file.text.matchAll(CITED)].map(([, id]) => id as string))
    const unknown = [...cited].filter((id) => !own.has(id))
    return unknown.map((id) => `${file.path}: (${id}) is not defined`)
  })
}

/**
 * Where a file of lib/ is tested that has no test of its name. A key that ends in `/` is a folder,
 * for all of whose files that holds.
 */
export type TestedElsewhere = Readonly<Record<string, string>>

export function checkTests(testedElsewhere: TestedElsewhere): Check {
  return (files) => {
    const paths = new Set(files.map(({ path }) => path))
    const unused = new Set(Object.keys(testedElsewhere))
    const complaints: string[] = []
    for (const file of files.filter(isBelow('lib')).filter(isTypeScript)) {
      const own = `test/${withoutExtension(file.path)}.test.ts`
      if (!hasCode(file) || paths.has(own)) continue
      const key = [file.path, file.path.replace(/[^/]*$/, '')].find((key) => key in testedElsewhere)
      if (key === undefined) complaints.push(`${file.path}: ${own} is missing`)
      else unused.delete(key)
    }
    for (const key of unused) complaints.push(`${key} has its own test: remove its exception`)
    for (const path of Object.values(testedElsewhere)) {
      if (!paths.has(path)) complaints.push(`there is no ${path}`)
    }
    return complaints
  }
}

const PATH_IN_TEXT =
  /\b(?:native|lib|test|docs|bench|scripts)\/[\w./-]+\.(?:ts|cts|cc|h|def|md|mjs)\b/g
const LINK = /\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g

/** Paths in documents and comments, and links between documents. */
export const checkMentions: Check = (files) => {
  const paths = new Set(files.map(({ path }) => path))
  const folders = new Set(files.map(({ path }) => path.replace(/\/[^/]*$/, '')))
  return files.filter(mentionsCount).flatMap((file) => {
    const named = [...file.text.matchAll(PATH_IN_TEXT)].map(([path]) => path)
    const base = file.path.includes('/') ? file.path.replace(/[^/]*$/, '') : ''
    const links = file.path.endsWith('.md') ? [...file.text.matchAll(LINK)] : []
    const linked = links.map(([, path]) => normalizeLink(base + path))
    const missing = [...named, ...linked].filter((path) => !paths.has(path) && !folders.has(path))
    return [...new Set(missing)].map((path) => `${file.path} mentions ${path}: there is none`)
  })
}

/** Not the tables of these rules, nor samples in tests, nor the history. */
function mentionsCount({ path }: SourceFile): boolean {
  return !/^(test\/|CHANGELOG)/.test(path) && !path.endsWith('.json')
}

function normalizeLink(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}
