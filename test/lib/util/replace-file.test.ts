/** A file is replaced whole, or not at all. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { replaceFile } from '../../../dist/util/replace-file.js'

t.test('A file is replaced, and nothing is left beside it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sf-replace-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'a.conf')
  replaceFile(path, 'one\n', 0o600)
  replaceFile(path, 'two \xff\n', 0o600)
  t.equal(readFileSync(path, 'latin1'), 'two \xff\n')
  t.equal(statSync(path).mode & 0o777, 0o600)
  mkdirSync(join(directory, 'folder'))
  t.throws(() => replaceFile(join(directory, 'folder'), 'x', 0o600))
  t.throws(() => replaceFile(join(directory, 'none', 'a.conf'), 'x', 0o600), { code: 'ENOENT' })
  t.strictSame(readdirSync(directory).sort(), ['a.conf', 'folder'])
})
