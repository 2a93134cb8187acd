/** Lines are split into words as redis.conf has them. */

import fc from 'fast-check'
import t from 'tap'
import { quoted, splitWords } from '../../../dist/util/split-words.js'
import { announceSeed } from '../../support/random.js'

const LINES: readonly (readonly [line: string, words: string[] | null])[] = [
  ['', []],
  [' \t ', []],
  ['a  b\tc\r\n', ['a', 'b', 'c']],
  ['"a b" \'c d\'', ['a b', 'c d']],
  ['""', ['']],
  ['"\\x41\\n\\"\\q\\x4"', ['A\n"qx4']],
  ["'\\x41\\''", ["\\x41'"]],
  ['a"b c"', ['ab c']],
  ['"a"b', null],
  ["'a'b", null],
  ['"a', null],
  ["a'b", null],
  ['"a\\', null],
  ['a\0b c', ['a']],
]

t.test('A line is split at blanks outside of quotes', async (t) => {
  for (const [line, words] of LINES) t.strictSame(splitWords(line), words, JSON.stringify(line))
})

t.test('What is quoted is read as it was', async (t) => {
  const seed = announceSeed(t)
  const text = fc
    .uint8Array({ maxLength: 20 })
    .map((bytes) => Buffer.from(bytes).toString('latin1'))
  const property = fc.property(fc.array(text), (texts) => {
    t.strictSame(splitWords(texts.map(quoted).join(' ')), texts)
  })
  fc.assert(property, { seed, numRuns: 500 })
})
