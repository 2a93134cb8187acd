/**
 * A directory that is gone when the command ends, however it ends.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from './errors.js'

export interface TemporaryDirectory {
  readonly path: string
  remove(): void
}

/** @throws {UsageError} if nothing can be made in `parent` */
export function makeTemporaryDirectory(parent: string | null): TemporaryDirectory {
  const path = make(parent ?? tmpdir())
  const remove = () => {
    process.off('exit', remove)
    rmSync(path, { recursive: true, force: true })
  }
  // The last guard: whoever ends the process in the middle runs it.
  process.once('exit', remove)
  return { path, remove }
}

function make(parent: string): string {
  try {
    return mkdtempSync(join(parent, 'snapfork-tour-'))
  } catch (error) {
    throw new UsageError(`No directory can be made in '${parent}'.`, { cause: error })
  }
}
