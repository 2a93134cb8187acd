/**
 * The first line of a script or library: `#!lua name=value ...`.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { SCRIPT_FLAGS } from '../native/scripts.js'

export interface ScriptHead {
  /** Bits of {@link SCRIPT_FLAGS}; null if there is no such line: then commands decide. */
  readonly flags: number | null
}

/** @param code latin1 */
export function readScriptHead(code: string): ScriptHead {
  if (!code.startsWith('#!')) return { flags: null }
  const end = code.indexOf('\n')
  if (end < 0) throw new ReplyError('ERR Invalid script shebang')
  const words = splitWords(code.slice(0, end))
  if (words === null) throw new ReplyError('ERR Invalid engine in script shebang')
  const [engine = '', ...options] = words
  if (engine !== '#!lua') {
    throw ReplyError.ofLatin1(`ERR Unexpected engine in script shebang: ${engine}`)
  }
  let flags = 0
  for (const option of options) {
    if (!option.startsWith('flags=')) {
      throw ReplyError.ofLatin1(`ERR Unknown lua shebang option: ${option}`)
    }
    flags |= readFlags(option.slice('flags='.length))
  }
  return { flags }
}

function readFlags(text: string): number {
  if (text === '') return 0
  let flags = 0
  for (const name of text.split(',')) {
    const bit = (SCRIPT_FLAGS as readonly string[]).indexOf(name)
    if (bit < 0) throw ReplyError.ofLatin1(`ERR Unexpected flag in script shebang: ${name}`)
    flags |= 1 << bit
  }
  return flags
}

/**
 * The name in the first line of a library.
 *
 * @param code latin1
 */
export function readLibraryName(code: string): string {
  if (!code.startsWith('#!')) throw new ReplyError('ERR Missing library metadata')
  const end = code.indexOf('\n')
  if (end < 0) throw new ReplyError('ERR Invalid library metadata')
  const words = splitWords(code.slice(0, end))
  if (words === null) throw new ReplyError('ERR Invalid library metadata')
  const [engine = '', ...options] = words
  let name: string | null = null
  for (const option of options) {
    if (!option.toLowerCase().startsWith('name=')) {
      throw ReplyError.ofLatin1(`ERR Invalid metadata value given: ${option}`)
    }
    if (name !== null) {
      throw new ReplyError('ERR Invalid metadata value, name argument was given multiple times')
    }
    name = option.slice('name='.length)
  }
  if (name === null) throw new ReplyError('ERR Library name was not given')
  if (!/^\w+$/.test(name)) {
    throw new ReplyError(
      'ERR Library names can only contain letters, numbers, or underscores(_) and must be at ' +
        'least one character long',
    )
  }
  if (engine.toLowerCase() !== '#!lua') {
    throw ReplyError.ofLatin1(`ERR Engine '${engine.slice('#!'.length)}' not found`)
  }
  return name
}

/**
 * Words between blanks; quotes hold one together, as on Redis's command line.
 *
 * @returns null if a quote is not closed, or something follows it at once.
 */
function splitWords(line: string): string[] | null {
  const words: string[] = []
  const word = new RegExp(WORD, 'y')
  for (let at = 0; ; at = word.lastIndex) {
    at += /^[\s\0]*/.exec(line.slice(at))?.[0].length ?? 0
    if (at >= line.length) return words
    word.lastIndex = at
    const found = word.exec(line)
    if (found === null) return null
    words.push(unquote(found[0]))
  }
}

/** Plain characters, then quoted ones, behind which a blank or the end must come. */
const WORD = /[^\s"']*(?:"(?:\\.|[^"\\])*"|'(?:\\'|[^'])*')?(?=\s|$)/

function unquote(word: string): string {
  return word
    .replace(/"((?:\\.|[^"\\])*)"$/, (_, text: string) => text.replace(/\\(.)/g, '$1'))
    .replace(/'((?:\\'|[^'])*)'$/, (_, text: string) => text.replace(/\\'/g, "'"))
}
