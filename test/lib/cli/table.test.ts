import t from 'tap'
import { formatTable } from '../../../dist/cli/table.js'

t.test('formatTable()', async (t) => {
  await t.test('aligns columns, and lets the last cell of a row run on', async (t) => {
    const rows = [
      ['a', 'bb', 'c'],
      ['aaaa', 'b', 'a last cell that is long'],
      ['a long last cell of a short row'],
    ]
    t.strictSame(formatTable(rows), [
      '  a      bb   c',
      '  aaaa   b    a last cell that is long',
      '  a long last cell of a short row',
    ])
  })

  await t.test('leaves no blanks at the end of a line', async (t) => {
    t.strictSame(formatTable([['a', '']]), ['  a'])
    t.strictSame(formatTable([]), [])
  })
})
