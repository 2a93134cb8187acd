/**
 * Says what of a machine and a directory helps or hinders, and what a save would take.
 *
 * @module
 */

import type { DiskForecast, DoctorReport, Finding } from '../index.js'
import { formatBytes, formatCount, formatMs } from '../util/format.js'
import type { DoctorCommandOptions } from './arguments.js'
import { CheckError } from './errors.js'
import { formatTable } from './table.js'

const LEVEL_CELLS = 6

/** @throws {CheckError} (rejects) if something is bad, after the findings are printed. */
export async function runDoctor(
  { dir, json }: DoctorCommandOptions,
  print: (line: string) => void,
): Promise<void> {
  const { doctor } = await import('../index.js')
  const report = await doctor({ dir })
  if (json) print(JSON.stringify(report, null, 2))
  else for (const line of linesOf(report)) print(line)
  if (report.isHealthy) return
  const bad = report.findings.filter(({ level }) => level === 'bad').map(({ id }) => id)
  throw new CheckError(`This is bad: ${bad.join(', ')}.`)
}

function linesOf(report: DoctorReport): string[] {
  const cells = Math.max(...report.findings.map(({ id }) => id.length)) + 2
  return [
    ...report.findings.flatMap((finding) => findingLines(finding, cells)),
    '',
    ...table(report),
  ]
}

function findingLines({ level, id, found, cost, advice }: Finding, cells: number): string[] {
  const indent = ' '.repeat(LEVEL_CELLS + cells)
  const lines = [`${level.padEnd(LEVEL_CELLS)}${id.padEnd(cells)}${found}`]
  if (cost !== '') lines.push(`${indent}cost: ${cost}`)
  if (advice !== '') lines.push(`${indent}do: ${advice}`)
  return lines
}

function table({ snapshot, forecast }: DoctorReport): string[] {
  const { snapshotBytes, changesPerSecond, bytesPerEntry, here, typical } = forecast
  const which = snapshot === null ? 'There is no snapshot. One' : `${snapshot.path}: a save`
  const rows = [
    ['disk', 'writes', 'a sync', 'takes', 'memory beside', 'fits'],
    ...(here === null ? [] : [row('this one', here)]),
    row('hard disk', typical.hdd),
    row('SATA SSD', typical.sataSsd),
    row('NVMe', typical.nvme),
  ]
  return [
    `${which} of ${formatBytes(snapshotBytes)}, at ${formatCount(changesPerSecond)} changes a ` +
      `second of entries of ${bytesPerEntry} bytes, would take at most about:`,
    ...formatTable(rows),
  ]
}

function row(name: string, forecast: DiskForecast): string[] {
  const { bytesPerSecond, syncMs, durationMs, extraBytes, fits } = forecast
  return [
    name,
    `${formatBytes(bytesPerSecond)}/s`,
    ...[formatMs(syncMs), formatMs(durationMs), formatBytes(extraBytes), fits ? 'yes' : 'no'],
  ]
}
