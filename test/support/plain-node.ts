/**
 * Starts Node on a plain JavaScript file, without what tap puts into processes that it knows of.
 *
 * tap adds its loaders to the environment of every child, after the `env` option was applied, so an
 * empty `env` is not enough: env(1) stands between, empties the environment and becomes Node, under
 * the same pid.
 *
 * @module
 */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface PlainNodeOptions {
  stdio: StdioOptions
  /** Descriptor in `stdio` that is 'ipc'. */
  ipcFd?: number
  nodeArguments?: readonly string[]
  /** Variables, beside those that Node needs. */
  environment?: Readonly<Record<string, string>>
  uid?: number
  gid?: number
}

/** The path of a script in test/fixtures/children. */
export function childScript(name: string): string {
  return fileURLToPath(new URL(`../fixtures/children/${name}`, import.meta.url))
}

export function spawnPlainNode(
  script: string,
  args: readonly string[],
  options: PlainNodeOptions,
): ChildProcess {
  const { stdio, ipcFd, nodeArguments = [], environment: more = {}, uid, gid } = options
  const environment = [
    `PATH=${process.env.PATH ?? ''}`,
    ...(ipcFd === undefined ? [] : [`NODE_CHANNEL_FD=${ipcFd}`]),
    ...Object.entries(more).map(([name, value]) => `${name}=${value}`),
  ]
  const command = [...environment, process.execPath, ...nodeArguments, childScript(script), ...args]
  return spawn('env', ['-i', ...command], {
    stdio,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  })
}
