/**
 * Events of keys, published as messages: `notify-keyspace-events`.
 *
 * The engine says which keys a command has changed; the command says what that is called.
 *
 * @module
 */

import { readBytes, readOption } from '../commands/args.js'
import type { CommandContext } from '../commands/context.js'
import type { CommandSpec } from '../commands/spec.js'
import { KEY_CHANGE } from '../native/lanes.js'
import { keyName } from './client.js'
import type { KeyChange } from './key-interest.js'
import { missedKeys } from './key-misses.js'

/** Redis's letters of kinds of events; those of `A`, in its order. */
const ALL = 'g$lshzxetd'

/** An event: the letter of its kind, its name, and whose it is. */
interface KeyEvent {
  readonly kind: string
  readonly name: string
  readonly db: number
  readonly key: string
}

/** What a command did to a key. */
type Touch = (context: CommandContext, changes: readonly KeyChange[]) => KeyEvent[]

function event(kind: string, name: string, { db, key }: { db: number; key: string }): KeyEvent {
  return { kind, name, db, key }
}

/** For what is new whatever was there before: it is deleted first. */
function replacing(events: readonly KeyEvent[], target: { db: number; key: string }): KeyEvent[] {
  return [event('n', 'new', target), ...events]
}

function isGone({ native }: CommandContext, { db, key }: { db: number; key: string }): boolean {
  return native.keyType(db, Buffer.from(key, 'latin1')) === 0
}

/** One event for every changed key, and DEL's behind it if that took its last element. */
function each(kind: string, name: string | ((context: CommandContext) => string)): Touch {
  return (context, changes) => {
    const word = typeof name === 'string' ? name : name(context)
    return changes.flatMap((change) => [
      event(kind, word, change),
      ...(isGone(context, change) ? [event('g', 'del', change)] : []),
    ])
  }
}

/** One event, or that of DEL where the key is gone. */
function orDel(name: string | ((context: CommandContext) => string), kind = 'g'): Touch {
  return (context, changes) => {
    const word = typeof name === 'string' ? name : name(context)
    return changes.map((one) =>
      isGone(context, one) ? event('g', 'del', one) : event(kind, word, one),
    )
  }
}

function hasOption(context: CommandContext, from: number, options: readonly string[]): boolean {
  for (let index = from; index < context.argc; ++index) {
    if (options.includes(readOption(context, index))) return true
  }
  return false
}

const TIMES = ['EX', 'PX', 'EXAT', 'PXAT']

function set(isTimed: (context: CommandContext) => boolean): Touch {
  return (context, changes) => {
    const timed = isTimed(context)
    return changes.flatMap((one) => [
      event('$', 'set', one),
      ...(timed ? [event('g', 'expire', one)] : []),
    ])
  }
}

/** The word of the first argument from `from` on that is one of two, of a list or a sorted set. */
function byPlace(names: Readonly<Record<string, string>>, from: number) {
  return (context: CommandContext): string => {
    for (let index = from; index < context.argc; ++index) {
      const name = names[readOption(context, index)]
      if (name !== undefined) return name
    }
    return ''
  }
}

const LIST_POPS = { LEFT: 'lpop', RIGHT: 'rpop' }
const ZSET_POPS = { MIN: 'zpopmin', MAX: 'zpopmax' }

/** First what was pushed, then what was popped. */
function moved(ends: (context: CommandContext) => readonly [from: string, to: string]): Touch {
  return (context) => {
    const [from, to] = ends(context)
    const source = { db: context.db, key: readBytes(context, 1) }
    const target = { db: context.db, key: readBytes(context, 2) }
    return [
      event('l', to === 'LEFT' ? 'lpush' : 'rpush', target),
      event('l', from === 'LEFT' ? 'lpop' : 'rpop', source),
      ...(isGone(context, source) ? [event('g', 'del', source)] : []),
    ]
  }
}

const movedByWord = moved((context) => [readOption(context, 3), readOption(context, 4)])
const movedRightToLeft = moved(() => ['RIGHT', 'LEFT'])

const smove: Touch = (context, changes) => {
  const [source, target] = [1, 2].map((index) => ({
    db: context.db,
    key: readBytes(context, index),
  })) as [KeyChange, KeyChange]
  if (changes.length === 0 || source.key === target.key) return []
  const isAdded = changes.some(({ key }) => key === target.key)
  return [
    event('s', 'srem', source),
    ...(isGone(context, source) ? [event('g', 'del', source)] : []),
    ...(isAdded ? [event('s', 'sadd', target)] : []),
  ]
}

const renamed: Touch = (context) => {
  const source = { db: context.db, key: readBytes(context, 1) }
  const target = { db: context.db, key: readBytes(context, 2) }
  return replacing([event('g', 'rename_from', source), event('g', 'rename_to', target)], target)
}

