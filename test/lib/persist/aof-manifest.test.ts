import t from 'tap'
import {
  EMPTY_MANIFEST,
  formatManifest,
  ManifestError,
  nextSequences,
  parseManifest,
} from '../../../dist/persist/aof-manifest.js'

const SAMPLE = {
  base: { name: 'appendonly.aof.3.base.rdb', sequence: 3 },
  history: [
    { name: 'appendonly.aof.2.base.rdb', sequence: 2 },
    { name: 'appendonly.aof.4.incr.aof', sequence: 4 },
  ],
  incremental: [
    { name: 'appendonly.aof.5.incr.aof', sequence: 5 },
    { name: 'appendonly.aof.7.incr.aof', sequence: 7 },
  ],
}

t.test('A manifest', async (t) => {
  await t.test('is written as Redis writes it', async (t) => {
    t.equal(
      formatManifest(SAMPLE),
      'file appendonly.aof.3.base.rdb seq 3 type b\n' +
        'file appendonly.aof.2.base.rdb seq 2 type h\n' +
        'file appendonly.aof.4.incr.aof seq 4 type h\n' +
        'file appendonly.aof.5.incr.aof seq 5 type i\n' +
        'file appendonly.aof.7.incr.aof seq 7 type i\n',
    )
  })

  await t.test('is read back', async (t) => {
    t.strictSame(parseManifest(formatManifest(SAMPLE)), SAMPLE)
    for (const name of ['with blank', 'quote"d', 'back\\slash', 'line\nend\x00\xff', "'single'"]) {
      const manifest = { ...EMPTY_MANIFEST, base: { name, sequence: 1 } }
      t.strictSame(parseManifest(formatManifest(manifest)), manifest, name)
    }
  })

  await t.test('may have words in any order and case, others, and comments', async (t) => {
    const text = '# a comment\nSEQ 2 Type incr File "a b" size 17\n\tfile c seq 9 type i \r\n'
    t.strictSame(parseManifest(text), {
      ...EMPTY_MANIFEST,
      incremental: [
        { name: 'a b', sequence: 2 },
        { name: 'c', sequence: 9 },
      ],
    })
    t.strictSame(parseManifest('# nothing\n'), EMPTY_MANIFEST)
  })

  await t.test('gives the next sequence numbers, without those of history', async (t) => {
    t.strictSame(nextSequences(SAMPLE), { base: 4, incremental: 8 })
    t.strictSame(nextSequences(EMPTY_MANIFEST), { base: 1, incremental: 1 })
  })

  const WRONG: readonly [text: string, message: RegExp][] = [
    ['', /line 1: the manifest is empty/],
    ['file a seq 1 type b', /line 1: the line does not end/],
    ['file a seq 1 type b\n\n', /line 2: the line is blank/],
    [`file ${'a'.repeat(1020)} seq 1 type b\n`, /too long/],
    ['file a seq 1\n', /pairs of words/],
    ['file a seq 1 type\n', /pairs of words/],
    ['file a seq 1 x y\n', /missing/],
    ['file "" seq 1 type b\n', /missing/],
    ['file a seq 0 type b\n', /positive integer/],
    ['file a seq 1.5 type b\n', /positive integer/],
    ['file a/b seq 1 type b\n', /bare name/],
    ['file a seq 1 type x\n', /no type 'x'/],
    ['file a seq 1 type b\nfile b seq 2 type b\n', /line 2: there is a base already/],
    ['file a seq 2 type i\nfile b seq 2 type i\n', /do not ascend/],
    ['file "a seq 1 type b\n', /quotes/],
  ]
  for (const [text, message] of WRONG) {
    await t.test(`is refused: ${JSON.stringify(text.slice(0, 40))}`, async (t) => {
      t.throws(() => parseManifest(text), { constructor: ManifestError, message })
    })
  }
})
