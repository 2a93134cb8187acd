/**
 * A line as words, as Redis splits those of redis.conf: latin1 text, a character a byte.
 *
 * Words may have quotes: in double ones `\n`, `\r`, `\t`, `\b`, `\a` and `\xff` mean what they mean
 * in C, in single ones only `\'` is special. A quote that closes has to be the end of its word.
 *
 * @module
 */

const SPACE = /[ \t\n\v\f\r]/
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
}

interface Word {
  readonly text: string
  /** Behind it. */
  readonly end: number
}

/** null if a quote is not closed, or goes on behind its end. What follows a NUL does not count. */
export function splitWords(line: string): string[] | null {
  const [text = ''] = line.split('\0', 1)
  const words: string[] = []
  for (let at = 0; ; ) {
    while (SPACE.test(text[at] ?? '')) at += 1
    if (at >= text.length) return words
    const word = readWord(text, at)
    if (word === null) return null
    words.push(word.text)
    at = word.end
  }
}

function readWord(line: string, start: number): Word | null {
  let text = ''
  let at = start
  while (at < line.length && !SPACE.test(line[at] as string)) {
    const char = line[at] as string
    if (char === '"' || char === "'") {
      const quoted = char === '"' ? readDouble(line, at + 1) : readSingle(line, at + 1)
      const next = quoted === null ? '' : (line[quoted.end] ?? ' ')
      return quoted !== null && SPACE.test(next) ? { ...quoted, text: text + quoted.text } : null
    }
    text += char
    at += 1
  }
  return { text, end: at }
}

function readDouble(line: string, start: number): Word | null {
  let text = ''
  for (let at = start; at < line.length; ++at) {
    const char = line[at] as string
    if (char === '"') return { text, end: at + 1 }
    const hex = /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4))?.[1]
    if (hex !== undefined) {
      text += String.fromCharCode(Number.parseInt(hex, 16))
      at += 3
    } else if (char === '\\' && at + 1 < line.length) {
      at += 1
      const escaped = line[at] as string
      text += ESCAPES[escaped] ?? escaped
    } else {
      text += char
    }
  }
  return null
}

function readSingle(line: string, start: number): Word | null {
  let text = ''
  for (let at = start; at < line.length; ++at) {
    const char = line[at] as string
    if (char === "'") return { text, end: at + 1 }
    if (char === '\\' && line[at + 1] === "'") at += 1
    text += line[at]
  }
  return null
}

/** Text in double quotes that {@link splitWords} reads as it was. */
export function quoted(text: string): string {
  const inner = text.replace(/[^\x20-\x7e]|["\\]/g, (char) => {
    const letter = Object.keys(ESCAPES).find((one) => ESCAPES[one] === char)
    if (letter !== undefined) return `\\${letter}`
    if (char === '"' || char === '\\') return `\\${char}`
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
  return `"${inner}"`
}
