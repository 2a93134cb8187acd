import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { Outbox, type Sender } from '../../../dist/server/outbox.js'

/** A disk that is done when it is told so. */
function disk() {
  const looks: { resolve: () => void; reject: (error: Error) => void }[] = []
  const durable = () => new Promise<void>((resolve, reject) => looks.push({ resolve, reject }))
  return { looks, outbox: new Outbox(durable) }
}

/** One that holds all it sends, or nothing. */
function sender(outbox: Outbox, name: string, log: string[], holds: boolean): Sender {
  const one: Sender = {
    flush: () => void log.push(holds ? `${name} held in ${outbox.hold(one)}` : `${name} sent`),
    release: (turn) => void log.push(`${name} released up to ${turn}`),
    abandon: () => void log.push(`${name} abandoned`),
  }
  return one
}

t.test('Outbox', async (t) => {
  await t.test('flushes at the end of the turn, in the order in which they came', async (t) => {
    const { outbox, looks } = disk()
    const log: string[] = []
    for (const name of ['a', 'b']) outbox.add(sender(outbox, name, log, false))
    t.strictSame(log, [])
    await nextTurn()
    t.strictSame(log, ['a sent', 'b sent'])
    t.equal(looks.length, 0, 'nobody looks at the disk')
  })

  await t.test(
    'looks at the disk once for all that wait, and again for those behind',
    async (t) => {
      const { outbox, looks } = disk()
      const log: string[] = []
      for (const name of ['a', 'b']) outbox.add(sender(outbox, name, log, true))
      outbox.add(sender(outbox, 'c', log, false))
      await nextTurn()
      t.equal(looks.length, 1)
      outbox.add(sender(outbox, 'd', log, true))
      await nextTurn()
      t.equal(looks.length, 2)
      t.strictSame(log.splice(0), ['a held in 0', 'b held in 0', 'c sent', 'd held in 1'])
      looks[0]?.resolve()
      await nextTurn()
      t.strictSame(log.splice(0), ['a released up to 0', 'b released up to 0'])
      looks[1]?.resolve()
      await nextTurn()
      t.strictSame(log, ['d released up to 1'])
    },
  )

  await t.test('tells those whose replies will never be true', async (t) => {
    const { outbox, looks } = disk()
    const log: string[] = []
    outbox.add(sender(outbox, 'a', log, true))
    await nextTurn()
    looks[0]?.reject(new Error('the disk is gone'))
    await nextTurn()
    t.strictSame(log, ['a held in 0', 'a abandoned'])
  })
})
