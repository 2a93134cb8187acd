import t from 'tap'
import { hugePageFitness, pageBytesOf, readKernelFacts } from '../../../dist/cow/thp.js'

const FIT = { release: '6.1.0-13-amd64', enabled: 'always [madvise] never\n', pageBytes: 4096 }

t.test('hugePageFitness()', async (t) => {
  await t.test('is fit from Linux 5.8 on', async (t) => {
    t.equal(hugePageFitness(FIT), 'fit')
    t.equal(hugePageFitness({ ...FIT, release: '5.8.0' }), 'fit')
    t.equal(hugePageFitness({ ...FIT, release: '5.7.19' }), 'old kernel')
    t.equal(hugePageFitness({ ...FIT, release: '4.18.0-553.el8' }), 'old kernel')
    t.equal(hugePageFitness({ ...FIT, release: 'unknown' }), 'old kernel')
  })
  await t.test('is not fit where they are switched off or not compiled in', async (t) => {
    t.equal(hugePageFitness({ ...FIT, enabled: 'always madvise [never]' }), 'switched off')
    t.equal(hugePageFitness({ ...FIT, enabled: null }), 'switched off')
    t.equal(hugePageFitness({ ...FIT, enabled: '[always] madvise never' }), 'fit')
  })
  await t.test('is not fit with other base pages', async (t) => {
    t.equal(hugePageFitness({ ...FIT, pageBytes: 65_536 }), 'other page size')
    t.equal(hugePageFitness({ ...FIT, pageBytes: null }), 'fit')
  })
})

t.test('pageBytesOf()', async (t) => {
  await t.test('finds the page size of this machine', async (t) => {
    const { pageBytes } = await readKernelFacts()
    t.ok(pageBytes === 4096 || pageBytes === 16_384 || pageBytes === 65_536)
  })
  await t.test('gives null for a vector without it', async (t) => {
    t.equal(pageBytesOf(new Uint8Array(0)), null)
    t.equal(pageBytesOf(new Uint8Array(40)), null)
  })
})
