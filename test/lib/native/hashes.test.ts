import t from 'tap'
import { BULK_BUFFER, BULK_LATIN1 } from '../../../dist/native/engine.js'
import { HASH_FIELDS, HASH_IF_ABSENT, HASH_VALUES } from '../../../dist/native/hashes.js'
import { openEngine } from '../../support/open-engine.js'

t.test('The native functions on hashes', async (t) => {
  await t.test('take the flags and parts that are exported', async (t) => {
    const { native } = openEngine(t)
    t.equal(native.hashSet(0, 'h', 'a', '1', 0), true)
    t.equal(native.hashSet(0, 'h', 'a', '2', HASH_IF_ABSENT), false)
    t.equal(native.hashGet(0, 'h', 'a', BULK_LATIN1), '1')
    t.strictSame(native.hashGet(0, 'h', 'a', BULK_BUFFER), Buffer.from('1'))
    t.strictSame([native.hashHas(0, 'h', 'a'), native.hashHas(0, 'h', 'b')], [true, false])
    t.strictSame(native.hashAll(0, 'h', HASH_FIELDS, BULK_LATIN1), ['a'])
    t.strictSame(native.hashAll(0, 'h', HASH_VALUES, BULK_LATIN1), ['1'])
    t.strictSame(native.hashAll(0, 'h', HASH_FIELDS | HASH_VALUES, BULK_LATIN1), ['a', '1'])
    t.strictSame(native.hashRandom(0, 'h', 2, false, HASH_FIELDS, BULK_LATIN1), ['a', 'a'])
  })

  await t.test('read ranges of the argument vector', async (t) => {
    const { native } = openEngine(t)
    native.setArguments(['HSET', 'h', 'a', '1', 'b', '2'])
    t.equal(native.hashSetRange(0, 1, 2, 4), 2)
    native.setArguments(['HMGET', 'h', 'b', 'x', 'a'])
    t.strictSame(native.hashGetRange(0, 1, 2, 3, BULK_LATIN1), ['2', null, '1'])
    const { keyspaceHits } = native.stats()
    native.hashGetRange(0, 1, 2, 3, BULK_LATIN1)
    t.equal(native.stats().keyspaceHits, keyspaceHits + 1)
    t.equal(native.hashRemoveRange(0, 1, 2, 3), 2)
    t.equal(native.hashLength(0, 'h'), 0)
    t.throws(() => native.hashGetRange(0, 1, 2, 99, BULK_LATIN1))
  })

  await t.test('scan a large hash by cursors of 64 bits', async (t) => {
    const { native } = openEngine(t)
    native.setLimits({ hashMaxListpackEntries: 0 })
    for (let at = 0; at < 1000; ++at) native.hashSet(0, 'h', `f${at}`, `${at}`, 0)
    const seen: unknown[] = []
    let cursor = 0n
    do {
      const [next, elements] = native.hashScan(0, 'h', cursor, 10, '*', BULK_LATIN1)
      seen.push(...elements.filter((_, at) => at % 2 === 0))
      t.ok(next === 0n || next > cursor)
      cursor = next
    } while (cursor !== 0n)
    t.equal(seen.length, 1000)
    t.equal(new Set(seen).size, 1000)
  })

  await t.test('count the fields whose time has come', async (t) => {
    const { native, setClock } = openEngine(t)
    setClock(1000)
    for (const field of ['a', 'b', 'c']) native.hashSet(0, 'h', field, '1', 0)
    t.equal(native.hashSetExpiry(0, 'h', 'a', 2000, 0), 1)
    t.equal(native.hashSetExpiry(0, 'h', 'b', 3000, 0), 1)
    t.equal(native.hashSetExpiry(0, 'h', 'x', 3000, 0), -2)
    t.equal(native.hashFieldExpiry(0, 'h', 'a'), 2000)
    t.equal(native.hashPersist(0, 'h', 'c'), -1)
    t.equal(native.expireDueFields(100), 0)
    setClock(5000)
    t.equal(native.expireDueFields(1), 1)
    t.equal(native.expireDueFields(100), 1)
    t.equal(native.stats().expiredFields, 2)
    t.equal(native.hashLength(0, 'h'), 1)
  })
})
