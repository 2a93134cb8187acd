import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeTemporaryPath, removeStaleTemporaryFiles } from '../../../dist/persist/temp-files.js'

t.test('makeTemporaryPath() gives a name that only one save has', async (t) => {
  const [first, second] = [makeTemporaryPath('/data'), makeTemporaryPath('/data')]
  t.not(first, second)
  t.match(first, new RegExp(`^/data/temp-snapfork-${process.pid}-\\d+\\.rdb$`))
})

t.test('removeStaleTemporaryFiles() removes those of saves and nothing else', async (t) => {
  const dir = t.testdir()
  const stale = ['temp-snapfork-1-1.rdb', 'temp-snapfork-4194304-12.rdb']
  const others = ['dump.rdb', 'temp-1.rdb', 'temp-snapfork-1-1.rdb.bak', 'temp-snapfork-x-1.rdb']
  for (const name of [...stale, ...others]) writeFileSync(join(dir, name), '')
  t.strictSame((await removeStaleTemporaryFiles(dir)).sort(), stale)
  t.strictSame(readdirSync(dir).sort(), others.sort())
})
