/** Patterns in TypeScript match what KEYS of the engine matches. */

import fc from 'fast-check'
import t from 'tap'
import { BULK_LATIN1, NO_EXPIRY } from '../../../dist/native/engine.js'
import { globMatches } from '../../../dist/util/glob.js'
import { PATTERN_LETTERS, pattern } from '../../support/arbitraries/common.js'
import { openEngine } from '../../support/open-engine.js'
import { announceSeed } from '../../support/random.js'

t.test('A pattern matches the keys that KEYS finds', async (t) => {
  const seed = announceSeed(t)
  const { native } = openEngine(t)
  const letter = fc.constantFrom(...PATTERN_LETTERS, '\0', '\xff')
  const text = fc.array(letter, { maxLength: 6 }).map((letters) => letters.join(''))
  const property = fc.property(pattern, text, (pattern, text) => {
    // KEYS finds all keys by it, the empty one too.
    if (pattern === '*') return
    native.databaseFlush(0)
    native.setArguments(['SET', Buffer.from(text, 'latin1'), 'x'])
    native.stringSet(0, 1, 2, 0, NO_EXPIRY)
    native.setArguments(['KEYS', Buffer.from(pattern, 'latin1')])
    const found = native.keysMatching(0, 1, BULK_LATIN1).length === 1
    t.equal(globMatches(pattern, text), found, `${JSON.stringify(pattern)} ${JSON.stringify(text)}`)
  })
  fc.assert(property, { seed, numRuns: 3000 })
})

t.test('Case can be ignored, that of ASCII letters alone', async (t) => {
  t.ok(globMatches('GE[T-U]*', 'getrange', true))
  t.notOk(globMatches('GE*', 'getrange'))
  t.notOk(globMatches('\xc0', '\xe0', true))
})
