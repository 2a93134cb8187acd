/**
 * COMMAND DOCS of a server, compared with redis-server's. Sentences are our own: of those that tell
 * what a command does, what it costs and what became of it, it is compared that they are there.
 */

import t from 'tap'
import { ARGUMENT_LINES } from '../../dist/commands/argument-lines.js'
import type { CommandSpec } from '../../dist/commands/spec.js'
import { ALL_COMMANDS } from '../../dist/server/commands/table.js'
import { serve } from '../support/our-server.js'
import { type Node, parseRaw, RawClient } from '../support/raw-client.js'
import { startRedis } from '../support/redis-server.js'

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

/** Fields whose text is our own. */
const OWN_WORDS: ReadonlySet<string> = new Set(['summary', 'complexity'])

const ALL: readonly CommandSpec[] = [...ALL_COMMANDS.values()].flatMap((command) => [
  command,
  ...(command.subcommands?.values() ?? []),
])

/** The fields of the one command in a reply, in their order; null if it is not known. */
function fieldsOf(raw: string): [name: string, value: Node][] | null {
  const items = parseRaw(raw).items[1]?.items
  return items?.flatMap(({ text }, at) => (at % 2 ? [] : [[text, items[at + 1] as Node]])) ?? null
}

/** A field as it is compared. */
function looked([name, value]: [name: string, value: Node]): unknown {
  if (OWN_WORDS.has(name)) return [name, value.sign]
  if (name !== 'history') return [name, value]
  return [name, value.sign, value.items.map(({ sign, items }) => [sign, items[0], items.length])]
}

t.test('COMMAND DOCS', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const { path } = await serve(t)
  for (const protocol of [2, 3] as const) {
    await t.test(`tells the same as redis-server in RESP${protocol}`, async (t) => {
      const ours = await RawClient.connect({ path }, protocol)
      const theirs = await RawClient.connect({ path: redis.socketPath }, protocol)
      t.teardown(() => {
        ours.close()
        theirs.close()
      })
      let withArguments = 0
      for (const { fullName } of ALL) {
        const line = ['COMMAND', 'DOCS', fullName]
        const [a, b] = [fieldsOf(await ours.send(...line)), fieldsOf(await theirs.send(...line))]
        if (b === null) continue
        // Subcommands are compared one by one.
        const [own, other] = [a, b].map((all) => all?.filter(([name]) => name !== 'subcommands'))
        t.strictSame(own?.map(looked), other?.map(looked), fullName)
        if (b.some(([name]) => name === 'arguments')) withArguments += 1
      }
      t.ok(withArguments > 200)
      t.comment(`arguments of ${withArguments} commands compared with redis ${redis.version}`)
    })
  }
})

t.test('The arguments of commands', async (t) => {
  await t.test('are those of commands that are there', async (t) => {
    const names = new Set(ALL.map(({ fullName }) => fullName.toUpperCase()))
    t.strictSame(
      Object.keys(ARGUMENT_LINES).filter((name) => !names.has(name)),
      [],
    )
  })

  await t.test('are known of all whose number of words leaves room for them', async (t) => {
    const without = ALL.filter(({ fullName, arity, subcommands }) => {
      const needed = Math.abs(arity) > fullName.split('|').length
      return needed && subcommands === undefined && !(fullName.toUpperCase() in ARGUMENT_LINES)
    })
    // Redis has none for them, whatever may follow.
    t.strictSame(
      without.map(({ fullName }) => fullName),
      ['command|getkeys', 'command|getkeysandflags'],
    )
  })
})
