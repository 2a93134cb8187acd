/**
 * The files of a checkout as text, and what tidy checks ask of a source: its imports, its code
 * without comments, the length of its functions.
 *
 * TypeScript is read by its own parser. C++ is read by eye: comments are blanked, and a function is
 * what starts and ends at the same indentation, as clang-format leaves it.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join, normalize } from 'node:path'
import ts from 'typescript'

export interface SourceFile {
  /** Relative to the root of the checkout. */
  readonly path: string
  readonly text: string
}

export interface FunctionLength {
  readonly name: string
  readonly lines: number
}

const NOT_READ = new Set(['node_modules', '.git', '.tap', '.bench', 'build', 'dist', 'prebuilds'])
/** Sources of others are in folders of this one. */
const VENDORED = 'native/vendor'
const TEXT = /\.(ts|cts|mts|mjs|cjs|cc|h|def|gyp|md|svg|json|txt|toml|sh)$|^[.A-Z]|(^|\/)run$/
const NOT_OURS = /^(package-lock\.json|bench\/results\/.*)$/

/** All text files of ours below `root`. */
export function readTree(root: string, folder = ''): SourceFile[] {
  const files: SourceFile[] = []
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (folder === VENDORED && entry.isDirectory()) continue
    if (entry.isDirectory() && !NOT_READ.has(entry.name)) files.push(...readTree(root, path))
    if (!entry.isFile() || !TEXT.test(path) || NOT_OURS.test(path)) continue
    files.push({ path, text: readFileSync(join(root, path), 'utf8') })
  }
  return files
}

export function isCpp({ path }: SourceFile): boolean {
  return /\.(cc|h)$/.test(path)
}

export function isTypeScript({ path }: SourceFile): boolean {
  return /\.(ts|cts|mts)$/.test(path)
}

export function isBelow(folder: string): (file: SourceFile) => boolean {
  return ({ path }) => path.startsWith(`${folder}/`)
}

/** C++ with its comments as blanks; lines stay where they are. */
export function cppCode({ text }: SourceFile): string {
  const token =
    /\/\/.*|\/\*[\s\S]*?\*\/|R"(\w*)\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])*'/g
  return text.replace(token, (found) => {
    return found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found
  })
}

/** Paths below native/ that are included with quotes. */
export function cppIncludes({ text }: SourceFile): string[] {
  return [...text.matchAll(/^#include "(.+)"$/gm)].map(([, path]) => path as string)
}

const parsed = new WeakMap<SourceFile, ts.SourceFile>()

function parse(file: SourceFile): ts.SourceFile {
  let tree = parsed.get(file)
  if (tree === undefined) {
    tree = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true)
    parsed.set(file, tree)
  }
  return tree
}

/** Every node of a TypeScript file. */
export function* nodesOf(file: SourceFile): Generator<ts.Node, void, undefined> {
  const rest: ts.Node[] = [parse(file)]
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    yield node
    node.forEachChild((child) => {
      rest.push(child)
    })
  }
}

/** Module names as they are written: of imports, re-exports, `import()` and `require`. */
export function moduleNames(file: SourceFile): string[] {
  const names: string[] = []
  for (const node of nodesOf(file)) {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      if (node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
        names.push(node.moduleSpecifier.text)
      }
    } else if (ts.isCallExpression(node)) {
      const called = node.expression.getText()
      const [argument] = node.arguments
      if (called !== 'require' && called !== 'import') continue
      if (argument && ts.isStringLiteral(argument)) names.push(argument.text)
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      names.push(node.argument.literal.getText().slice(1, -1))
    }
  }
  return names
}

/** The files of the tree that a TypeScript file imports. */
export function imports(file: SourceFile): string[] {
  const relative = moduleNames(file).filter((name) => name.startsWith('.'))
  return relative.map((name) => {
    const path = normalize(join(dirname(file.path), name))
    return path.replace(/\.(c|m)?js$/, '.$1ts')
  })
}

/** `a.b` for every access to a property of a plain name, and every name that is called. */
export function uses(file: SourceFile): string[] {
  const found: string[] = []
  for (const node of nodesOf(file)) {
    if (ts.isPropertyAccessExpression(node)) {
      found.push(`${node.expression.getText().split(/\W/, 1)[0]}.${node.name.text}`)
    }
  }
  return found
}

/** The texts of string and template literals. */
export function literals(file: SourceFile): string[] {
  const found: string[] = []
  for (const node of nodesOf(file)) {
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) found.push(node.text)
  }
  return found
}

/** Whether there is more in the file than types and re-exports. */
export function hasCode(file: SourceFile): boolean {
  return parse(file).statements.some((statement) => {
    return !(
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement)
    )
  })
}

export function functionLengths(file: SourceFile): FunctionLength[] {
  return isCpp(file) ? cppFunctionLengths(file) : typeScriptFunctionLengths(file)
}

/** In tests, what is in a function within does not count: suites are functions around functions. */
function typeScriptFunctionLengths(file: SourceFile): FunctionLength[] {
  const countsInner = !file.path.startsWith('test/')
  const lengths: FunctionLength[] = []
  for (const node of nodesOf(file)) {
    if (!isFunctionWithBody(node)) continue
    const inner = countsInner ? 0 : innerLines(node)
    lengths.push({ name: nameOf(node), lines: linesOf(node) - inner })
  }
  return lengths
}

function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

function innerLines(node: ts.Node): number {
  let lines = 0
  node.forEachChild((child) => {
    lines += isFunctionWithBody(child) ? linesOf(child) - 1 : innerLines(child)
  })
  return lines
}

function linesOf(node: ts.Node): number {
  const source = node.getSourceFile()
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line
  return lineAt(node.end) - lineAt(node.getStart()) + 1
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (node.name !== undefined) return node.name.getText()
  const { parent } = node
  if (ts.isVariableDeclaration(parent)) return parent.name.getText()
  if (ts.isCallExpression(parent)) {
    const [first] = parent.arguments
    if (first && ts.isStringLiteralLike(first)) return first.text
  }
  return '(a function)'
}

const NO_FUNCTION = /^\s*(namespace|struct|class|enum|union|extern|if|for|while|switch|else|do)\b/

function cppFunctionLengths(file: SourceFile): FunctionLength[] {
  const lines = cppCode(file).split('\n')
  const lengths: FunctionLength[] = []
  for (let at = 0; at < lines.length; ++at) {
    const line = (lines[at] as string).trimEnd()
    if (!line.endsWith('{') || !(line.includes(')') || /^ {4,}\S/.test(line))) continue
    const start = statementStart(lines, at)
    const first = lines[start] as string
    const indent = first.length - first.trimStart().length
    if (
      indent > 2 ||
      NO_FUNCTION.test(first) ||
      !lines
        .slice(start, at + 1)
        .join('')
        .includes('(')
    ) {
      continue
    }
    const end = lines.findIndex((text, index) => {
      return index > at && new RegExp(`^ {${indent}}\\}`).test(text)
    })
    if (end < 0) continue
    lengths.push({ name: /[\w:~]+(?=\()/.exec(first)?.[0] ?? first.trim(), lines: end - start + 1 })
  }
  return lengths
}

/** Up to where a statement that spans several lines began. */
function statementStart(lines: readonly string[], at: number): number {
  let start = at
  while (start > 0) {
    const before = (lines[start - 1] as string).trimEnd()
    if (before === '' || /[;{}:>]$/.test(before) || before.startsWith('#')) break
    start -= 1
  }
  return start
}

export function withoutExtension(path: string): string {
  return path.slice(0, path.length - extname(path).length)
}
