/**
 * The types of redis.conf's values: how they are read, with Redis's errors, and written.
 *
 * A value is kept as the text that CONFIG GET shows, unless its type says otherwise.
 *
 * @module
 */

import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { quoted } from '../util/split-words.js'

/** What is wrong with a value, in Redis's words. */
export class ValueError extends Error {}

export interface ValueType {
  /** Whether it takes several words. */
  readonly isList: boolean
  /**
   * @param words Those of a line of the file, or of CONFIG SET's value.
   * @param before The value so far.
   * @param isFirst Whether it is the first of its lines: later ones add to it where that is meant.
   * @throws {ValueError}
   */
  parse(words: readonly string[], before: string, isFirst: boolean): string
  /** What a file says of a value: the words behind the directive, a text for each line. */
  lines(value: string): readonly string[]
  /** What CONFIG GET shows of a value. */
  shown?(value: string): string
}

type Parse = (text: string) => string

function single(parse: Parse, line: (value: string) => string = (value) => value): ValueType {
  return {
    isList: false,
    parse: ([text]) => parse(text ?? ''),
    lines: (value) => [line(value)],
  }
}

function checkBetween(value: bigint, min: bigint, max: bigint): void {
  if (value >= min && value <= max) return
  throw new ValueError(`argument must be between ${min} and ${max} inclusive`)
}

const INT64_MAX = 2n ** 63n - 1n
const UINT64_MAX = 2n ** 64n - 1n

function parseInteger(text: string): bigint {
  const value = /^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : INT64_MAX + 1n
  if (value > INT64_MAX || value < -INT64_MAX - 1n) {
    throw new ValueError("argument couldn't be parsed into an integer")
  }
  return value
}

export function integer(min: number | bigint, max: number | bigint): ValueType {
  return single((text) => {
    const value = parseInteger(text)
    checkBetween(value, BigInt(min), BigInt(max))
    return String(value)
  })
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
}

/** Bytes, in 64 bits; null if it is no such text. */
export function parseMemory(text: string): bigint | null {
  const [, digits = '', unit = ''] = /^(\d*)([a-z]*)$/i.exec(text) ?? ['', '', 'none']
  const factor = UNITS[unit.toLowerCase()]
  if (factor === undefined) return null
  const count = BigInt(digits === '' ? 0 : digits)
  return BigInt.asUintN(64, (count > UINT64_MAX ? UINT64_MAX : count) * factor)
}

function memoryLine(value: string): string {
  const bytes = BigInt(value)
  const unit = ['gb', 'mb', 'kb'].find((one) => bytes !== 0n && bytes % (UNITS[one] ?? 1n) === 0n)
  return unit === undefined ? value : `${bytes / (UNITS[unit] ?? 1n)}${unit}`
}

function parseMemoryValue(text: string): bigint {
  const bytes = parseMemory(text)
  if (bytes === null) throw new ValueError('argument must be a memory value')
  return bytes
}

export function memory(min: number | bigint, max: number | bigint): ValueType {
  return single((text) => {
    const bytes = parseMemoryValue(text)
    checkBetween(bytes, BigInt(min), BigInt(max))
    return String(bytes)
  }, memoryLine)
}

export const MEMORY: ValueType = single((text) => String(parseMemoryValue(text)), memoryLine)

export const MEMORY_OR_PERCENT: ValueType = single(
  (text) => {
    const percent = /^(\d+)%$/.exec(text)?.[1]
    if (percent !== undefined) {
      if (Number(percent) > 100) {
        throw new ValueError('percentage argument must be less or equal to 100')
      }
      return Number(percent) === 0 ? '0' : `${Number(percent)}%`
    }
    const bytes = parseMemory(text)
    if (bytes === null) throw new ValueError('argument must be a memory or percent value')
    return String(bytes)
  },
  (value) => (value.endsWith('%') ? value : memoryLine(value)),
)

export const BOOL: ValueType = single((text) => {
  const word = text.toLowerCase()
  if (word !== 'yes' && word !== 'no') throw new ValueError("argument must be 'yes' or 'no'")
  return word
})

function notOneOf(words: readonly string[]): ValueError {
  return new ValueError(`argument(s) must be one of the following: ${words.join(', ')}`)
}

export function oneOf(...words: readonly string[]): ValueType {
  return single((text) => {
    const word = words.find((one) => one === text.toLowerCase())
    if (word === undefined) throw notOneOf(words)
    return word
  })
}

export const TEXT: ValueType = single((text) => text, quoted)

export const OCTAL: ValueType = single((text) => {
  const value = /^[0-7]*$/.test(text) ? Number.parseInt(`0${text}`, 8) : Number.NaN
  if (Number.isNaN(value)) throw new ValueError("argument couldn't be parsed as an octal number")
  if (value > 0o777) throw new ValueError('argument must be between 0 and 777 inclusive')
  return value.toString(8)
})

const HZ_MIN = 1
const HZ_MAX = 500

export const HZ: ValueType = single((text) => {
  const value = parseInteger(text)
  checkBetween(value, 0n, 2n ** 31n - 1n)
  return String(Math.min(HZ_MAX, Math.max(HZ_MIN, Number(value))))
})

/** A directory that is there; absolute. */
export const DIRECTORY: ValueType = single((text) => {
  const isThere = text !== '' && statSync(text, { throwIfNoEntry: false })
  if (!isThere) throw new ValueError('No such file or directory')
  if (!isThere.isDirectory()) throw new ValueError('Not a directory')
  return resolve(text)
}, quoted)

