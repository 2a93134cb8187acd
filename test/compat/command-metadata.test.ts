/**
 * What is known of the commands, compared with redis-server's COMMAND: of those that are here byte
 * for byte, of all others what the tables by name say.
 */

import fc from 'fast-check'
import t, { type Test } from 'tap'
import { ACL_CATEGORIES, categoriesOf } from '../../dist/commands/acl-categories.js'
import { findByFullName } from '../../dist/commands/command.js'
import { hintsOf } from '../../dist/commands/command-facts.js'
import { keysOf } from '../../dist/commands/key-references.js'
import { type KeySpec, keySpecsOf, keysAreMovable } from '../../dist/commands/key-specs.js'
import type { CommandFamily, CommandFlag, CommandSpec } from '../../dist/commands/spec.js'
import { COMMANDS } from '../../dist/commands/table.js'
import { FAMILIES, steps } from '../support/command-arbitraries.js'
import { openEngine } from '../support/open-engine.js'
import { announceSeed } from '../support/random.js'
import { type Node, parseRaw, RawClient } from '../support/raw-client.js'
import { OurBytes } from '../support/raw-comparison.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'

const LONG = process.env.SF_LONG ? 20 : 1

/** Fields of COMMAND DOCS that are here too, with the same text. */
const COMMON_DOCS = ['since', 'group', 'doc_flags', 'deprecated_since', 'replaced_by'] as const

const redis = await startRedis()
const skip = redis === null && 'no redis-server on this machine'

async function connect(t: Test, server: RedisServer, protocol: 2 | 3): Promise<RawClient> {
  const client = await RawClient.connect({ path: server.socketPath }, protocol)
  t.teardown(() => client.close())
  return client
}

/** Every command that Redis has as well, and every subcommand. */
function commonCommands(theirs: ReadonlySet<string>): CommandSpec[] {
  const all = [...COMMANDS.values()].flatMap((one) => [one, ...(one.subcommands?.values() ?? [])])
  return all.filter(({ fullName }) => theirs.has(fullName))
}

/** Rows of COMMAND with those of subcommands. */
function rowsOf(node: Node): Node[] {
  return node.items.flatMap((row) => [row, ...rowsOf(row.items[9] as Node)])
}

const texts = (node: Node | undefined) => node?.items.map(({ text }) => text) ?? []

function fieldsOf(flat: Node | undefined): Map<string, Node> {
  const items = flat?.items ?? []
  const names = items.filter((_, at) => at % 2 === 0)
  return new Map(names.map(({ text }, at) => [text, items[2 * at + 1] as Node]))
}

/** A specification as COMMAND shows it, for comparison. */
function shownSpec(spec: Node): unknown {
  const fields = fieldsOf(spec)
  const part = (name: string) => {
    const inner = fieldsOf(fields.get(name))
    const spec = [...fieldsOf(inner.get('spec'))].map(([key, { text }]) => [key, text])
    return [inner.get('type')?.text, Object.fromEntries(spec)]
  }
  const notes = fields.get('notes')?.text ?? null
  return [notes, texts(fields.get('flags')), part('begin_search'), part('find_keys')]
}

function ownSpec({ notes, flags, begin, find }: KeySpec): unknown {
  const begins = {
    index: () => ({ index: `${begin.type === 'index' && begin.index}` }),
    keyword: () =>
      begin.type === 'keyword' && { keyword: begin.keyword, startfrom: `${begin.startFrom}` },
    unknown: () => ({}),
  }
  const finds = {
    range: () =>
      find.type === 'range' && {
        lastkey: `${find.last}`,
        keystep: `${find.step}`,
        limit: `${find.limit}`,
      },
    keynum: () => ({ keynumidx: '0', firstkey: '1', keystep: '1' }),
    unknown: () => ({}),
  }
  return [notes, flags, [begin.type, begins[begin.type]()], [find.type, finds[find.type]()]]
}

