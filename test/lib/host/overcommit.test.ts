import t from 'tap'
import { parseOvercommit, readOvercommit } from '../../../dist/host/overcommit.js'
import { readFrom } from '../../support/host-files.js'

t.test('the mode of overcommit has a name', async (t) => {
  t.strictSame(parseOvercommit('0\n', '50\n'), { mode: 'heuristic', ratio: 50 })
  t.strictSame(parseOvercommit('1\n', '50\n'), { mode: 'always', ratio: 50 })
  t.strictSame(parseOvercommit('2\n', '80\n'), { mode: 'strict', ratio: 80 })
  t.strictSame(parseOvercommit('3\n', null), { mode: null, ratio: null })
  t.strictSame(await readOvercommit(readFrom({})), { mode: null, ratio: null })
  t.match((await readOvercommit()).mode, /^(heuristic|always|strict)$/)
})
