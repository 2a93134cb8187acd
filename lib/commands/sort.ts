/**
 * SORT and SORT_RO.
 *
 * Elements and what they are sorted by are read through the same functions as those of the other
 * families; the sorting itself is done here.
 *
 * @module
 */

import { ReplyError } from '../errors.js'
import { BULK_BUFFER, BULK_LATIN1, type Bulk, type Int64 } from '../native/engine.js'
import { readBytes, readInteger, readOption, syntaxError, wrongTypeError } from './args.js'
import type { CommandContext } from './context.js'
import { countedOnce, countLookup } from './lookup-counts.js'
import { FIRST_KEY, GROW, type Handler, READ, type Reply, row, rowsOf } from './spec.js'

const TYPE_NONE = 0
const TYPE_STRING = 1
const TYPE_LIST = 2
const TYPE_SET = 3
const TYPE_ZSET = 4
const TYPE_HASH = 5

interface SortOptions {
  /** Pattern of what to sort by; null: the elements themselves. */
  by: string | null
  /** A pattern without a star, wherever it stood, asks for no sorting at all. */
  sorts: boolean
  get: string[]
  offset: Int64
  /** Less than 0: all. */
  count: Int64
  descending: boolean
  alpha: boolean
  /** Index of the key to store to. */
  store: number | null
}

function parseSortOptions(context: CommandContext, stores: boolean): SortOptions {
  const options: SortOptions = {
    ...{
      by: null,
      sorts: true,
      get: [],
      offset: 0,
      count: -1,
      descending: false,
      alpha: false,
      store: null,
    },
  }
  for (let index = 2; index < context.argc; ++index) {
    const word = readOption(context, index)
    const left = context.argc - 1 - index
    if (word === 'ASC') options.descending = false
    else if (word === 'DESC') options.descending = true
    else if (word === 'ALPHA') options.alpha = true
    else if (word === 'LIMIT' && left >= 2) {
      options.offset = readInteger(context, index + 1)
      options.count = readInteger(context, index + 2)
      index += 2
    } else if (word === 'STORE' && left >= 1 && stores) options.store = ++index
    else if (word === 'BY' && left >= 1) {
      options.by = readBytes(context, ++index)
      options.sorts = options.sorts && options.by.includes('*')
    } else if (word === 'GET' && left >= 1) options.get.push(readBytes(context, ++index))
    else throw syntaxError()
  }
  return options
}

/** Elements as latin1 text. A sorted set comes by score. */
function readElements(context: CommandContext, options: SortOptions): string[] {
  const { native, db } = context
  switch (native.keyType(db, 1)) {
    case TYPE_NONE:
      countLookup(context, false)
      return []
    case TYPE_LIST: {
      const elements = native.listRange(db, 1, 0, -1, BULK_LATIN1) as string[]
      // Not sorted, it still has a direction.
      return options.descending && !options.sorts ? elements.reverse() : elements
    }
    case TYPE_SET:
      return native.setMembers(db, 1, BULK_LATIN1) as string[]
    case TYPE_ZSET: {
      const length = native.zsetLength(db, 1)
      const down = options.descending && !options.sorts
      return native.zsetRange(
        db,
        1,
        down ? length - 1 : 0,
        length,
        down,
        false,
        BULK_LATIN1,
      ) as string[]
    }
    default:
      throw wrongTypeError()
  }
}

/** The value that a pattern names for an element: of a key, or of a field behind `->`. */
function lookUp(context: CommandContext, pattern: string, element: string): string | null {
  const { native, db } = context
  if (pattern === '#') return element
  const star = pattern.indexOf('*')
  if (star < 0) return null
  const arrow = pattern.indexOf('->', star + 1)
  const hasField = arrow >= 0 && arrow + 2 < pattern.length
  const name = hasField ? pattern.slice(0, arrow) : pattern
  const key = Buffer.from(name.slice(0, star) + element + name.slice(star + 1), 'latin1')
  const type = native.keyType(db, key)
  if (type !== (hasField ? TYPE_HASH : TYPE_STRING)) {
    countLookup(context, type !== TYPE_NONE)
    return null
  }
  if (hasField) {
    const field = Buffer.from(pattern.slice(arrow + 2), 'latin1')
    return native.hashGet(db, key, field, BULK_LATIN1) as string | null
  }
  return native.stringGet(db, key, BULK_LATIN1) as string | null
}

interface Weighted {
  element: string
  /** Number or text to sort by. */
  weight: number
  text: string | null
}

function weigh(context: CommandContext, element: string, { by, alpha }: SortOptions): Weighted {
  const text = by === null ? element : lookUp(context, by, element)
  let weight = 0
  if (!alpha && text !== null) {
    const number = context.native.parseScoreBound(Buffer.from(text, 'latin1'))
    const isNumber = number !== null && !text.startsWith('(')
    if (!isNumber) throw new ReplyError("ERR One or more scores can't be converted into double")
    weight = number[0]
  }
  return { element, weight, text }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compare(a: Weighted, b: Weighted, { alpha, by }: SortOptions): number {
  if (!alpha) return a.weight - b.weight || compareText(a.element, b.element)
  if (by === null) return compareText(a.element, b.element)
  // What is equal keeps its order; what has no text comes first.
  if (a.text === null || b.text === null) return Number(b.text === null) - Number(a.text === null)
  return compareText(a.text, b.text)
}

function limit(elements: readonly string[], { offset, count }: SortOptions): string[] {
  const start = Math.max(0, Number(offset))
  const end = count < 0 ? elements.length : Math.min(elements.length, start + Number(count))
  return elements.slice(start, end)
}

function sort(stores: boolean): Handler {
  return (context): Reply => {
    const options = parseSortOptions(context, stores)
    const { sorts } = options
    let elements = countedOnce(context, () => readElements(context, options))
    const type = context.native.keyType(context.db, 1)
    if (sorts) {
      const weighted = elements.map((element) => weigh(context, element, options))
      const sign = options.descending ? -1 : 1
      weighted.sort((a, b) => sign * compare(a, b, options))
      elements = weighted.map(({ element }) => element)
    } else if (type === TYPE_SET && options.store !== null) {
      // What is stored must not depend on an order that means nothing.
      elements.sort(compareText)
    }
    const chosen = limit(elements, options)
    const found = chosen.flatMap((element) =>
      options.get.length === 0
        ? [element]
        : options.get.map((pattern) => lookUp(context, pattern, element)),
    )
    return options.store === null ? replyOf(context, found) : store(context, options.store, found)
  }
}

function replyOf({ mode }: CommandContext, found: readonly (string | null)[]): Reply {
  return found.map((text): Bulk | null => {
    if (text === null || mode === BULK_LATIN1) return text
    const bytes = Buffer.from(text, 'latin1')
    return mode === BULK_BUFFER ? bytes : bytes.toString()
  })
}

/** A list in the place of whatever the key held; what is missing is stored as an empty text. */
function store(
  { native, db }: CommandContext,
  key: number,
  found: readonly (string | null)[],
): Reply {
  native.keyRemove(db, key)
  const elements = found.map((text) => Buffer.from(text ?? '', 'latin1'))
  if (elements.length > 0) native.listPushAll(db, key, elements)
  return elements.length
}

export const SORT_COMMANDS = rowsOf('generic', [
  row(
    'SORT',
    -2,
    GROW,
    FIRST_KEY,
    '1.0.0',
    'Sorts elements, and stores them if asked to.',
    sort(true),
  ),
  row('SORT_RO', -2, READ, FIRST_KEY, '7.0.0', 'Sorts elements.', sort(false)),
])
