/**
 * The command line, started as a process of its own.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = join(ROOT, 'dist/cli/main.js')

export interface Ended {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** env(1) stands between, since tap would load itself into a Node that it starts. */
export function start(
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): ChildProcess {
  const all = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR ?? '/tmp', ...variables }
  const environment = Object.entries(all).map(([name, value]) => `${name}=${value}`)
  return spawn('env', ['-i', ...environment, process.execPath, PROGRAM, ...words])
}

export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const [status, signal] = await once(child, 'close')
  return { status, signal, stdout, stderr }
}

export function run(...words: readonly string[]): Promise<Ended> {
  return ended(start(words))
}
