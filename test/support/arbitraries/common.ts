/**
 * The words that random commands are made of.
 *
 * @module
 */

import fc from 'fast-check'

/** What a sequence may contain. Relative times are exact to no more than the clocks are. */
export type TimeMode = 'absolute' | 'relative'

export const KEYS = ['a', 'b', 'c', 'key:1', 'key:2', '', '\0\xff\r\n', '\xd0\xba', 'k'.repeat(70)]

export const INTEGERS = [
  ...['0', '1', '-1', '2', '10', '12345', '-99', '9007199254740993', '9223372036854775807'],
  ...['-9223372036854775808', '9223372036854775808', '-9223372036854775809', '+1', '01', '-0'],
  ...[' 1', '1 ', '', 'x', '1.0', '1e3', '99999999999999999999999'],
]
export const FLOATS = [
  '0',
  '1',
  '-1',
  '0.1',
  '1.5',
  '-2.25',
  '3.0e3',
  '1e-5',
  '.5',
  '5.',
  '+7',
  '-0',
]
export const BAD_FLOATS = ['inf', '-inf', 'nan', '', ' 1', '1 ', 'x', '1e5000', '1x', '0x', '1\0']
export const OFFSETS = [
  '0',
  '1',
  '2',
  '5',
  '-1',
  '-2',
  '-5',
  '100',
  '3000',
  '-100',
  'x',
  '',
  '-1.5',
]
/** How many to draw or to take. */
export const COUNTS = [
  '0',
  '1',
  '2',
  '3',
  '10',
  '100',
  '-1',
  '-2',
  '-7',
  'x',
  '',
  '9223372036854775808',
  '-9223372036854775808',
]
export const NUMBERS_OF_KEYS = ['1', '1', '2', '2', '3', '0', '-1', 'x', '9']
export const RANGE_ENDS = [...OFFSETS, '9223372036854775807', '-9223372036854775808']
export const SETRANGE_ENDS = [...OFFSETS, '536870912', '9223372036854775807']
/** 2100-01-01 and later, or past. The last ones are as far as they may be. */
export const UNIX_SECONDS = ['4102444800', '4102444801', '4202444800', '1', '0', '-1', '1000']
export const UNIX_MS = [
  '4102444800000',
  '4102444800499',
  '4102444800500',
  '4302444800001',
  '1',
  '0',
  '-5',
]
export const FAR_SECONDS = ['9223372036854775', '9223372036854776', '-9223372036854775', 'x', '']
export const FAR_MS = [
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  'x',
  '',
]
/** No key gets an expiry from these: they are past, too far, or no integers. */
export const USELESS_TIMES = [
  '0',
  '-1',
  '-1000',
  '9223372036854775807',
  '9223372036854775808',
  'x',
  '1.5',
]
export const DATABASE_WORDS = [
  '0',
  '1',
  '2',
  '3',
  '3',
  '-1',
  '16',
  '99',
  'x',
  '',
  '99999999999',
  '+1',
]
export const PATTERNS = [
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
export const PATTERN_LETTERS = [
  'a',
  'k',
  'e',
  'y',
  ':',
  '1',
  '*',
  '*',
  '?',
  '[',
  ']',
  '^',
  '-',
  '\\',
]
export const CURSORS = [
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

export const key = fc.constantFrom(...KEYS)
export const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...INTEGERS, ...FLOATS, ...BAD_FLOATS) },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => latin1(bytes)) },
  { weight: 2, arbitrary: fc.constantFrom(20, 21, 43, 44, 45, 255, 256).map((n) => 'v'.repeat(n)) },
  { weight: 1, arbitrary: fc.constantFrom(2047, 2048, 2049, 5000).map((n) => 'w'.repeat(n)) },
)

/** Members, fields and values: many different ones, so that collections grow. */
export const element = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 60 }).map((n) => `e${n}`) },
  { weight: 3, arbitrary: fc.integer({ min: -300, max: 300 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom(...INTEGERS, ...FLOATS) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 5 }).map((bytes) => latin1(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom(63, 64, 65, 127, 128, 300).map((n) => 'm'.repeat(n)) },
)

export const pattern = fc.oneof(
  fc.constantFrom(...PATTERNS),
  fc
    .array(fc.constantFrom(...PATTERN_LETTERS), { maxLength: 9 })
    .map((letters) => letters.join('')),
)

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

export function word(...words: string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...words)
}

export function inAnyCase(text: string): fc.Arbitrary<string> {
  const mixed = text.replace(/./g, (letter, at) => (at % 2 ? letter.toLowerCase() : letter))
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(text) },
    { weight: 1, arbitrary: fc.constantFrom(text.toLowerCase(), mixed) },
  )
}

export type Part = fc.Arbitrary<string> | fc.Arbitrary<string[]>

/** A command of parts, each one word or several. */
export function command(name: string, ...parts: Part[]): fc.Arbitrary<string[]> {
  return fc.tuple(inAnyCase(name), ...parts).map((words) => words.flat())
}

export function several(part: fc.Arbitrary<string> | fc.Arbitrary<string[]>, max = 4): Part {
  return fc
    .array<string | string[]>(part, { minLength: 1, maxLength: max })
    .map((all) => all.flat())
}

/** Zero to three options, each a word or a word with its argument. */
export function options(...choices: Part[]): fc.Arbitrary<string[]> {
  const choice = fc.oneof(...(choices as fc.Arbitrary<string | string[]>[]))
  const repeat = fc.oneof(
    { weight: 5, arbitrary: fc.array(choice, { maxLength: 1 }) },
    { weight: 2, arbitrary: fc.array(choice, { maxLength: 3 }) },
  )
  return repeat.map((all) => all.flat())
}

export interface Times {
  seconds: fc.Arbitrary<string>
  ms: fc.Arbitrary<string>
  unixSeconds: fc.Arbitrary<string>
  unixMs: fc.Arbitrary<string>
}

export function times(mode: TimeMode): Times {
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

export function expiryOptions({
  seconds,
  ms,
  unixSeconds,
  unixMs,
}: Times): fc.Arbitrary<string[]>[] {
  return [
    fc.tuple(inAnyCase('EX'), seconds),
    fc.tuple(inAnyCase('PX'), ms),
    fc.tuple(inAnyCase('EXAT'), unixSeconds),
    fc.tuple(inAnyCase('PXAT'), unixMs),
  ]
}

/** MATCH, COUNT and what is neither. */
export const scanOptions: Part[] = [
  fc.tuple(inAnyCase('MATCH'), pattern),
  fc.tuple(inAnyCase('COUNT'), word('1', '3', '100', '9223372036854775807', '0', '-1', 'x')),
  word('FOO', 'COUNT', ''),
]
