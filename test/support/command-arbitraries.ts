/**
 * Random commands for the comparison with Redis, as fast-check arbitraries.
 *
 * Few keys, so that commands meet; all text is latin1, a character a byte. The words `@s` and `@ms`
 * stand for a relative time, which `resolveTimes` fills in.
 *
 * @module
 */

import fc from 'fast-check'

/** A command in a database. */
export interface Step {
  db: number
  args: string[]
}

/** What a sequence may contain. Relative times are exact to no more than the clocks are. */
export type TimeMode = 'absolute' | 'relative'

export const DATABASES = 4
export const KEYS = ['a', 'b', 'c', 'key:1', 'key:2', '', '\0\xff\r\n', '\xd0\xba', 'k'.repeat(70)]

const INTEGERS = [
  ...['0', '1', '-1', '2', '10', '12345', '-99', '9007199254740993', '9223372036854775807'],
  ...['-9223372036854775808', '9223372036854775808', '-9223372036854775809', '+1', '01', '-0'],
  ...[' 1', '1 ', '', 'x', '1.0', '1e3', '99999999999999999999999'],
]
const FLOATS = ['0', '1', '-1', '0.1', '1.5', '-2.25', '3.0e3', '1e-5', '.5', '5.', '+7', '-0']
const BAD_FLOATS = ['inf', '-inf', 'nan', '', ' 1', '1 ', 'x', '1e5000', '1x', '0x', '1\0']
const OFFSETS = ['0', '1', '2', '5', '-1', '-2', '-5', '100', '3000', '-100', 'x', '', '-1.5']
const RANGE_ENDS = [...OFFSETS, '9223372036854775807', '-9223372036854775808']
const SETRANGE_ENDS = [...OFFSETS, '536870912', '9223372036854775807']
/** 2100-01-01 and later, or past. The last ones are as far as they may be. */
const UNIX_SECONDS = ['4102444800', '4102444801', '4202444800', '1', '0', '-1', '1000']
const UNIX_MS = ['4102444800000', '4102444800499', '4102444800500', '4302444800001', '1', '0', '-5']
const FAR_SECONDS = ['9223372036854775', '9223372036854776', '-9223372036854775', 'x', '']
const FAR_MS = ['9223372036854775807', '9223372036854775808', '-9223372036854775808', 'x', '']
/** No key gets an expiry from these: they are past, too far, or no integers. */
const USELESS_TIMES = ['0', '-1', '-1000', '9223372036854775807', '9223372036854775808', 'x', '1.5']
const DATABASE_WORDS = ['0', '1', '2', '3', '3', '-1', '16', '99', 'x', '', '99999999999', '+1']
const PATTERNS = [
  ...['*', '**', 'a', '?', '??', 'key:*', '*1', 'k*', '[a-c]', '[^a]', '[c-a]', '[abc', '[]', '['],
  ...[
    '\\*',
    '\\a',
    'a\\',
    '*\xff*',
    '\0*',
    '[\xd0-\xff]*',
    'key:[12]',
    '*[!a]*',
    '',
    '[^]',
    '[a-]',
  ],
]
const PATTERN_LETTERS = ['a', 'k', 'e', 'y', ':', '1', '*', '*', '?', '[', ']', '^', '-', '\\']
const CURSORS = [
  '0',
  '',
  '00',
  '+0',
  '-0',
  '0\0x',
  'x',
  '-',
  ' 0',
  '1',
  '18446744073709551616',
  '-1',
]

const key = fc.constantFrom(...KEYS)
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...INTEGERS, ...FLOATS, ...BAD_FLOATS) },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => latin1(bytes)) },
  { weight: 2, arbitrary: fc.constantFrom(20, 21, 43, 44, 45, 255, 256).map((n) => 'v'.repeat(n)) },
  { weight: 1, arbitrary: fc.constantFrom(2047, 2048, 2049, 5000).map((n) => 'w'.repeat(n)) },
)

const pattern = fc.oneof(
  fc.constantFrom(...PATTERNS),
  fc
    .array(fc.constantFrom(...PATTERN_LETTERS), { maxLength: 9 })
    .map((letters) => letters.join('')),
)

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function word(...words: string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...words)
}

