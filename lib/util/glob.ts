/**
 * Redis's patterns on text, a character a byte, as native/base/glob.h has them on keys.
 *
 * `*` any bytes, `?` one, `[a-c]` one of a class, `[^a]` one that is not in it, `\` the next as is.
 * Nothing but the empty pattern matches the empty text.
 *
 * @module
 */

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Linear in the text for each star. */
export function globMatches(pattern: string, text: string, ignoresCase = false): boolean {
  return ignoresCase ? matches(lower(pattern), lower(text)) : matches(pattern, text)
}

function matches(pattern: string, text: string): boolean {
  if (text === '') return pattern === ''
  let at = 0
  let position = 0
  let afterStar = -1
  let starPosition = 0
  while (position < text.length) {
    if (pattern[at] === '*') {
      at += 1
      afterStar = at
      starPosition = position
      continue
    }
    const next = at < pattern.length ? matchOne(pattern, at, text[position] as string) : -1
    if (next >= 0) {
      at = next
      position += 1
    } else {
      if (afterStar < 0) return false
      // The star takes one more.
      starPosition += 1
      position = starPosition
      at = afterStar
    }
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}

/** Where the pattern goes on behind the element at `at`, or -1 if that does not match. */
function matchOne(pattern: string, at: number, char: string): number {
  const element = pattern[at] as string
  if (element === '?') return at + 1
  if (element === '[') return matchClass(pattern, at + 1, char)
  if (element === '\\' && at + 1 < pattern.length) return pattern[at + 1] === char ? at + 2 : -1
  return element === char ? at + 1 : -1
}

/** A class that is not closed ends with the pattern. */
function matchClass(pattern: string, start: number, char: string): number {
  const isNegated = pattern[start] === '^'
  let at = isNegated ? start + 1 : start
  let matched = false
  while (at < pattern.length && pattern[at] !== ']') {
    const one = pattern[at] as string
    if (one === '\\' && at + 1 < pattern.length) {
      matched ||= pattern[at + 1] === char
      at += 2
    } else if (at + 2 < pattern.length && pattern[at + 1] === '-') {
      const other = pattern[at + 2] as string
      matched ||= one <= other ? one <= char && char <= other : other <= char && char <= one
      at += 3
    } else {
      matched ||= one === char
      at += 1
    }
  }
  if (at < pattern.length) at += 1
  return matched === isNegated ? -1 : at
}
