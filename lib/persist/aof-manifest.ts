/**
 * The manifest of an append-only log: which files it consists of, in Redis's format.
 *
 *     file <name> seq <n> type <b|h|i>
 *
 * One line a file: the base, then what is history, then the incremental files in order. Pure: text
 * in, files out.
 *
 * @module
 */

export interface ManifestFile {
  /** Bare name in the directory of the log. */
  readonly name: string
  /** Bases and incremental files count on their own, from 1. */
  readonly sequence: number
}

export interface Manifest {
  readonly base: ManifestFile | null
  /** In order; the last one is being written. */
  readonly incremental: readonly ManifestFile[]
  /** No longer needed; to be removed. Newest first. */
  readonly history: readonly ManifestFile[]
  /** Of a log that was switched off: what snapshot there was then. A comment to Redis. */
  readonly endedWith?: string | undefined
}

export const EMPTY_MANIFEST: Manifest = { base: null, incremental: [], history: [] }

/** Longest line, its end included: Redis's limit. */
const LINE_BYTES_MAX = 1024

const ENDED = '# switched off beside snapshot '

/** What is wrong with a manifest, and in which line, from 1. */
export class ManifestError extends Error {
  readonly line: number

  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`)
    this.line = line
  }
}

/** The sequence number of the next base, and of the next incremental file. */
export function nextSequences({ base, incremental }: Manifest): {
  base: number
  incremental: number
} {
  return { base: (base?.sequence ?? 0) + 1, incremental: (incremental.at(-1)?.sequence ?? 0) + 1 }
}

export function formatManifest({ base, incremental, history, endedWith }: Manifest): string {
  const lineOf = (type: string) => (file: ManifestFile) =>
    `file ${quoted(file.name)} seq ${file.sequence} type ${type}\n`
  return [
    ...(base === null ? [] : [base].map(lineOf('b'))),
    ...history.map(lineOf('h')),
    ...incremental.map(lineOf('i')),
    ...(endedWith === undefined ? [] : [`${ENDED}${endedWith}\n`]),
  ].join('')
}

/**
 * Reads a manifest as latin1 text, a character a byte. Unknown pairs of words are passed over.
 *
 * @throws {ManifestError}
 */
export function parseManifest(text: string): Manifest {
  if (text === '') throw new ManifestError(1, 'the manifest is empty')
  let base: ManifestFile | null = null
  const incremental: ManifestFile[] = []
  const history: ManifestFile[] = []
  let endedWith: string | undefined
  let number = 0
  for (let at = 0; at < text.length; ) {
    number += 1
    const end = text.indexOf('\n', at)
    const line = text.slice(at, end === -1 ? undefined : end + 1)
    at += line.length
    if (line.startsWith(ENDED)) endedWith = line.slice(ENDED.length).trim()
    if (line.startsWith('#')) continue
    if (end === -1) throw new ManifestError(number, 'the line does not end')
    if (line.length > LINE_BYTES_MAX) throw new ManifestError(number, 'the line is too long')
    const [type, file] = parseLine(line, number)
    if (type === 'b') {
      if (base !== null) throw new ManifestError(number, 'there is a base already')
      base = file
    } else if (type === 'h') {
      history.push(file)
    } else {
      const last = incremental.at(-1)
      if (last !== undefined && file.sequence <= last.sequence) {
        throw new ManifestError(number, 'the sequence numbers do not ascend')
      }
      incremental.push(file)
    }
  }
  return { base, incremental, history, ...(endedWith === undefined ? {} : { endedWith }) }
}

function parseLine(line: string, number: number): [type: 'b' | 'h' | 'i', file: ManifestFile] {
  const words = splitWords(line, number)
  if (words.length === 0) throw new ManifestError(number, 'the line is blank')
  if (words.length % 2 !== 0 || words.length < 6) {
    throw new ManifestError(number, 'the line is not made of pairs of words')
  }
  let name = ''
  let sequence = 0
  let type = ''
  for (let at = 0; at < words.length; at += 2) {
    const [key = '', value = ''] = words.slice(at, at + 2)
    if (/^file$/i.test(key)) name = value
    else if (/^seq$/i.test(key)) sequence = parseSequence(value, number)
    else if (/^type$/i.test(key)) type = value.charAt(0)
  }
  if (name === '' || sequence === 0 || type === '') {
    throw new ManifestError(number, 'file, seq or type is missing')
  }
  if (name.includes('/')) throw new ManifestError(number, 'the file is not a bare name')
  if (type !== 'b' && type !== 'h' && type !== 'i') {
    throw new ManifestError(number, `there is no type '${type}'`)
  }
  return [type, { name, sequence }]
}

function parseSequence(text: string, line: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value
  throw new ManifestError(line, 'seq is not a positive integer')
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' }
const WORD = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s"']+))(?=\s|$)/y

/** Words as on a command line: blanks between them, in quotes where they hold blanks. */
function splitWords(line: string, number: number): string[] {
  const words: string[] = []
  const text = line.trim()
  WORD.lastIndex = 0
  while (WORD.lastIndex < text.length) {
    const match = WORD.exec(text)
    if (match === null) throw new ManifestError(number, 'quotes do not match')
    const [, double, single, plain = ''] = match
    if (double !== undefined) words.push(unescaped(double))
    else words.push(single === undefined ? plain : single.replaceAll("\\'", "'"))
  }
  return words
}

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (_, hex: string | undefined, one: string) =>
    hex === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** A name that is not plain, in quotes. */
function quoted(name: string): string {
  if (/^[!#-&(-[\]-~]+$/.test(name)) return name
  const names = Object.fromEntries(Object.entries(ESCAPES).map(([name, char]) => [char, name]))
  const escaped = name.replace(/[^ !#-[\]-~]/g, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`
    const known = names[char]
    if (known !== undefined) return `\\${known}`
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${escaped}"`
}
