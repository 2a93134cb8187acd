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
import type { KeyChange } from './key-interest.js'

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

/** What was stored under the key of an argument, be it nothing. */
function stored(kind: string, name: string, index: number): Touch {
  return (context, changes) => {
    const key = readBytes(context, index)
    const change = changes.find((one) => one.key === key && one.db === context.db)
    if (change === undefined) return []
    return [isGone(context, change) ? event('g', 'del', change) : event(kind, name, change)]
  }
}

/** One event, or that of DEL where the key is gone. */
function orDel(name: string | ((context: CommandContext) => string)): Touch {
  return (context, changes) => {
    const word = typeof name === 'string' ? name : name(context)
    return changes.map((one) => event('g', isGone(context, one) ? 'del' : word, one))
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
  return [
    event('s', 'srem', source),
    ...(isGone(context, source) ? [event('g', 'del', source)] : []),
    event('s', 'sadd', target),
  ]
}

function renamed(from: string, to: string): Touch {
  return (context) => {
    return [
      event('g', from, { db: context.db, key: readBytes(context, 1) }),
      event('g', to, { db: context.db, key: readBytes(context, 2) }),
    ]
  }
}

const movedToDatabase: Touch = (context) => {
  const key = readBytes(context, 1)
  return [
    event('g', 'move_from', { db: context.db, key }),
    event('g', 'move_to', { db: Number(readBytes(context, 2)), key }),
  ]
}

const copied: Touch = (context, changes) => {
  const key = readBytes(context, 2)
  return changes.filter((one) => one.key === key).map((one) => event('g', 'copy_to', one))
}

const getex: Touch = orDel((context) => (hasOption(context, 2, ['PERSIST']) ? 'persist' : 'expire'))
const zadd: Touch = each('z', (context) => (hasOption(context, 2, ['INCR']) ? 'zincr' : 'zadd'))

/** Keys behind STORE or STOREDIST. */
const georadius: Touch = (context, changes) => {
  for (let index = 5; index + 1 < context.argc; ++index) {
    if (['STORE', 'STOREDIST'].includes(readOption(context, index))) {
      return stored('z', 'georadiusstore', index + 1)(context, changes)
    }
  }
  return []
}

const sort: Touch = (context, changes) => {
  for (let index = 2; index + 1 < context.argc; ++index) {
    if (readOption(context, index) === 'STORE') {
      return stored('l', 'sortstore', index + 1)(context, changes)
    }
  }
  return []
}

const DEL = orDel('del')
const EXPIRE = orDel('expire')

/** By the full name of a command. */
const TOUCHES: Readonly<Record<string, Touch>> = {
  set: set((context) => hasOption(context, 3, TIMES)),
  setex: set(() => true),
  psetex: set(() => true),
  ...eachOf('$', { set: ['setnx', 'getset', 'mset', 'msetnx'], setbit: ['setbit', 'bitfield'] }),
  ...eachOf('$', { append: ['append'], setrange: ['setrange'], pfadd: ['pfadd'] }),
  ...eachOf('$', { incrby: ['incr', 'decr', 'incrby', 'decrby'], incrbyfloat: ['incrbyfloat'] }),
  bitop: stored('$', 'set', 2),
  pfmerge: stored('$', 'pfadd', 1),
  getex,
  ...Object.fromEntries(['del', 'unlink', 'getdel'].map((name) => [name, DEL])),
  ...Object.fromEntries(
    ['expire', 'pexpire', 'expireat', 'pexpireat'].map((name) => [name, EXPIRE]),
  ),
  persist: orDel('persist'),
  rename: renamed('rename_from', 'rename_to'),
  renamenx: renamed('rename_from', 'rename_to'),
  move: movedToDatabase,
  copy: copied,
  restore: orDel('restore'),
  sort,
  ...eachOf('l', {
    lpush: ['lpush', 'lpushx'],
    rpush: ['rpush', 'rpushx'],
    lpop: ['lpop', 'blpop'],
  }),
  ...eachOf('l', { rpop: ['rpop', 'brpop'], linsert: ['linsert'], lset: ['lset'] }),
  ...eachOf('l', { lrem: ['lrem'], ltrim: ['ltrim'] }),
  lmpop: each('l', byPlace(LIST_POPS, 3)),
  blmpop: each('l', byPlace(LIST_POPS, 4)),
  lmove: movedByWord,
  blmove: movedByWord,
  rpoplpush: movedRightToLeft,
  brpoplpush: movedRightToLeft,
  ...eachOf('s', { sadd: ['sadd'], srem: ['srem'], spop: ['spop'] }),
  smove,
  sinterstore: stored('s', 'sinterstore', 1),
  sunionstore: stored('s', 'sunionstore', 1),
  sdiffstore: stored('s', 'sdiffstore', 1),
  ...eachOf('h', { hset: ['hset', 'hsetnx', 'hmset'], hincrby: ['hincrby'], hdel: ['hdel'] }),
  ...eachOf('h', { hincrbyfloat: ['hincrbyfloat'], hpersist: ['hpersist'] }),
  ...eachOf('h', { hexpire: ['hexpire', 'hpexpire', 'hexpireat', 'hpexpireat'] }),
  zadd,
  ...eachOf('z', { zincr: ['zincrby'], zrem: ['zrem'], zpopmin: ['zpopmin', 'bzpopmin'] }),
  ...eachOf('z', { zpopmax: ['zpopmax', 'bzpopmax'], zremrangebyscore: ['zremrangebyscore'] }),
  ...eachOf('z', { zremrangebyrank: ['zremrangebyrank'], zremrangebylex: ['zremrangebylex'] }),
  zmpop: each('z', byPlace(ZSET_POPS, 3)),
  bzmpop: each('z', byPlace(ZSET_POPS, 4)),
  zrangestore: stored('z', 'zrangestore', 1),
  zunionstore: stored('z', 'zunionstore', 1),
  zinterstore: stored('z', 'zinterstore', 1),
  zdiffstore: stored('z', 'zdiffstore', 1),
  geoadd: each('z', 'zadd'),
  geosearchstore: stored('z', 'geosearchstore', 1),
  georadius,
  georadiusbymember: georadius,
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
    const own = changes.filter(({ change }) => change === KEY_CHANGE.changed)
    const touch = TOUCHES[command.fullName]
    if (touch === undefined || own.length === 0) return
    for (const one of touch(context, own)) this.#send(one)
  }

  #send({ kind, name, db, key }: KeyEvent): void {
    if (!this.#kinds.has(kind)) return
    if (this.#kinds.has('K')) this.#publish(`__keyspace@${db}__:${key}`, name)
    if (this.#kinds.has('E')) this.#publish(`__keyevent@${db}__:${name}`, key)
  }
}
