/**
 * Loads the tour's file in a process that has nothing else to do, and says what it found.
 *
 * The tour starts this program again: what is compared is what a restarted application sees, not
 * what this process remembers.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { LOAD_REPORT_COMMAND } from './arguments.js'
import { cleanEnvironment } from './clean-environment.js'
import { CheckError } from './errors.js'

export interface LoadReport {
  readonly keys: number
  readonly digest: string
  /** From the call of `open` to its result. */
  readonly openMs: number
}

/** The fresh process's part: one line of JSON. */
export async function reportLoad(dir: string, print: (line: string) => void): Promise<void> {
  const { open } = await import('../index.js')
  const startedAt = performance.now()
  const db = await open({ dir })
  const openMs = performance.now() - startedAt
  const report: LoadReport = { keys: db.dbsize(), digest: db.digest(), openMs }
  await db.close()
  print(JSON.stringify(report))
}

/** The tour's part. Rejects with the signal's reason if it is aborted. */
export function loadInFreshProcess(dir: string, signal: AbortSignal): Promise<LoadReport> {
  const program = fileURLToPath(new URL('main.js', import.meta.url))
  const child = spawn(process.execPath, [program, LOAD_REPORT_COMMAND, dir], {
    env: cleanEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve, reject) => {
    let output = ''
    let complaint = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      complaint += chunk
    })
    child.once('error', (error) => reject(signal.aborted ? signal.reason : error))
    child.once('close', (code) => {
      if (signal.aborted) reject(signal.reason)
      else if (code === 0) resolve(JSON.parse(output))
      else reject(new CheckError(`The fresh process could not load the file.\n${complaint}`))
    })
  })
}
