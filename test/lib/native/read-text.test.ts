import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openEngine } from '../../support/open-engine.js'

const PIECE_BYTES = 64 << 10

t.test('readText()', async (t) => {
  const { native } = openEngine(t)
  await t.test(
    'gives a file of /proc whole, of which the kernel gives a page at a time',
    async (t) => {
      const text = await native.readText('/proc/self/smaps')
      const fields = (name: string) => text.split(`\n${name}:`).length - 1
      t.ok(text.length > PIECE_BYTES / 4, 'else this shows nothing')
      t.equal(fields('Rss'), fields('VmFlags'))
      t.equal(
        await native.readText('/proc/self/limits'),
        readFileSync('/proc/self/limits', 'latin1'),
      )
    },
  )
  await t.test('gives every byte of what ends on a piece or behind it', async (t) => {
    for (const bytes of [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES]) {
      const path = join(t.testdir(), 'text')
      const all = Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251))
      writeFileSync(path, all)
      t.equal(await native.readText(path), all.toString('latin1'))
    }
  })
  await t.test('rejects where nothing can be read, and leaves nothing open', async (t) => {
    const before = readdirSync('/proc/self/fd').length
    await t.rejects(native.readText('/proc/self/no-such-file'))
    await t.rejects(native.readText('/proc/self'), 'a directory')
    t.equal(readdirSync('/proc/self/fd').length, before)
  })
  await t.test('ends though the engine is closed meanwhile', async (t) => {
    const other = openEngine({ teardown() {} }).native
    const text = other.readText('/proc/self/limits')
    await other.close()
    t.match(await text, /Max open files/)
    t.throws(() => other.readText('/proc/self/limits'))
  })
})
