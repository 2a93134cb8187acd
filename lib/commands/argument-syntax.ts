/**
 * How the arguments of a command are written on one line, and what COMMAND DOCS says of them.
 *
 *     key                an argument by its name, of the type that arguments of this name have
 *     increment:double   of another type
 *     pattern#1          of that specification of keys (key-specs.ts); without a number keys have
 *                        them in turn
 *     NX                 a word as it is, named `nx`
 *     change=CH          a word named otherwise; of other signs in quotes: equal="="
 *     EX seconds         behind a word
 *     trim(a b)          one after the other       where(LEFT|RIGHT)   one of them
 *     member ...         one or more               [x]                 one or none
 *     [GET pattern]...   any number, each behind its word
 *     x@6.2.0            since that version of Redis, if the command is older
 *     x!2.8.12           out of use since that version
 *
 * @module
 */

export type ArgumentType =
  | 'key'
  | 'string'
  | 'integer'
  | 'double'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block'

export interface CommandArgument {
  readonly name: string
  readonly type: ArgumentType
  /** Which of the command's specifications of keys is about it. */
  readonly keySpec: number | null
  readonly token: string | null
  readonly since: string | null
  readonly deprecatedSince: string | null
  readonly flags: readonly ('optional' | 'multiple' | 'multiple_token')[]
  /** Of a `oneof` or a `block`. */
  readonly parts: readonly CommandArgument[]
}

/** Names by the type of what they name; all others are strings. */
const TYPED: readonly (readonly [type: ArgumentType, names: string])[] = [
  ['key', 'key key1 key2 newkey source destination src dst sourcekey destkey'],
  [
    'integer',
    'count numkeys numfields offset limit cursor index index1 index2 rank len num-matches weight ' +
      'increment decrement start stop end seconds milliseconds ms ttl frequency bit bits ' +
      'entries_added entries_read db destination-db client-id port cluster_bus_port slot ' +
      'start-slot end-slot config-epoch numreplicas protover version',
  ],
  ['double', 'score longitude latitude radius width height timeout'],
  ['pattern', 'pattern'],
  ['unix-time', 'unix-time-seconds unix-time-milliseconds'],
]

function typeOf(name: string): ArgumentType {
  return TYPED.find(([, names]) => ` ${names} `.includes(` ${name} `))?.[0] ?? 'string'
}

const PIECE = /\s*(\.\.\.|[[\]()|]|(?:"[^"]*"|[^\s[\]()|"])+)\s*/y

const WORD = new RegExp(
  '^(?:(?<word>[A-Z][A-Z0-9-]*)|(?<name>[a-z][a-z0-9_/:-]*?)(?:=(?<token>[A-Z]+|"[^"]*")|' +
    '(?::(?<type>key|string|integer|double|pattern|unix-time))?(?:#(?<spec>\\d+))?))?' +
    '(?:@(?<since>\\d[\\d.]*))?(?:!(?<ended>\\d[\\d.]*))?$',
)

type Word = Readonly<Partial<Record<string, string>>>

class SyntaxReader {
  readonly #line: string
  readonly #pieces: string[] = []
  #at = 0
  #keys = 0

  constructor(line: string) {
    this.#line = line
    PIECE.lastIndex = 0
    while (PIECE.lastIndex < line.length) {
      const piece = PIECE.exec(line)?.[1]
      if (piece === undefined) throw this.#error('a quote has no end')
      this.#pieces.push(piece)
    }
  }

  readAll(): CommandArgument[] {
    const all: CommandArgument[] = []
    while (this.#at < this.#pieces.length) all.push(this.#readArgument())
    return all
  }

  #readArgument(): CommandArgument {
    if (!this.#take('[')) return this.#readOne()
    const argument = this.#readOne()
    if (!this.#take(']')) throw this.#error('no ]')
    if (!this.#take('...')) return { ...argument, flags: ['optional', ...argument.flags] }
    if (argument.token === null) throw this.#error('no word in front of what is repeated with it')
    if (argument.flags.length > 0) throw this.#error('repeated twice')
    return { ...argument, flags: ['optional', 'multiple', 'multiple_token'] }
  }

  #readOne(): CommandArgument {
    let head = this.#readWord()
    let token: string | null = null
    if (head.word !== undefined && /^[a-z]/.test(this.#next)) {
      const version = head.since ?? head.ended
      if (version !== undefined) throw this.#error('a version amidst')
      token = head.word
      head = this.#readWord()
      if (head.token !== undefined) throw this.#error('two words')
    }
    const argument = this.#take('(') ? this.#readGroup(head) : this.#single(head)
    const flags = this.#take('...') ? (['multiple'] as const) : []
    return { ...argument, token: token ?? argument.token, flags }
  }

  #readGroup({ name, token, type, spec, since, ended }: Word): CommandArgument {
    if (name === undefined || (token ?? type ?? spec ?? since ?? ended) !== undefined) {
      throw this.#error('a name belongs in front of (, a version behind )')
    }
    const parts = [this.#readArgument()]
    const isChoice = this.#next === '|'
    while (!this.#take(')')) {
      if (this.#take('|') !== isChoice) throw this.#error('no | or )')
      parts.push(this.#readArgument())
    }
    const versions = /^[@!]/.test(this.#next) ? this.#readWord() : {}
    return { ...plain(name, isChoice ? 'oneof' : 'block', versions), parts }
  }

  #single(head: Word): CommandArgument {
    const { word, name, token, spec } = head
    if (word !== undefined) return { ...plain(word.toLowerCase(), 'pure-token', head), token: word }
    if (name === undefined) throw this.#error('a version of nothing')
    if (token !== undefined) {
      return { ...plain(name, 'pure-token', head), token: token.replaceAll('"', '') }
    }
    const type = (head.type as ArgumentType | undefined) ?? typeOf(name)
    const turn = type === 'key' ? this.#keys++ : null
    return { ...plain(name, type, head), keySpec: spec === undefined ? turn : Number(spec) }
  }

  #readWord(): Word {
    const groups = WORD.exec(this.#next)?.groups
    if (groups === undefined || this.#next === '') throw this.#error('no argument')
    this.#at += 1
    return groups
  }

  get #next(): string {
    return this.#pieces[this.#at] ?? ''
  }

  #take(piece: string): boolean {
    const isNext = this.#next === piece
    if (isNext) this.#at += 1
    return isNext
  }

  #error(what: string): Error {
    const where = this.#next === '' ? 'at the end' : `at piece ${this.#at + 1}, ${this.#next}`
    return new Error(`arguments '${this.#line}': ${what} ${where}`)
  }
}

function plain(name: string, type: ArgumentType, { since, ended }: Word): CommandArgument {
  return {
    name,
    type,
    keySpec: null,
    token: null,
    since: since ?? null,
    deprecatedSince: ended ?? null,
    flags: [],
    parts: [],
  }
}

/**
 * The arguments that a line tells of.
 *
 * @throws {Error} if it is not written as above.
 */
export function parseArguments(line: string): CommandArgument[] {
  return new SyntaxReader(line).readAll()
}
