/**
 * All commands of a redis-server as rows of a table, for tests of what the rows of a server need.
 *
 * @module
 */

import type { CommandTable } from '../../dist/commands/command.js'
import type { CommandFamily, CommandFlag, CommandSpec } from '../../dist/commands/spec.js'
import type { RespClient, RespReply, SimpleString } from './resp-client.js'

type Info = [
  string,
  number,
  SimpleString[],
  number,
  number,
  number,
  unknown,
  unknown,
  unknown,
  Info[],
]

function neverRuns(): never {
  throw new Error('a row without a handler')
}

/** Rows that can be described and checked, and not be run. */
export async function readTable(client: RespClient): Promise<CommandTable> {
  const infos = (await client.send('COMMAND')) as RespReply[]
  const docs = (await client.send('COMMAND', 'DOCS')) as RespReply[]
  const groups = new Map<string, string>()
  readGroups(docs, groups)
  const rows = (infos as unknown as Info[]).map((info) => specOf(info, groups))
  return new Map(rows.map((row) => [row.name, row]))
}

function readGroups(docs: readonly RespReply[], groups: Map<string, string>): void {
  for (let at = 0; at < docs.length; at += 2) {
    const fields = docs[at + 1] as RespReply[]
    const fieldOf = (name: string) => fields[fields.indexOf(name) + 1]
    groups.set(docs[at] as string, fieldOf('group') as string)
    if (fields.includes('subcommands')) readGroups(fieldOf('subcommands') as RespReply[], groups)
  }
}

function specOf(info: Info, groups: ReadonlyMap<string, string>): CommandSpec {
  const [fullName, arity, flags, first, last, step, , , , subcommands] = info
  const name = (fullName.split('|').at(-1) as string).toUpperCase()
  const subs = subcommands.map((one) => specOf(one, groups))
  return {
    name,
    fullName,
    arity,
    flags: flags.map(({ text }) => text as CommandFlag),
    keys: first === 0 ? null : { first, last, step },
    family: groups.get(fullName) as CommandFamily,
    since: '',
    summary: '',
    method: null,
    lookups: 'inner',
    shape: null,
    ...(subs.length === 0 ? {} : { subcommands: new Map(subs.map((one) => [one.name, one])) }),
    run: neverRuns,
  }
}