t.test('Commands as COMMAND describes them', { skip }, async (t) => {
  if (redis === null) return
  t.teardown(() => redis.stop())
  const seed = announceSeed(t)
  const client = await connect(t, redis, 2)
  const rows = rowsOf(parseRaw(await client.send('COMMAND')))
  const names = new Set(rows.map((row) => (row.items[0] as Node).text))

  await t.test('are the same byte for byte', async (t) => {
    const common = commonCommands(names)
    t.ok(common.length > 150)
    for (const protocol of [2, 3] as const) {
      const theirs = await connect(t, redis, protocol)
      const ours = new OurBytes(openEngine(t).native, protocol)
      for (const { fullName, subcommands } of common) {
        const args = ['COMMAND', 'INFO', fullName]
        // Those of subcommands are compared one by one.
        const end = subcommands === undefined ? undefined : -1
        const [a, b] = [ours.send({ db: 0, args }), await theirs.send(...args)].map((raw) => {
          return end === undefined ? raw : raw.slice(0, raw.indexOf(`${fullName}|`))
        })
        t.equal(headOf(a, subcommands), headOf(b, subcommands), `${fullName} in RESP${protocol}`)
      }
    }
  })

  await t.test('are known by name, though their rows may come later', async (t) => {
    for (const row of rows) {
      const [name, , flags, , , , categories, hints, specs, subcommands] = row.items as Node[]
      const upper = name?.text.toUpperCase() ?? ''
      const container = (subcommands?.items.length ?? 0) > 0
      const docs = fieldsOf(
        parseRaw(await client.send('COMMAND', 'DOCS', upper)).items[1] as Node | undefined,
      )
      const described = {
        fullName: name?.text ?? '',
        family: docs.get('group')?.text as CommandFamily,
        flags: texts(flags) as CommandFlag[],
        ...(container ? { subcommands: new Map() } : {}),
      }
      const own = categoriesOf(described).map((category) => `@${category}`)
      t.strictSame(own, texts(categories), `categories of ${upper}`)
      t.strictSame(hintsOf(upper), texts(hints), `hints of ${upper}`)
      t.strictSame(keySpecsOf(upper).map(ownSpec), specs?.items.map(shownSpec), `keys of ${upper}`)
      t.equal(keysAreMovable(keySpecsOf(upper)), texts(flags).includes('movablekeys'), upper)
    }
  })

  await t.test('have the age, the group and the successors of COMMAND DOCS', async (t) => {
    const ours = new OurBytes(openEngine(t).native, 2)
    for (const { fullName } of commonCommands(names)) {
      const args = ['COMMAND', 'DOCS', fullName]
      const [a, b] = [ours.send({ db: 0, args }), await client.send(...args)].map((raw) => {
        const fields = fieldsOf(parseRaw(raw).items[1])
        return COMMON_DOCS.map((name) => JSON.stringify(fields.get(name)))
      })
      t.strictSame(a, b, fullName)
    }
  })

  await t.test('are found by category and by pattern', async (t) => {
    const ours = new OurBytes(openEngine(t).native, 2)
    const common = new Set(commonCommands(names).map(({ fullName }) => fullName))
    const filters = [
      ...ACL_CATEGORIES.map((category) => ['ACLCAT', category]),
      ...['get*', '*|h*', 'X[A-D]*', 'COMMAND', '?', ''].map((pattern) => ['PATTERN', pattern]),
      ...[
        ['ACLCAT', 'nosuch'],
        ['ACLCAT', 'GEO'],
        ['MODULE', 'x'],
      ],
    ]
    for (const filter of filters) {
      const args = ['COMMAND', 'LIST', 'filterby', ...filter]
      const [a, b] = [ours.send({ db: 0, args }), await client.send(...args)].map((raw) => {
        const found = texts(parseRaw(raw))
        return found.filter((name) => common.has(name)).sort()
      })
      t.strictSame(a, b, filter.join(' '))
    }
  })

  await t.test('have the errors of COMMAND', async (t) => {
    const ours = new OurBytes(openEngine(t).native, 2)
    const lines = [
      'COMMAND NOSUCH',
      'COMMAND COUNT x',
      'COMMAND LIST a',
      'COMMAND LIST FILTERBY',
      'COMMAND LIST FILTERBY X y',
      'COMMAND LIST FILTERBY PATTERN a b',
      'COMMAND GETKEYS',
      'COMMAND GETKEYS get',
      'COMMAND INFO get|x nosuch xinfo|nosuch',
      'COMMAND DOCS nosuch',
    ]
    for (const line of lines) {
      const args = line.split(' ')
      t.equal(ours.send({ db: 0, args }), await client.send(...args), line)
    }
  })

  await t.test('have the same keys', async (t) => {
    const native = openEngine(t).native
    for (const protocol of [2, 3] as const) {
      const ours = new OurBytes(native, protocol)
      const theirs = await connect(t, redis, protocol)
      for (const line of GETKEYS_LINES) {
        const words = line.split(' ').map((word) => (word === "''" ? '' : word))
        for (const subcommand of ['GETKEYS', 'GETKEYSANDFLAGS']) {
          if (findByFullName(COMMANDS, words[0] as string) === undefined) continue
          const args = ['COMMAND', subcommand, ...words]
          t.equal(ours.send({ db: 0, args }), await theirs.send(...args), line)
        }
      }
    }
  })

  await t.test('of the server have the same keys', async (t) => {
    for (const line of GETKEYS_LINES) {
      const words = line.split(' ').map((word) => (word === "''" ? '' : word))
      const name = words[0]?.toUpperCase() ?? ''
      if (COMMANDS.has(name) || line.startsWith('memory')) continue
      const theirs = parseRaw(await client.send('COMMAND', 'GETKEYSANDFLAGS', ...words))
      const ours = keysOf(name, words.length, (index) => words[index] as string)
      const shown = theirs.items.map((item) => [item.items[0]?.text, texts(item.items[1])])
      const own = ours?.map(({ index, flags }) => [words[index], flags])
      t.strictSame(own ?? theirs.sign, ours === null ? '-' : shown, line)
    }
  })

  await t.test('have the same keys in random calls', async (t) => {
    const ours = new OurBytes(openEngine(t).native, 2)
    const families = [...FAMILIES.values()].flatMap((commands) => commands())
    const call = fc.oneof(
      { weight: 1, arbitrary: steps('absolute', 1).map((all) => all[0]?.args ?? ['GET', 'a']) },
      { weight: 3, arbitrary: fc.oneof(...families) },
    )
    let compared = 0
    const property = fc.asyncProperty(call, async (words) => {
      if (!names.has(words[0]?.toLowerCase() ?? '')) return
      for (const subcommand of ['GETKEYS', 'GETKEYSANDFLAGS']) {
        const args = ['COMMAND', subcommand, ...words]
        const [a, b] = [ours.send({ db: 0, args }), await client.send(...args)]
        compared += 1
        if (a !== b) throw new Error(`${JSON.stringify(args)}\n ${a}\n ${b}`)
      }
    })
    await fc.assert(property, { seed, numRuns: 3000 * LONG })
    t.ok(compared > 2000)
  })
})

