/**
 * Says what is wrong with files, and cuts it off if asked to.
 *
 * @module
 */

import type { CheckReport, FileFinding } from '../index.js'
import type { CheckCommandOptions } from './arguments.js'
import { CheckError } from './errors.js'

/** @throws {CheckError} (rejects) if something is still wrong, after the findings are printed. */
export async function runCheck(
  { path, fix, truncateToTimestamp, json }: CheckCommandOptions,
  print: (line: string) => void,
): Promise<void> {
  const { check } = await import('../index.js')
  const time = truncateToTimestamp === null ? {} : { truncateToTimestamp }
  const report = await check(path, { fix, ...time })
  if (json) print(JSON.stringify(report, null, 2))
  else for (const finding of report.files) print(lineOf(finding))
  if (!report.isSound) throw new CheckError(adviceOf(report))
}

function lineOf({ path, kind, bytes, keys, commands, problem, cut }: FileFinding): string {
  if (problem !== null) {
    const place = problem.offset >= 0 ? ` at byte ${problem.offset}` : ''
    return `damaged  ${path}: ${problem.reason}${place}`
  }
  if (cut !== null) {
    return `cut      ${path} at byte ${cut.offset}; ${cut.bytes} bytes are in ${cut.savedAs}`
  }
  const content = [
    ...(keys === null ? [] : [counted(keys, 'key')]),
    ...(commands === null ? [] : [counted(commands, 'command')]),
    counted(bytes, 'byte'),
  ]
  return `ok       ${path}: ${kind}, ${content.join(', ')}`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function adviceOf({ path, files }: CheckReport): string {
  const isFixable = files.some(({ problem }) => problem?.isFixable)
  const advice = isFixable
    ? `'snapfork check --fix ${path}' cuts it off and keeps what is cut.`
    : 'It cannot be cut off.'
  return `${path} is damaged. ${advice}`
}
