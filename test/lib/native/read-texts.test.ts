import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openEngine } from '../../support/open-engine.js'

const PIECE_BYTES = 16 << 10

t.test('readTexts()', async (t) => {
  const { native } = openEngine(t)
  await t.test(
    'gives files of /proc whole, of which the kernel gives a page at a time',
    async (t) => {
      const [smaps = '', limits] = await native.readTexts(['/proc/self/smaps', '/proc/self/limits'])
      const fields = (name: string) => smaps?.split(`\n${name}:`).length
      t.ok((smaps?.length ?? 0) > 2 * PIECE_BYTES, 'else this shows nothing')
      t.equal(fields('Rss'), fields('VmFlags'))
      t.equal(limits, readFileSync('/proc/self/limits', 'utf8'))
    },
  )
  await t.test('gives every byte of what ends on a piece or behind it', async (t) => {
    const lengths = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES]
    const dir = t.testdir()
    const texts = lengths.map((bytes) => 'a line of text\n'.repeat(bytes / 15 + 1).slice(0, bytes))
    const paths = texts.map((text, index) => {
      const path = join(dir, `text-${index}-\u00e9`)
      writeFileSync(path, text)
      return path
    })
    t.strictSame(await native.readTexts(paths), texts)
  })
  await t.test('gives null for what cannot be read, and leaves nothing open', async (t) => {
    const before = readdirSync('/proc/self/fd').length
    const paths = ['/proc/self/no-such-file', '/proc/self', '/proc/self/comm']
    const [none, directory, name] = await native.readTexts(paths)
    t.strictSame([none, directory], [null, null])
    t.ok(name)
    t.strictSame(await native.readTexts([]), [])
    t.equal(readdirSync('/proc/self/fd').length, before)
  })
  await t.test('ends though the engine is closed meanwhile', async (t) => {
    const other = openEngine({ teardown() {} }).native
    const texts = other.readTexts(['/proc/self/limits'])
    await other.close()
    t.match((await texts)[0], /Max open files/)
    t.throws(() => other.readTexts(['/proc/self/limits']))
  })
})