/** Of a container: everything before its subcommands, whose order means nothing. */
function headOf(raw: string | undefined, subcommands: unknown): string | undefined {
  return subcommands === undefined ? raw : raw?.replace(/\*\d+\r\n\*10\r\n\$\d+\r\n$/, '')
}

const GETKEYS_LINES = [
  'get a',
  'get a b',
  'set a b',
  'set a b get',
  'set a b EX 10 GET',
  'set a b EX GET',
  'set get get',
  'bitfield a',
  'bitfield a get u8 0',
  'bitfield a GET u8 0 SET u8 0 1',
  'bitfield a get u8 0 overflow wrap',
  'bitfield a get u8',
  'bitfield a overflow wrap get u8 1',
  'bitfield a incrby u8 0 1',
  'sort a',
  'sort a by x store b',
  'sort a store b store c',
  'sort a store',
  'sort a get store b',
  'sort a limit store b',
  'sort a limit 0 1 store b',
  'sort a by store c store d',
  'sort_ro a store b',
  'zunionstore d 2 a b',
  'zunionstore d 0 a b',
  'zunionstore d 3 a b',
  'zunionstore d x a b',
  'zunionstore d -1 a b',
  'zunionstore d 1.5 a b',
  'zunionstore d 1a a b',
  'zunionstore d 01 a b',
  'zunionstore d +1 a b',
  'zunionstore d 4294967297 a b',
  'zunionstore d 18446744073709551617 a',
  'zunionstore d 2147483648 a',
  'zunion 2 a b',
  'zunion 3 a b',
  'zunion 0 a b',
  'zunion x a',
  'zunion 1x a',
  'zinter 1 a withscores',
  'zinterstore d 2 a b weights 1 2',
  'zdiffstore d 1 a',
  'lmpop 1 a left',
  'lmpop 2 a left',
  'lmpop 3 a left',
  'lmpop 1z a left',
  'blmpop 0 1 a left',
  'blmpop 0 1z a left',
  'bzmpop 0 1 a min',
  'sintercard 2 a b limit 1',
  'sintercard 3 a b',
  'sintercard 1z a b',
  'zintercard 1z a b',
  'zmpop 1z a min',
  'eval s 0',
  'eval s 1 a',
  'eval s 1',
  'eval s 2 a',
  'eval s x a',
  'eval s -1 a',
  'eval s 1z a',
  'eval s 0 a',
  'evalsha_ro s 1 a',
  'fcall f 1 a',
  'fcall_ro f 2 a b',
  'xread streams a 0',
  'xread streams a b 0 0',
  'xread streams a b 0',
  'xread count 1 block 1 streams a 0',
  'xread streams streams 0',
  'xread block streams a 0',
  'xread count streams streams a 0',
  'xread a b streams',
  'xread a b c',
  'xreadgroup group g c streams a >',
  'xreadgroup group streams c streams a >',
  'xreadgroup group g streams streams a >',
  'xreadgroup group g c noack streams a >',
  'xreadgroup group g c count 1 a b',
  'georadius g 1 1 1 m',
  'georadius g 1 1 1 m store d',
  'georadius g 1 1 1 m store d storedist e',
  'georadius g 1 1 1 m storedist d store e',
  'georadius g 1 1 1 m count store d',
  'georadius g 1 1 1 m store',
  'georadiusbymember g m 1 m store d',
  'georadiusbymember g store x y z',
  'migrate h 1 k 0 10',
  'migrate h 1 k 0 10 keys a b',
  "migrate h 1 '' 0 10 keys a b",
  "migrate h 1 '' 0 10 keys",
  "migrate h 1 '' 0 10 auth keys keys a b",
  "migrate h 1 '' 0 10 auth2 u keys keys a b",
  "migrate h 1 '' 0 10 copy replace keys a",
  'migrate h 1 k 0 10 auth x',
  'object encoding a',
  'object help',
  'object encoding',
  'object nosuch a',
  'xinfo stream s',
  'xgroup create s g $',
  'watch a b',
  'bitop and d a b',
  'bitop not d a',
  'mset a b c d',
  'mset a b c',
  'msetnx a b',
  'blpop a b 0',
  'brpoplpush a b 0',
  'bzpopmin a b 0',
  'lcs a b',
  'copy a b',
  'del a b c',
  'pfmerge d a b',
  'pfmerge d',
  'pfcount a b',
  'zrangestore d s 0 -1',
  'geosearchstore d s fromlonlat 1 1 byradius 1 m',
  'rename a b',
  'smove a b c',
  'restore a 0 x',
  'touch a b',
  'sunionstore d',
  'sunionstore d a',
  'command getkeys get a',
  'dbsize x',
]
