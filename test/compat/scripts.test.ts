/**
 * Runs scripts here and in redis-server, and compares replies and errors byte for byte.
 *
 * SF_LONG=1 runs twenty times as many random ones; SF_SEED repeats a run.
 */

import fc from 'fast-check'
import t from 'tap'
import { Ours, Theirs } from '../support/comparison.js'
import { openEngine } from '../support/open-engine.js'
import { announceSeed } from '../support/random.js'
import { startRedis } from '../support/redis-server.js'
import { ErrorReply, type RespReply, SimpleString } from '../support/resp-client.js'
import { COMMANDS, LIBRARY_COMMANDS, SCRIPTS } from '../support/script-cases.js'
import {
  anyNumberLiterals,
  bitCalls,
  jsonTexts,
  packedBytes,
  quoteLua,
  structFormats,
  textLiterals,
  valueLiterals,
} from '../support/script-values.js'

const LONG = process.env.SF_LONG ? 20 : 1
const ROUNDS = 40 * LONG
/** Expressions of one script. */
const BATCH = 40

/** What is there before the scripts run. */
const KEYS: readonly string[][] = [
  ['FLUSHALL'],
  ['SCRIPT', 'FLUSH'],
  ['SET', 'str', 'text'],
  ['SET', 'number', '10'],
  ['RPUSH', 'lst', 'a', 'b', 'c'],
  ['HSET', 'h', 'a', '1', 'b', '2'],
  ['SADD', 's', 'm'],
  ['ZADD', 'z', '1.5', 'm', '2', 'n'],
]

const seed = announceSeed(t)
const redis = await startRedis()
if (redis === null) {
  t.pass('no redis-server', { skip: true })
} else {
  t.teardown(() => redis.stop())
  const { native } = openEngine(t)
  const ours = new Ours(native)
  const theirs = new Theirs(await redis.connect())

  const both = async (...args: readonly string[]): Promise<[string, string]> => {
    const step = { db: 0, args: [...args] }
    return [show(ours.send(step)), show(await theirs.send(step))]
  }
  const same = async (t: Comparing, ...args: readonly string[]): Promise<void> => {
    const [here, there] = await both(...args)
    t.equal(here, there, args.join(' ').slice(0, 200))
  }
  const prepare = async () => {
    for (const args of KEYS) await both(...args)
  }

  t.test('scripts of every function of the API reply the same', async (t) => {
    await prepare()
    for (const script of SCRIPTS) await same(t, 'EVAL', script, '0')
  })

  t.test('scripts of several lines, and errors of the commands, are the same', async (t) => {
    await prepare()
    for (const args of COMMANDS) await same(t, ...args)
  })

  t.test('libraries of functions behave the same', async (t) => {
    await prepare()
    await both('FUNCTION', 'FLUSH')
    for (const args of LIBRARY_COMMANDS) await same(t, ...args)
  })

  t.test('math.random draws the same from a seed', async (t) => {
    const draw = 'math.random(), math.random(10), math.random(-5, 1e9)'
    for (const seed of [0, 1, -1, 42, 65536, 1e9, -123456]) {
      const script = `math.randomseed(${seed}) return {string.format("%.17g %g %g", ${draw})}`
      await same(t, 'EVAL', script, '0')
    }
  })

  const compareRandom = (name: string, make: fc.Arbitrary<string>) => {
    t.test(`${name} of random values is the same`, async () => {
      const batch = fc.array(make, { minLength: BATCH, maxLength: BATCH })
      const property = fc.asyncProperty(batch, async (expressions) => {
        const [here, there] = await both('EVAL', batchScript(expressions), '0')
        if (here === there) return
        // Which of them it is.
        for (const expression of expressions) {
          const [one, other] = await both('EVAL', batchScript([expression]), '0')
          if (one !== other)
            throw new Error(`${expression}\n  snapfork ${one}\n  redis    ${other}`)
        }
        throw new Error(`${here}\n${there}`)
      })
      await fc.assert(property, { seed, numRuns: ROUNDS, endOnFailure: true })
    })
  }

  compareRandom(
    'cjson.encode',
    valueLiterals.map((value) => `cjson.encode(${value})`),
  )
  compareRandom(
    'cjson.encode of numbers',
    fc.tuple(fc.integer({ min: 1, max: 14 }), anyNumberLiterals).map(([digits, number]) => {
      return `(function()
          cjson.encode_number_precision(${digits}) cjson.encode_invalid_numbers(true)
          local text = cjson.encode({${number}})
          cjson.encode_number_precision(14) cjson.encode_invalid_numbers(false)
          return text end)()`
    }),
  )
  compareRandom(
    'cjson.decode',
    jsonTexts.map((json) => `cjson.decode(${quoteLua(utf8(json))})`),
  )
  compareRandom(
    'cmsgpack.pack',
    valueLiterals.map((value) => `cmsgpack.pack(${value})`),
  )
  compareRandom(
    'cmsgpack.unpack',
    packedBytes.map((bytes) => `cmsgpack.unpack(${bytes})`),
  )
  compareRandom(
    'cmsgpack.unpack_limit',
    fc
      .tuple(packedBytes, fc.integer({ min: -1, max: 4 }), fc.integer({ min: -1, max: 8 }))
      .map(([bytes, limit, offset]) => `cmsgpack.unpack_limit(${bytes},${limit},${offset})`),
  )
  compareRandom('bit', bitCalls)
  compareRandom(
    'struct.pack',
    fc
      .tuple(structFormats, fc.array(fc.oneof(anyNumberLiterals, textLiterals), { maxLength: 6 }))
      .map(([format, values]) => `struct.pack(${[`"${format}"`, ...values].join(',')})`),
  )
  compareRandom(
    'struct.size',
    structFormats.map((format) => `struct.size("${format}")`),
  )
  compareRandom(
    'struct.unpack',
    fc
      .tuple(structFormats, packedBytes, fc.integer({ min: -2, max: 9 }))
      .map(([format, bytes, from]) => `struct.unpack("${format}",${bytes},${from})`),
  )
  compareRandom('what comes back of a value', valueLiterals)
}

interface Comparing {
  equal(here: string, there: string, message: string): boolean
}

/** Each expression in a call of its own; strings of numbers tell more than integers do. */
function batchScript(expressions: readonly string[]): string {
  const functions = expressions.map((expression) => `function() return ${expression} end`)
  return `local function tell(v)
    if type(v) == "number" then return string.format("%.17g", v) end
    if v == nil then return "nil" end
    if type(v) ~= "table" then return type(v) == "userdata" and "null" or v end
    local t = {}
    for k, e in pairs(v) do t[#t + 1] = {tell(k), tell(e)} end
    return t
  end
  local out = {}
  for i, f in ipairs({${functions.join(',')}}) do
    local got = {pcall(f)}
    out[i] = {tostring(got[1])}
    for n = 2, 8 do out[i][n] = tell(got[n]) end
  end
  return out`
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function show(reply: RespReply): string {
  if (reply instanceof SimpleString) return `+${reply.text}`
  if (reply instanceof ErrorReply) return `-${reply.text}`
  if (Array.isArray(reply)) return `[${reply.map(show).join(', ')}]`
  return typeof reply === 'string' ? JSON.stringify(reply) : `${reply}`
}