const movedToDatabase: Touch = (context) => {
  const source = { db: context.db, key: readBytes(context, 1) }
  const target = { ...source, db: Number(readBytes(context, 2)) }
  return replacing([event('g', 'move_from', source), event('g', 'move_to', target)], target)
}

const copied: Touch = (_, changes) => {
  return changes.flatMap((one) => replacing([event('g', 'copy_to', one)], one))
}

const restored: Touch = (context, changes) => {
  return changes.flatMap((one) => {
    if (isGone(context, one)) return [event('g', 'del', one)]
    return replacing([event('g', 'restore', one)], one)
  })
}

/** Each key as often as it was set. */
const mset: Touch = (context, changes) => {
  const changed = new Map(changes.map((one) => [one.key, one]))
  const events: KeyEvent[] = []
  for (let index = 1; index < context.argc; index += 2) {
    const change = changed.get(readBytes(context, index))
    if (change !== undefined) events.push(event('$', 'set', change))
  }
  return events
}

const getex: Touch = orDel((context) => (hasOption(context, 2, ['PERSIST']) ? 'persist' : 'expire'))
const zadd: Touch = each('z', (context) => (hasOption(context, 2, ['INCR']) ? 'zincr' : 'zadd'))

const DEL = orDel('del')
const EXPIRE = orDel('expire')

/** By the full name of a command. */
const TOUCHES: Readonly<Record<string, Touch>> = {
  set: set((context) => hasOption(context, 3, TIMES)),
  setex: set(() => true),
  psetex: set(() => true),
  ...eachOf('$', { set: ['setnx', 'getset'], setbit: ['setbit'] }),
  ...eachOf('$', { append: ['append'], setrange: ['setrange'], pfadd: ['pfadd'] }),
  ...eachOf('$', { incrby: ['incr', 'decr', 'incrby', 'decrby'], incrbyfloat: ['incrbyfloat'] }),
  mset,
  msetnx: mset,
  bitop: orDel('set', '$'),
  pfmerge: orDel('pfadd', '$'),
  getex,
  ...Object.fromEntries(['del', 'unlink', 'getdel'].map((name) => [name, DEL])),
  ...Object.fromEntries(
    ['expire', 'pexpire', 'expireat', 'pexpireat'].map((name) => [name, EXPIRE]),
  ),
  persist: orDel('persist'),
  rename: renamed,
  renamenx: renamed,
  move: movedToDatabase,
  copy: copied,
  restore: restored,
  sort: orDel('sortstore', 'l'),
  ...eachOf('l', {
    lpush: ['lpush', 'lpushx'],
    rpush: ['rpush', 'rpushx'],
    lpop: ['lpop', 'blpop'],
  }),
  ...eachOf('l', { rpop: ['rpop', 'brpop'], linsert: ['linsert'], lset: ['lset'] }),
  ...eachOf('l', { lrem: ['lrem'] }),
  lmpop: each('l', byPlace(LIST_POPS, 3)),
  blmpop: each('l', byPlace(LIST_POPS, 4)),
  lmove: movedByWord,
  blmove: movedByWord,
  rpoplpush: movedRightToLeft,
  brpoplpush: movedRightToLeft,
  ...eachOf('s', { sadd: ['sadd'], srem: ['srem'], spop: ['spop'] }),
  smove,
  sinterstore: orDel('sinterstore', 's'),
  sunionstore: orDel('sunionstore', 's'),
  sdiffstore: orDel('sdiffstore', 's'),
  ...eachOf('h', { hset: ['hset', 'hsetnx', 'hmset'], hincrby: ['hincrby'], hdel: ['hdel'] }),
  ...eachOf('h', { hincrbyfloat: ['hincrbyfloat'], hpersist: ['hpersist'] }),
  ...eachOf('h', { hexpire: ['hexpire', 'hpexpire', 'hexpireat', 'hpexpireat'] }),
  zadd,
  ...eachOf('z', { zincr: ['zincrby'], zrem: ['zrem'], zpopmin: ['zpopmin', 'bzpopmin'] }),
  ...eachOf('z', { zpopmax: ['zpopmax', 'bzpopmax'], zremrangebyscore: ['zremrangebyscore'] }),
  ...eachOf('z', { zremrangebyrank: ['zremrangebyrank'], zremrangebylex: ['zremrangebylex'] }),
  zmpop: each('z', byPlace(ZSET_POPS, 3)),
  bzmpop: each('z', byPlace(ZSET_POPS, 4)),
  zrangestore: orDel('zrangestore', 'z'),
  zunionstore: orDel('zunionstore', 'z'),
  zinterstore: orDel('zinterstore', 'z'),
  zdiffstore: orDel('zdiffstore', 'z'),
  geoadd: each('z', 'zadd'),
  geosearchstore: orDel('geosearchstore', 'z'),
  georadius: orDel('georadiusstore', 'z'),
  georadiusbymember: orDel('georadiusstore', 'z'),
  ...eachOf('t', { xadd: ['xadd'], xtrim: ['xtrim'], xdel: ['xdel'], xsetid: ['xsetid'] }),
  ...eachOf('t', { 'xgroup-create': ['xgroup|create'], 'xgroup-setid': ['xgroup|setid'] }),
  ...eachOf('t', { 'xgroup-destroy': ['xgroup|destroy'] }),
  ...eachOf('t', { 'xgroup-createconsumer': ['xgroup|createconsumer'] }),
  ...eachOf('t', { 'xgroup-delconsumer': ['xgroup|delconsumer'] }),
}

