/**
 * Shows what the last saves cost, from the file of the option `reportFile`.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import type { SaveRecord } from '../index.js'
import type { ReportCommandOptions } from './arguments.js'
import { CheckError } from './errors.js'
import { reportPage } from './report-html.js'
import { formatMeasure, formatTime, MEASURES } from './report-series.js'
import { formatTable } from './table.js'

/** As many as a file keeps at least. */
const RECORDS_MAX = 32

/** @throws {CheckError} (rejects) if there is no record in the file. */
export async function runReport(
  { path, htmlPath, json }: ReportCommandOptions,
  print: (line: string) => void,
): Promise<void> {
  const { readSaveRecords } = await import('../index.js')
  const { records: all, skipped } = await readSaveRecords(path)
  const records = all.slice(-RECORDS_MAX)
  if (records.length === 0) throw new CheckError(`${path} holds no record of a save.`)
  if (htmlPath !== null) await writeFile(htmlPath, reportPage(path, records))
  if (json) print(JSON.stringify(records, null, 2))
  else for (const line of linesOf(records)) print(line)
  if (json) return
  if (skipped > 0) print(`${skipped} ${skipped === 1 ? 'line is' : 'lines are'} no record.`)
  if (htmlPath !== null) print(`wrote ${htmlPath}`)
}

function linesOf(records: readonly SaveRecord[]): string[] {
  const titles = MEASURES.map(({ label }) => label.toLowerCase())
  const rows = records.map((record) => [
    formatTime(record.startedAtMs),
    `${record.kind} ${record.outcome}`,
    ...MEASURES.map((measure) => formatMeasure(measure, record)),
  ])
  const errors = records.flatMap(({ error, startedAtMs }) => {
    return error === null ? [] : [`${formatTime(startedAtMs)}: ${error.message} (${error.code})`]
  })
  return [
    ...formatTable([['started', 'save', ...titles], ...rows]),
    ...(errors.length === 0 ? [] : ['', ...errors]),
  ]
}
