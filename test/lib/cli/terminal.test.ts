import t from 'tap'
import { Terminal } from '../../../dist/cli/terminal.js'

/** A stream that keeps what is written. */
function recorder(isTTY: boolean) {
  const written: string[] = []
  const write = (text: string) => written.push(text)
  return { stream: { write, isTTY }, text: () => written.join('') }
}

const ESCAPE = '\x1b'

t.test('Terminal', async (t) => {
  await t.test('writes plain lines where there is no terminal', async (t) => {
    const { stream, text } = recorder(false)
    const terminal = new Terminal(stream, {})
    terminal.heading('Heading')
    const bar = terminal.bar('fill', 10)
    bar.update(5)
    bar.finish('10 keys')
    terminal.lines(['a', 'b'])
    t.equal(text(), 'Heading\nfill  10 keys\na\nb\n')
  })

  await t.test('draws a bar on a terminal, and ends it full', async (t) => {
    const { stream, text } = recorder(true)
    const bar = new Terminal(stream, { NO_COLOR: '1' }).bar('fill', 10)
    bar.update(5)
    t.match(text(), /\[#{15}\.{15}\] {2}50%$/)
    bar.finish('10 keys')
    t.match(text(), /fill {2}\[#{30}\] 100% {2}10 keys\n$/)
  })

  await t.test('draws no more than full and no less than nothing', async (t) => {
    const { stream, text } = recorder(true)
    const terminal = new Terminal(stream, { NO_COLOR: '1' })
    terminal.bar('over', 10).update(11)
    t.match(text(), /over {2}\[#{30}\] 100%$/)
    terminal.bar('under', 10).update(-1)
    t.match(text(), /under {2}\[\.{30}\] {3}0%$/)
    terminal.bar('none', 0).update(0)
    t.match(text(), /none {2}\[#{30}\] 100%$/)
  })

  await t.test('uses colours only on a terminal that wants them', async (t) => {
    const heading = (isTTY: boolean, environment: NodeJS.ProcessEnv) => {
      const { stream, text } = recorder(isTTY)
      new Terminal(stream, environment).heading('Heading')
      return text()
    }
    t.equal(heading(true, {}), `${ESCAPE}[1mHeading${ESCAPE}[0m\n`)
    for (const environment of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
      t.equal(heading(true, environment), 'Heading\n')
    }
    t.equal(heading(false, {}), 'Heading\n')
  })
})
