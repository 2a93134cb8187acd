/**
 * A file of save records: one line of JSON each, the newest last, at most 64.
 *
 * A record is appended. When there are 64 lines, the last 32 replace the file, by way of one beside
 * it. A line that a crash has cut short, or that is of another version, is no record: it
 * is skipped by readers, and gone when the file is replaced.
 *
 * Invariants
 *  (Z1) Writes are made one after the other, in the order of the records.
 *  (Z2) No write that fails keeps a later one from being tried.
 *
 * @module
 */

import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { SnapforkError } from '../errors.js'
import { formatRecord, parseRecord } from './record-line.js'
import type { SaveRecord } from './save-record.js'

const LINES_MAX = 64
const LINES_KEPT = 32

/** What is in a file of save records. */
export interface SaveRecords {
  /** The oldest first. */
  readonly records: readonly SaveRecord[]
  /** Lines that were none. */
  readonly skipped: number
}

/**
 * Reads the file of the option `reportFile`.
 *
 * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_IO` with `cause`
 */
export async function readSaveRecords(path: string): Promise<SaveRecords> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SnapforkError('ERR_SNAPFORK_IO', `${path} cannot be read.`, { cause })
  })
  const lines = linesOf(text)
  const records = lines.map(parseRecord).filter((record) => record !== null)
  return { records, skipped: lines.length - records.length }
}

export class ReportFile {
  readonly #path: string
  readonly #failed: (error: SnapforkError) => void
  /** Lines in the file; null if it is to be looked at. */
  #lines: number | null = null
  #written: Promise<void> = Promise.resolve()

  /** `failed` is told of writes that fail. */
  constructor(path: string, failed: (error: SnapforkError) => void) {
    this.#path = path
    this.#failed = failed
  }

  add(record: SaveRecord): void {
    const line = formatRecord(record)
    this.#written = this.#written
      .then(() => this.#write(line))
      .catch((cause: unknown) => {
        this.#lines = null
        const detail = `${this.#path} cannot be written.`
        this.#failed(new SnapforkError('ERR_SNAPFORK_IO', detail, { cause }))
      })
  }

  /** Resolves when all that was added is written, or could not be. */
  settled(): Promise<void> {
    return this.#written
  }

  async #write(line: string): Promise<void> {
    if (this.#lines === null) await this.#look()
    if ((this.#lines ?? 0) >= LINES_MAX) await this.#shorten()
    await appendFile(this.#path, `${line}\n`)
    this.#lines = (this.#lines ?? 0) + 1
  }

  /** Counts lines; a last one without an end is not continued. */
  async #look(): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(ignoreMissing)
    this.#lines = linesOf(text).length
    if (text !== '' && !text.endsWith('\n')) await appendFile(this.#path, '\n')
  }

  async #shorten(): Promise<void> {
    const lines = linesOf(await readFile(this.#path, 'utf8').catch(ignoreMissing))
    const kept = lines.filter((line) => parseRecord(line) !== null).slice(-LINES_KEPT)
    const temporaryPath = `${this.#path}.${process.pid}.tmp`
    try {
      await writeFile(temporaryPath, kept.map((line) => `${line}\n`).join(''))
      await rename(temporaryPath, this.#path)
    } catch (error) {
      await rm(temporaryPath, { force: true }).catch(() => {})
      throw error
    }
    this.#lines = kept.length
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

function ignoreMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
