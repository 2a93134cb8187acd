import t from 'tap'
import { parseChoice, readHugePageSettings } from '../../../dist/host/huge-page-settings.js'
import { readFrom } from '../../support/host-files.js'

const DIRECTORY = '/sys/kernel/mm/transparent_hugepage'

t.test('parseChoice() gives the word in brackets', async (t) => {
  t.equal(parseChoice('always [madvise] never\n'), 'madvise')
  t.equal(parseChoice('always defer [defer+madvise] madvise never\n'), 'defer+madvise')
  t.equal(parseChoice('[always] madvise never\n'), 'always')
  t.equal(parseChoice('none chosen\n'), null)
  t.equal(parseChoice(null), null)
})

t.test('readHugePageSettings()', async (t) => {
  await t.test('puts together what is in several files', async (t) => {
    const read = readFrom({
      [`${DIRECTORY}/enabled`]: 'always [madvise] never\n',
      [`${DIRECTORY}/defrag`]: 'always defer defer+madvise [madvise] never\n',
      [`${DIRECTORY}/shmem_enabled`]: 'always within_size advise [never] deny force\n',
      [`${DIRECTORY}/khugepaged/defrag`]: '1\n',
      [`${DIRECTORY}/khugepaged/pages_to_scan`]: '4096\n',
      [`${DIRECTORY}/khugepaged/scan_sleep_millisecs`]: '10000\n',
      [`${DIRECTORY}/khugepaged/max_ptes_none`]: '511\n',
    })
    t.strictSame(await readHugePageSettings(read), {
      enabled: 'madvise',
      defrag: 'madvise',
      shmemEnabled: 'never',
      khugepaged: { isOn: true, pagesToScan: 4096, scanSleepMs: 10000, maxPtesNone: 511 },
    })
  })
  await t.test('gives nulls where the kernel has none', async (t) => {
    t.match(await readHugePageSettings(readFrom({})), {
      enabled: null,
      khugepaged: { isOn: null, maxPtesNone: null },
    })
  })
})
