import t from 'tap'
import { isAtLeast, parseRelease, readKernel } from '../../../dist/host/kernel.js'

t.test('a release is compared by its first two numbers', async (t) => {
  const kernel = parseRelease('5.10.0-8-amd64')
  t.strictSame(kernel, { release: '5.10.0-8-amd64', major: 5, minor: 10 })
  t.ok(isAtLeast(kernel, 5, 8))
  t.ok(isAtLeast(kernel, 5, 10))
  t.notOk(isAtLeast(kernel, 5, 11))
  t.ok(isAtLeast(kernel, 4, 19))
  t.notOk(isAtLeast(parseRelease('5.4.0'), 5, 8))
  t.ok(isAtLeast(parseRelease('6.1.0-rc1+'), 5, 8))
  t.match(parseRelease('strange'), { major: 0, minor: 0 })
  t.ok(isAtLeast(readKernel(), 3, 0))
})
