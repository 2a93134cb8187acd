/**
 * The tour: what a snapshot costs on this machine, shown and checked in under a minute.
 *
 * Fills a store, writes to it, forks a child that saves it while writing goes on, prints what that
 * cost, and has a fresh process load the file. The digest of what it loaded must be the one taken
 * in the instant of the fork, although hundreds of thousands of writes came after it.
 *
 * It uses the public names of the library only.
 *
 * @module
 */

import { freemem } from 'node:os'
import type { Snapfork, SnapshotReport } from '../index.js'
import { formatBytes, formatCount, formatMs } from '../util/format.js'
import { SNAPFORK_VERSION } from '../util/version.js'
import type { TourOptions } from './arguments.js'
import { CheckError, UsageError } from './errors.js'
import { makeTemporaryDirectory } from './temporary-directory.js'
import type { Terminal } from './terminal.js'
import { makeValues, Random } from './tour-data.js'
import { loadInFreshProcess } from './tour-load.js'
import { describeLoad, describeSnapshot, describeWrites, NEXT_STEPS } from './tour-report.js'
import { TourWriter, type WriteFigures } from './tour-writer.js'

const SEED = 0x5eed
const WRITE_BEFORE_MS = 1000
/** Name, slot and rounding of an entry beside its value. */
const ENTRY_BYTES = 64
/** The engine, young entries, and the process that loads the file. */
const MEMORY_SHARE_MAX = 0.8
const LABEL_CHARACTERS = 22

interface SaveFindings {
  readonly report: SnapshotReport
  readonly during: WriteFigures
  readonly digestAtFork: string
}

/**
 * @throws {CheckError} if the file is not the keyspace as it was at the fork
 * @throws {UsageError} if the machine is too small for the options
 */
export async function runTour(
  options: TourOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  checkMemory(options)
  const directory = makeTemporaryDirectory(options.dir)
  try {
    await tourIn(directory.path, options, terminal, signal)
  } finally {
    directory.remove()
  }
}

async function tourIn(dir: string, options: TourOptions, terminal: Terminal, signal: AbortSignal) {
  terminal.heading(`snapfork ${SNAPFORK_VERSION}: a snapshot by fork(), while writing goes on`)
  terminal.line()
  const { open } = await import('../index.js')
  const db = await open({ dir })
  try {
    const random = new Random(SEED)
    const values = makeValues(options.valueBytes, random)
    const writer = new TourWriter(db, options.keys, values, random)
    await fill(writer, options, terminal, signal)
    const before = await writeBefore(writer, terminal, signal)
    const { report, during, digestAtFork } = await save(db, writer, options, terminal, signal)
    await db.close()
    terminal.line()
    terminal.heading('What the snapshot cost')
    terminal.lines(describeSnapshot(report, during))
    terminal.line()
    terminal.lines(describeWrites(before, during))
    terminal.line()
    await checkFile(dir, digestAtFork, terminal, signal)
  } finally {
    await db.close()
  }
  terminal.line()
  terminal.heading('Use it in a program')
  terminal.lines(NEXT_STEPS)
}

async function fill(
  writer: TourWriter,
  { keys, valueBytes }: TourOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const bar = terminal.bar('fill'.padEnd(LABEL_CHARACTERS), keys)
  const startedAt = performance.now()
  try {
    await writer.fill(signal, (done) => bar.update(done))
  } catch (error) {
    bar.abandon()
    throw error
  }
  const took = formatMs(performance.now() - startedAt)
  bar.finish(`${formatCount(keys)} keys, values of ${formatBytes(valueBytes)}, ${took}`)
}

async function writeBefore(writer: TourWriter, terminal: Terminal, signal: AbortSignal) {
  const bar = terminal.bar('write, no save'.padEnd(LABEL_CHARACTERS), WRITE_BEFORE_MS)
  const startedAt = performance.now()
  const isOver = () => {
    const elapsedMs = performance.now() - startedAt
    bar.update(elapsedMs)
    return elapsedMs >= WRITE_BEFORE_MS
  }
  const before = await writer.writeUntil(isOver, signal)
  bar.finish(`${formatCount(before.writes)} writes to random keys`)
  return before
}

/** Takes the digest, forks in the same turn of the event loop, and writes until the child ends. */
async function save(
  db: Snapfork,
  writer: TourWriter,
  { keys }: TourOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<SaveFindings> {
  const bar = terminal.bar('write, child saves'.padEnd(LABEL_CHARACTERS), keys)
  const digestAtFork = db.digest()
  const startedAtMs = performance.now()
  let isSaved = false
  const saving = db.bgsave().finally(() => {
    isSaved = true
  })
  // Whatever fails first is what is reported; the other must not be an unhandled rejection.
  saving.catch(() => {})
  const isOver = () => {
    if (!isSaved) bar.update(keysSaved(db))
    return isSaved
  }
  const during = await writer.writeUntil(isOver, signal, startedAtMs)
  const report = await saving
  bar.finish(`${formatCount(report.keys)} keys in ${formatMs(report.durationMs)}`)
  return { report, during, digestAtFork }
}

/** How far the child is, as INFO tells it. */
function keysSaved(db: Snapfork): number {
  const [, keys] = /^current_save_keys_processed:(\d+)/m.exec(db.info('persistence')) ?? []
  return Number(keys ?? 0)
}

async function checkFile(dir: string, digest: string, terminal: Terminal, signal: AbortSignal) {
  const loaded = await loadInFreshProcess(dir, signal)
  terminal.lines(describeLoad(loaded, digest))
  if (loaded.digest !== digest) {
    throw new CheckError('The file is not the keyspace as it was at the fork.')
  }
}

function checkMemory({ keys, valueBytes }: TourOptions): void {
  const needed = keys * (valueBytes + ENTRY_BYTES)
  const free = freemem()
  if (needed <= free * MEMORY_SHARE_MAX) return
  throw new UsageError(
    `So many keys need ${formatBytes(needed)}, and ${formatBytes(free)} of memory are free. ` +
      'Choose fewer with --keys.',
  )
}
