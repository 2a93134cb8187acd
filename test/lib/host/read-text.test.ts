import t from 'tap'
import { parseNumber, parsePairs, readText } from '../../../dist/host/read-text.js'

t.test('readText() gives null for what cannot be read', async (t) => {
  t.match(await readText('/proc/self/limits'), /Max open files/)
  t.equal(await readText('/proc/self/none'), null)
  t.equal(await readText('/proc'), null)
})

t.test('parseNumber()', async (t) => {
  t.equal(parseNumber('4096\n'), 4096)
  t.equal(parseNumber('-1\n'), -1)
  for (const text of ['max\n', '', '1 2', '1.5', 'x', null]) t.equal(parseNumber(text), null)
})

t.test('parsePairs() skips lines that are none', async (t) => {
  t.strictSame(
    [...parsePairs('anon 12\nfile max\n\ninactive_file 7\n')],
    [
      ['anon', 12],
      ['inactive_file', 7],
    ],
  )
  t.equal(parsePairs(null).size, 0)
})