function inAnyCase(text: string): fc.Arbitrary<string> {
  const mixed = text.replace(/./g, (letter, at) => (at % 2 ? letter.toLowerCase() : letter))
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(text) },
    { weight: 1, arbitrary: fc.constantFrom(text.toLowerCase(), mixed) },
  )
}

type Part = fc.Arbitrary<string> | fc.Arbitrary<string[]>

/** A command of parts, each one word or several. */
function command(name: string, ...parts: Part[]): fc.Arbitrary<string[]> {
  return fc.tuple(inAnyCase(name), ...parts).map((words) => words.flat())
}

function several(part: fc.Arbitrary<string> | fc.Arbitrary<string[]>, max = 4): Part {
  return fc
    .array<string | string[]>(part, { minLength: 1, maxLength: max })
    .map((all) => all.flat())
}

/** Zero to three options, each a word or a word with its argument. */
function options(...choices: Part[]): fc.Arbitrary<string[]> {
  const choice = fc.oneof(...(choices as fc.Arbitrary<string | string[]>[]))
  const repeat = fc.oneof(
    { weight: 5, arbitrary: fc.array(choice, { maxLength: 1 }) },
    { weight: 2, arbitrary: fc.array(choice, { maxLength: 3 }) },
  )
  return repeat.map((all) => all.flat())
}

interface Times {
  seconds: fc.Arbitrary<string>
  ms: fc.Arbitrary<string>
  unixSeconds: fc.Arbitrary<string>
  unixMs: fc.Arbitrary<string>
}

function times(mode: TimeMode): Times {
  const useless = word(...USELESS_TIMES)
  const orRelative = (token: string) =>
    mode === 'absolute'
      ? useless
      : fc.oneof({ weight: 5, arbitrary: fc.constant(token) }, { weight: 1, arbitrary: useless })
  return {
    seconds: orRelative('@s'),
    ms: orRelative('@ms'),
    unixSeconds: word(...UNIX_SECONDS, ...UNIX_SECONDS, ...FAR_SECONDS),
    unixMs: word(...UNIX_MS, ...UNIX_MS, ...FAR_MS),
  }
}

function expiryOptions({ seconds, ms, unixSeconds, unixMs }: Times): fc.Arbitrary<string[]>[] {
  return [
    fc.tuple(inAnyCase('EX'), seconds),
    fc.tuple(inAnyCase('PX'), ms),
    fc.tuple(inAnyCase('EXAT'), unixSeconds),
    fc.tuple(inAnyCase('PXAT'), unixMs),
  ]
}

function stringCommands(clock: Times): fc.Arbitrary<string[]>[] {
  const setWords = word('NX', 'XX', 'GET', 'KEEPTTL', 'PERSIST', 'EX', 'nx\0', 'FOO', '')
  const number = word(...INTEGERS)
  const pairs = several(fc.tuple(key, value))
  return [
    command('GET', key),
    command('SET', key, value),
    command('SET', key, value, options(...expiryOptions(clock), setWords, setWords)),
    command('SETEX', key, clock.seconds, value),
    command('PSETEX', key, clock.ms, value),
    command('SETNX', key, value),
    command('GETSET', key, value),
    command('GETDEL', key),
    command('GETEX', key, options(...expiryOptions(clock), word('PERSIST', 'persist', 'NX', 'EX'))),
    command('MGET', several(key)),
    command('MSET', pairs),
    command('MSETNX', pairs),
    command('APPEND', key, value),
    command('STRLEN', key),
    command('GETRANGE', key, word(...RANGE_ENDS), word(...RANGE_ENDS)),
    command('SUBSTR', key, word(...RANGE_ENDS), word(...RANGE_ENDS)),
    command('SETRANGE', key, word(...SETRANGE_ENDS), value),
    command('INCR', key),
    command('DECR', key),
    command('INCRBY', key, number),
    command('DECRBY', key, number),
    command('INCRBYFLOAT', key, word(...FLOATS, ...FLOATS, ...BAD_FLOATS)),
  ]
}

