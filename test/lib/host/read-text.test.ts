import t from 'tap'
import { parseNumber, parsePairs, readText, readTogether } from '../../../dist/host/read-text.js'

t.test('readText() gives null for what cannot be read', async (t) => {
  t.match(await readText('/proc/self/limits'), /Max open files/)
  t.equal(await readText('/proc/self/none'), null)
  t.equal(await readText('/proc'), null)
})

t.test('readTogether()', async (t) => {
  await t.test('reads what is asked for in one turn by one call', async (t) => {
    const calls: string[][] = []
    const read = readTogether(async (paths) => {
      calls.push([...paths])
      return paths.map((path) => (path === 'none' ? null : `text of ${path}`))
    })
    const both = Promise.all([read('a'), read('none'), read('b')])
    t.strictSame(await both, ['text of a', null, 'text of b'])
    t.equal(await read('c'), 'text of c')
    t.strictSame(calls, [['a', 'none', 'b'], ['c']])
  })
  await t.test('gives null where the call fails, or throws', async (t) => {
    const rejecting = readTogether(() => Promise.reject(new Error('gone')))
    t.strictSame(await Promise.all([rejecting('a'), rejecting('b')]), [null, null])
    const throwing = readTogether(async () => {
      throw new Error('closed')
    })
    t.equal(await throwing('a'), null)
  })
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
