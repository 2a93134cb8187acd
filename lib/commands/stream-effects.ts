/**
 * How what stream commands did is logged: ids that were made, deliveries with their times.
 *
 * @module
 */

import { BULK_BUFFER, BULK_UTF8, type Int64 } from '../native/engine.js'
import type { CommandContext } from './context.js'

/** A group as XINFO GROUPS tells of it. */
interface GroupState {
  lastId: string
  entriesRead: string
}

/** Where a command has the key, the group and the consumer among its arguments. */
export interface Delivery {
  readonly key: number
  readonly group: number
  readonly consumer: number
}

/** What a group knows of an entry that is pending. */
export interface PendingEntry {
  readonly id: string
  readonly deliveredMs: number
  readonly deliveries: number
}

/** Pending entries from an id to an id; the ends are arguments, or text. */
export function pendingEntries(
  context: CommandContext,
  { key, group }: Delivery,
  start: number | string,
  end: number | string,
  count: Int64 = 1,
): PendingEntry[] {
  const { native, db } = context
  const now = context.now()
  const place = [db, key, group, start, end, count, null, 0, now, BULK_UTF8] as const
  const rows = native.groupPendingRange(...place) as [string, string, number, number][]
  return rows.map(([id, , idle, deliveries]) => ({ id, deliveredMs: now - idle, deliveries }))
}

/**
 * Entries of a consumer, as claims that say when and how often they were delivered. With `advances`
 * the group reads on to each of them.
 */
export function logClaims(
  context: CommandContext,
  place: Delivery,
  entries: readonly PendingEntry[],
  advances = false,
): void {
  const { lastId } = stateOf(context, place)
  const { key, group, consumer } = place
  const words = [context.bytes(key), context.bytes(group), context.bytes(consumer)]
  for (const { id, deliveredMs, deliveries } of entries) {
    const times = ['TIME', String(deliveredMs), 'RETRYCOUNT', String(deliveries)]
    const last = ['FORCE', 'JUSTID', 'LASTID', advances ? id : lastId]
    context.logAs('XCLAIM', ...words, '0', id, ...times, ...last)
  }
}

/** How far a group has read. */
export function logGroupPosition(context: CommandContext, place: Delivery): void {
  const { lastId, entriesRead } = stateOf(context, place)
  const words = [context.bytes(place.key), context.bytes(place.group)]
  context.logAs('XGROUP', 'SETID', ...words, lastId, 'ENTRIESREAD', entriesRead)
}

function stateOf({ native, db }: CommandContext, { key, group }: Delivery): GroupState {
  const name = native.argument(group, BULK_BUFFER) as Buffer
  for (const row of native.groupsInfo(db, key, BULK_BUFFER) as unknown[][]) {
    const of = (field: string) => row[row.findIndex((word) => String(word) === field) + 1]
    if (!name.equals(of('name') as Buffer)) continue
    const entriesRead = of('entries-read')
    return {
      lastId: String(of('last-delivered-id')),
      entriesRead: entriesRead === null ? '-1' : String(entriesRead),
    }
  }
  return { lastId: '0-0', entriesRead: '-1' }
}