export const FILE_NAME: ValueType = single((text) => {
  if (text.includes('/')) throw new ValueError("dbfilename can't be a path, just a filename")
  return text
}, quoted)

export const HOSTNAME: ValueType = single((text) => {
  if (!/^[a-z0-9.-]*$/i.test(text)) {
    throw new ValueError('Hostnames may only contain alphanumeric characters, hyphens or dots')
  }
  return text
}, quoted)

function list(parse: ValueType['parse'], lines: ValueType['lines']): ValueType {
  return { isList: true, parse, lines }
}

export const WORDS: ValueType = list(
  (words) => words.join(' '),
  (value) => [value === '' ? '""' : value],
)

/** Classes of events as they are written, in that order, and those that `A` stands for. */
const EVENT_ORDER = 'g$lshzxetd'
const EVENT_LETTERS = `A${EVENT_ORDER}KEmn`

const EVENTS_LINES: ValueType = single((text) => {
  const bad = [...text].some((letter) => !EVENT_LETTERS.includes(letter))
  if (bad) throw new ValueError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
  const letters = new Set(text.replace('A', EVENT_ORDER))
  const isAll = [...EVENT_ORDER].every((letter) => letters.has(letter))
  const classes = isAll ? 'A' : [...EVENT_ORDER].filter((one) => letters.has(one)).join('')
  const news = letters.has('n') ? 'n' : ''
  const rest = [...'KEm'].filter((one) => letters.has(one)).join('')
  return `${classes}${news}${rest}`
}, quoted)

/** As Redis does, CONFIG GET keeps quiet about new keys beside all that `A` stands for. */
export const EVENTS: ValueType = {
  ...EVENTS_LINES,
  shown: (value) => value.replace('An', 'A'),
}

/** A later line adds save points; an empty one takes all away. */
export const SAVE: ValueType = list(
  (words, before, isFirst) => {
    if (words.length === 0) return ''
    const isPairs = words.length % 2 === 0 && words.every((word) => /^\d+$/.test(word))
    if (!isPairs || words.some((word, at) => at % 2 === 0 && Number(word) < 1)) {
      throw new ValueError('Invalid save parameters')
    }
    const points = words.map(Number).join(' ')
    return isFirst || before === '' ? points : `${before} ${points}`
  },
  (value) => value.match(/\d+ \d+/g) ?? ['""'],
)

const CLASSES: readonly string[] = ['normal', 'slave', 'pubsub']

/** Those of classes that are not named stay. */
export const BUFFER_LIMITS: ValueType = list(
  (words, before) => {
    if (words.length % 4 !== 0) {
      throw new ValueError('Wrong number of arguments in buffer limit configuration.')
    }
    const limits = before.split(' ')
    for (let at = 0; at < words.length; at += 4) {
      const [name = '', hard = '', soft = '', seconds = ''] = words.slice(at, at + 4)
      const known = name.toLowerCase().replace('replica', 'slave')
      const place = CLASSES.indexOf(known)
      if (place < 0) {
        throw new ValueError('Invalid client class specified in buffer limit configuration.')
      }
      const bytes = [parseMemory(hard), parseMemory(soft)]
      if (bytes.includes(null) || !/^\d+$/.test(seconds)) {
        throw new ValueError(
          'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
        )
      }
      limits.splice(4 * place + 1, 3, ...bytes.map(String), String(Number(seconds)))
    }
    return limits.join(' ')
  },
  (value) => {
    const words = value.split(' ')
    return CLASSES.map((name, at) => {
      const [hard = '', soft = '', seconds = ''] = words.slice(4 * at + 1, 4 * at + 4)
      const shown = name === 'slave' ? 'replica' : name
      return `${shown} ${memoryLine(hard)} ${memoryLine(soft)} ${seconds}`
    })
  },
)

export const PERCENTILES: ValueType = list(
  (words) => {
    for (const word of words) {
      if (word.trim() === '' || Number.isNaN(Number(word))) {
        throw new ValueError('Invalid latency-tracking-info-percentiles parameters')
      }
      if (Number(word) < 0 || Number(word) > 100) {
        throw new ValueError(
          'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
        )
      }
    }
    return words.map((word) => String(Number(Number(word).toFixed(6)))).join(' ')
  },
  (value) => [value === '' ? '""' : value],
)

const OOM_MAX = 2000

export const OOM_SCORES: ValueType = list(
  (words) => {
    if (words.length !== 3) throw new ValueError('wrong number of arguments')
    const isGood = (word: string) => /^-?\d+$/.test(word) && Math.abs(Number(word)) <= OOM_MAX
    if (!words.every(isGood)) {
      throw new ValueError('Invalid oom-score-adj-values, elements must be between -2000 and 2000.')
    }
    return words.map((word) => String(Number(word))).join(' ')
  },
  (value) => [value],
)

const SHUTDOWN_WORDS = ['default', 'save', 'nosave', 'now', 'force'] as const

export const SHUTDOWN: ValueType = list(
  (words) => {
    const given = words.map((word) => word.toLowerCase())
    const isKnown = given.every((word) => SHUTDOWN_WORDS.some((one) => one === word))
    if (given.length === 0 || !isKnown) throw notOneOf(SHUTDOWN_WORDS)
    if (given.includes('save') && given.includes('nosave')) {
      throw new ValueError("shutdown options SAVE and NOSAVE can't be used simultaneously")
    }
    const chosen = SHUTDOWN_WORDS.slice(1).filter((word) => given.includes(word))
    return chosen.length === 0 ? 'default' : chosen.join(' ')
  },
  (value) => [value],
)
