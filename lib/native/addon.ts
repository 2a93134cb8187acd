/**
 * The loaded addon, checked.
 *
 * Invariants
 *  (A1) Nobody gets an addon whose face has another number than this code was written for.
 *  (A2) An addon that was given out makes its errors with `errorOfStatus`.
 *
 * Runs in: the main thread and worker threads, each of which loads its own instance.
 *
 * @module
 */

import { SnapforkError } from '../errors.js'
import type { NativeAddon } from './engine.js'
import load from './load.cjs'
import { errorOfStatus } from './status.js'

/** `abiVersion` that engine.ts describes. */
export const ABI_VERSION = 4

let loaded: NativeAddon | null = null

/**
 * The addon; loads it when it is asked for the first time.
 *
 * @throws {SnapforkError} `ERR_SNAPFORK_NO_BINARY`
 */
export function loadAddon(): NativeAddon {
  loaded ??= loadChecked()
  return loaded
}

function loadChecked(): NativeAddon {
  const addon = loadFile()
  if (addon.abiVersion !== ABI_VERSION) {
    const numbers = `its interface is number ${addon.abiVersion}, this package needs ${ABI_VERSION}`
    throw noBinaryError(`The compiled addon is of another version: ${numbers}.`)
  }
  addon.setErrorFactory((status, errno, offset) => errorOfStatus(status, errno, offset))
  return addon
}

function loadFile(): NativeAddon {
  try {
    return load() as NativeAddon
  } catch (error) {
    throw noBinaryError('There is no compiled addon for this platform.', error)
  }
}

function noBinaryError(problem: string, cause?: unknown): SnapforkError {
  const { platform, arch, version } = process
  const libc = platform === 'linux' ? ` (${libcName()})` : ''
  const remedy =
    platform === 'linux'
      ? 'Install the package anew, so that its prebuilds/ folder fits, or compile it from a ' +
        'checkout: npm ci && npm run build (needs Python 3, make and a C++20 compiler).'
      : 'snapfork runs on Linux only.'
  return new SnapforkError(
    'ERR_SNAPFORK_NO_BINARY',
    `${problem} Platform ${platform}${libc}, ${arch}, Node.js ${version}. ${remedy}`,
    cause === undefined ? undefined : { cause },
  )
}

/** Node names glibc's version in its report, and no other libc's. */
function libcName(): string {
  // Sockets have no part in it, and naming them may ask a name server.
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report
  const before = report.excludeNetwork
  report.excludeNetwork = true
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
  report.excludeNetwork = before ?? false
  return header?.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`
}
