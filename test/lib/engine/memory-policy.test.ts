import t from 'tap'
import {
  allowedGrowth,
  fixedBytes,
  nextRate,
  RATE_MIN,
  reserveBytes,
} from '../../../dist/engine/memory-policy.js'

const MIB = 2 ** 20

t.test('reserveBytes() is a fiftieth, within bounds', async (t) => {
  t.equal(reserveBytes(100 * MIB), 16 * MIB)
  t.equal(reserveBytes(5000 * MIB), 100 * MIB)
  t.equal(reserveBytes(2 ** 40), 256 * MIB)
})

t.test('fixedBytes() covers buffers and tables', async (t) => {
  t.equal(fixedBytes(3 * MIB), 35 * MIB)
})

t.test('allowedGrowth() spreads what is left over the time that is left', async (t) => {
  t.equal(allowedGrowth(100, 4), 25)
  t.equal(allowedGrowth(-5, 4), 0)
  t.equal(allowedGrowth(100, 0), 1000)
})

t.test('nextRate()', async (t) => {
  await t.test('holds nobody back while there is room', async (t) => {
    t.equal(nextRate({ rate: 0, allocated: 80 * MIB, growth: 40 * MIB, allowed: 60 * MIB }), 0)
  })

  await t.test('lets writers take as much less as growth is too much', async (t) => {
    const facts = { rate: 0, allocated: 100 * MIB, growth: 80 * MIB, allowed: 50 * MIB }
    t.equal(nextRate(facts), 50 * MIB)
    t.equal(nextRate({ ...facts, rate: 60 * MIB }), 30 * MIB)
  })

  await t.test('goes by growth where entries are new', async (t) => {
    t.equal(nextRate({ rate: 0, allocated: 0, growth: 80 * MIB, allowed: 50 * MIB }), 40 * MIB)
  })

  await t.test('never stands still', async (t) => {
    t.equal(nextRate({ rate: 0, allocated: 9 * MIB, growth: 9 * MIB, allowed: 0 }), RATE_MIN)
    t.equal(nextRate({ rate: RATE_MIN, allocated: 0, growth: 9 * MIB, allowed: 0 }), RATE_MIN)
  })

  await t.test('gives room back step by step, then altogether', async (t) => {
    const facts = { rate: 8 * MIB, allocated: 8 * MIB, growth: 1 * MIB, allowed: 60 * MIB }
    t.equal(nextRate(facts), 10 * MIB)
    t.equal(nextRate({ ...facts, allocated: 3 * MIB }), 0)
  })
})