function keyCommands(clock: Times): fc.Arbitrary<string[]>[] {
  const conditions = options(word('NX', 'XX', 'GT', 'LT', 'gt', 'FOO', 'a\r\nb\0c', ''))
  const db = fc.tuple(inAnyCase('DB'), word(...DATABASE_WORDS))
  const scanOptions = options(
    fc.tuple(inAnyCase('MATCH'), pattern),
    fc.tuple(inAnyCase('COUNT'), word('1', '3', '100', '9223372036854775807', '0', '-1', 'x')),
    // Not 'none': that lists the expired keys that Redis happens not to have removed yet.
    fc.tuple(inAnyCase('TYPE'), word('string', 'STRING', 'list', 'foo')),
    word('FOO', 'COUNT', ''),
  )
  return [
    command('DEL', several(key, 3)),
    command('UNLINK', several(key, 3)),
    command('EXISTS', several(key)),
    command('TOUCH', several(key)),
    command('TYPE', key),
    command('EXPIRE', key, clock.seconds, conditions),
    command('PEXPIRE', key, clock.ms, conditions),
    command('EXPIREAT', key, clock.unixSeconds, conditions),
    command('PEXPIREAT', key, clock.unixMs, conditions),
    command('TTL', key),
    command('PTTL', key),
    command('EXPIRETIME', key),
    command('PEXPIRETIME', key),
    command('PERSIST', key),
    command('RENAME', key, key),
    command('RENAMENX', key, key),
    command('COPY', key, key, options(db, word('REPLACE', 'replace', 'DB', 'FOO'))),
    command('MOVE', key, word(...DATABASE_WORDS)),
    command('SCAN', word(...CURSORS), scanOptions),
    command('KEYS', pattern),
    command('RANDOMKEY'),
    command('OBJECT', inAnyCase('ENCODING'), key),
  ]
}

function rareCommands(): fc.Arbitrary<string[]> {
  const flush = fc.array(word('SYNC', 'ASYNC', 'async', 'FOO'), { maxLength: 2 })
  return fc.oneof(
    command('SWAPDB', word(...DATABASE_WORDS), word(...DATABASE_WORDS)),
    command('DBSIZE'),
    command('DBSIZE'),
    command('FLUSHDB', flush),
    command('FLUSHALL', flush),
    command('OBJECT', word('', 'FOO', 'fo\r\no', 'o'.repeat(200)), several(key)),
    fc
      .tuple(word('', 'FOO', 'get\0', 'f\0g', 'F\r\nO', 'f'.repeat(130)), several(value))
      .map((w) => w.flat()),
  )
}

/** Drops or adds a word now and then. */
function withWrongArity(commands: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> {
  const shorter = commands.map((words) => (words.length > 1 ? words.slice(0, -1) : words))
  const longer = commands.map((words) => [...words, 'x'])
  return fc.oneof(
    { weight: 40, arbitrary: commands },
    { weight: 1, arbitrary: shorter },
    { weight: 1, arbitrary: longer },
  )
}

export function steps(mode: TimeMode, maxLength: number): fc.Arbitrary<Step[]> {
  const clock = times(mode)
  const common = fc.oneof(...stringCommands(clock), ...keyCommands(clock))
  const any = fc.oneof({ weight: 40, arbitrary: common }, { weight: 1, arbitrary: rareCommands() })
  const db = fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat({ max: DATABASES - 1 }) },
  )
  const step = fc.record({ db, args: withWrongArity(any) })
  return fc.array(step, { minLength: 1, maxLength, size: 'max' })
}

/**
 * Fills in relative times, no two the same and all at least 1,000 seconds apart: a comparison of
 * two of them does not depend on when the commands ran.
 */
export function resolveTimes(sequence: readonly Step[]): Step[] {
  let count = 0
  const resolve = (text: string) => {
    if (text !== '@s' && text !== '@ms') return text
    const seconds = 100_000 + 1000 * ((++count * 37) % 4001)
    return text === '@s' ? `${seconds}` : `${seconds}000`
  }
  return sequence.map(({ db, args }) => ({ db, args: args.map(resolve) }))
}