/** Commands by the event of each. */
function eachOf(
  kind: string,
  commands: Readonly<Record<string, readonly string[]>>,
): Record<string, Touch> {
  return Object.fromEntries(
    Object.entries(commands).flatMap(([name, ones]) => ones.map((one) => [one, each(kind, name)])),
  )
}

const OF_COMMANDS: ReadonlySet<number> = new Set([KEY_CHANGE.changed, KEY_CHANGE.created])

function missed(
  changes: readonly KeyChange[],
  command: CommandSpec,
  context: CommandContext,
): KeyEvent[] {
  const { db } = context
  const ones = changes.filter((one) => one.change === KEY_CHANGE.missed && one.db === db)
  if (ones.length === 0) return []
  const keys = missedKeys(command, context, new Set(ones.map(({ key }) => key)))
  return keys.map((key) => event('m', 'keymiss', { db, key }))
}

/** Kinds of the events that handlers note themselves. */
const NOTED_KINDS: Readonly<Record<string, string>> = {
  ltrim: 'l',
  setbit: '$',
  xtrim: 't',
  'xgroup-createconsumer': 't',
}

function noted(context: CommandContext): KeyEvent[] {
  return context.takeNoted().flatMap(([name, index]) => {
    const target = { db: context.db, key: readBytes(context, index) }
    const told = event(NOTED_KINDS[name] ?? '', name, target)
    return isGone(context, target) ? [told, event('g', 'del', target)] : [told]
  })
}

/** What is new is so before all else that is told of it. */
function withNew(events: readonly KeyEvent[], changes: readonly KeyChange[]): KeyEvent[] {
  const created = changes.filter(({ change }) => change === KEY_CHANGE.created)
  if (created.length === 0) return [...events]
  const left = new Map(created.map((one) => [keyName(one.db, one.key), one]))
  const told = events.flatMap((one) => {
    const isFirst = left.delete(keyName(one.db, one.key))
    return isFirst && one.kind !== 'n' ? [event('n', 'new', one), one] : [one]
  })
  return [...told, ...[...left.values()].map((one) => event('n', 'new', one))]
}

export class KeyEvents {
  readonly #publish: (channel: string, message: string) => void
  #kinds = new Set<string>()

  constructor(publish: (channel: string, message: string) => void) {
    this.#publish = publish
  }

  /** @param letters As the directive has them, sound. */
  configure(letters: string): void {
    this.#kinds = new Set(letters.replace('A', ALL))
  }

  get isOn(): boolean {
    return this.#kinds.has('K') || this.#kinds.has('E')
  }

  /** Whether it is told of keys that were looked for in vain. */
  get tellsMissed(): boolean {
    return this.isOn && this.#kinds.has('m')
  }

  /** A command of `context` has changed keys, or time and want of memory have; null: no command. */
  tell(
    changes: readonly KeyChange[],
    command: CommandSpec | null,
    context: CommandContext | null,
  ): void {
    if (!this.isOn) return
    for (const change of changes) {
      if (change.change === KEY_CHANGE.expired) this.#send(event('x', 'expired', change))
      if (change.change === KEY_CHANGE.evicted) this.#send(event('e', 'evicted', change))
    }
    if (command === null || context === null) return
    for (const one of missed(changes, command, context)) this.#send(one)
    const own = changes.filter(({ change }) => OF_COMMANDS.has(change))
    const touch = own.length === 0 ? undefined : TOUCHES[command.fullName]
    const touched = touch === undefined ? [] : touch(context, own)
    for (const one of withNew([...touched, ...noted(context)], own)) this.#send(one)
  }

  #send({ kind, name, db, key }: KeyEvent): void {
    if (!this.#kinds.has(kind)) return
    if (this.#kinds.has('K')) this.#publish(`__keyspace@${db}__:${key}`, name)
    if (this.#kinds.has('E')) this.#publish(`__keyevent@${db}__:${name}`, key)
  }
}
