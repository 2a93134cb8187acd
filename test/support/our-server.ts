/**
 * A server of this process, on a socket in a directory that goes with the test.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import {
  createServer,
  type OpenOptions,
  open,
  type ServerOptions,
  type Snapfork,
  type SnapforkServer,
} from '../../dist/index.js'

export interface OurServer {
  readonly db: Snapfork
  readonly server: SnapforkServer
  readonly dir: string
  readonly path: string
}

/** Serves an engine at a Unix socket, and at what the options name. */
export async function serve(
  t: Test,
  options: ServerOptions = {},
  engine: OpenOptions = {},
): Promise<OurServer> {
  const dir = mkdtempSync(join(tmpdir(), 'sf-server-'))
  const path = join(dir, 'snapfork.sock')
  const db = await open({ dir, hugePages: false, ...engine })
  const server = createServer(db, { port: null, unixsocket: path, ...options })
  t.teardown(async () => {
    await server.close()
    await db.close()
    rmSync(dir, { recursive: true, force: true })
  })
  await server.listen()
  return { db, server, dir, path }
}
