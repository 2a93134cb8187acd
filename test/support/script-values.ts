/**
 * Random expressions of Lua, for comparisons of what scripts make of them.
 *
 * @module
 */

import fc from 'fast-check'

/** A string literal of any bytes. */
function quote(bytes: string): string {
  const escaped = [...bytes].map((char) => {
    const code = char.charCodeAt(0)
    const isPlain = code >= 0x20 && code < 0x7f && char !== '"' && char !== '\\'
    return isPlain ? char : `\\${String(code).padStart(3, '0')}`
  })
  return `"${escaped.join('')}"`
}

const byteText = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('latin1'))

export const texts = fc.oneof(fc.string({ maxLength: 40 }), byteText).map((text) => {
  return Buffer.from(text, 'utf8').toString('latin1')
})

export const textLiterals = texts.map(quote)

const EDGES = [
  ...['0', '-0', '1', '-1', '31', '32', '33', '127', '128', '255', '256', '-32', '-33', '-128'],
  ...['-129', '65535', '65536', '-32768', '-32769', '2^31-1', '2^31', '-2^31', '-2^31-1', '2^32'],
  ...['2^32-1', '2^53', '2^53+1', '-2^53', '2^62', '2^63', '-2^63', '2^64', '1e15', '1e16', '1e17'],
  ...[
    '1e14',
    '99999999999999',
    '1e300',
    '-1e300',
    '5e-324',
    '0.1',
    '0.5',
    '1/3',
    '-2.5',
    '3.14159',
  ],
]

export const numberLiterals = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => `(${value})`),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => `(${value})`),
)

/** NaN and the infinities too. */
export const anyNumberLiterals = fc.oneof(
  { weight: 20, arbitrary: numberLiterals },
  { weight: 1, arbitrary: fc.constantFrom('1/0', '-1/0', '0/0') },
)

const leaves = fc.oneof(
  textLiterals,
  anyNumberLiterals,
  fc.constantFrom('true', 'false', 'nil', 'cjson.null'),
)

const keyLiterals = fc.oneof(
  textLiterals,
  fc.integer({ min: -3, max: 12 }).map(String),
  fc.constantFrom('1.5', '1e15', '2^40', 'true'),
)

/** Tables too: lists, maps, both, with holes. */
export const valueLiterals = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaves,
    fc.array(tie('value'), { maxLength: 6 }).map((items) => `{${items.join(',')}}`),
    fc
      .array(fc.tuple(keyLiterals, tie('value')), { maxLength: 6 })
      .map((pairs) => `{${pairs.map(([key, value]) => `[${key}]=${value}`).join(',')}}`),
  ),
})).value

/** Well-formed JSON, and what a few changes make of it. */
export const jsonTexts = fc.oneof(
  fc.json({ maxDepth: 5 }),
  fc
    .tuple(fc.json({ maxDepth: 4 }), fc.nat(200), fc.constantFrom(...'[]{},:"\\0ue+-.x\0tfn'))
    .map(([json, at, char]) => json.slice(0, at % (json.length + 1)) + char + json.slice(at)),
  fc.constantFrom(
    ...['[1e999]', '[-1e999]', '[nan]', '[inf]', '[0x10]', '[01]', '[+1]', '[1.]', '[.5]', '[--1]'],
    ...['"\\ud83d\\ude00"', '"\\ud83d"', '"\\udc00\\ud800"', '"\\u0000"', '"\\uD7FF"', '"\\u00"'],
    ...['', ' ', '[', ']', '{', '{"a"}', '{"a":}', '{1:2}', '[1,]', '[,1]', '[1 2]', 'tru', 'nul'],
    ...['{"a":1,"a":2}', '[[[[1]]]]', '1', '"x"', 'null', 'true', '\ufeff[]', '[1]x', '\\', '"\t"'],
  ),
)

/** Bytes that may be MessagePack. */
export const packedBytes = fc
  .oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc
      .array(fc.oneof(fc.integer({ min: 0xc0, max: 0xdf }), fc.integer({ min: 0, max: 255 })), {
        maxLength: 16,
      })
      .map((bytes) => Uint8Array.from(bytes)),
  )
  .map((bytes) => quote(Buffer.from(bytes).toString('latin1')))

const structOptions = fc.oneof(
  fc.constantFrom(...'bBhHlLTiIfds<> x'),
  fc.tuple(fc.constantFrom('i', 'I'), fc.integer({ min: 0, max: 34 })).map(([o, n]) => `${o}${n}`),
  fc.integer({ min: 0, max: 9 }).map((n) => `c${n}`),
  fc.constantFrom('!', '!1', '!2', '!4', '!8', '!16', '!3', '!0', 'z', 'c'),
)

export const structFormats = fc.array(structOptions, { maxLength: 8 }).map((all) => all.join(''))

export const bitCalls = fc
  .tuple(
    fc.constantFrom(
      ...['tobit', 'bnot', 'band', 'bor', 'bxor', 'lshift', 'rshift', 'arshift', 'rol', 'ror'],
      ...['bswap', 'tohex'],
    ),
    fc.array(anyNumberLiterals, { minLength: 0, maxLength: 4 }),
  )
  .map(([name, args]) => `bit.${name}(${args.join(',')})`)

export const quoteLua = quote
