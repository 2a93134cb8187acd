/**
 * A host application in a process of its own, which a test tells what to do.
 *
 * The script (test/fixtures/children) serves methods by name; serve.mjs has the other side.
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { spawnPlainNode } from './plain-node.js'

interface TearingDown {
  teardown(callback: () => Promise<void>): void
}

/** What a method of the host threw. */
export class HostError extends Error {
  constructor(readonly facts: ErrorFacts) {
    super(facts.message)
  }
}

/** The fields of an error that outlive a process. */
export interface ErrorFacts {
  name: string
  message: string
  code?: string
  pid?: number | null
  exit?: { code: number | null; signal: string | null; phase: string } | null
  cause?: { code: string }
}

/** How a save of the host ended. */
export interface Ending {
  report?: { keys: number }
  error?: ErrorFacts
}

interface Answer {
  id: number
  value?: unknown
  error?: ErrorFacts
}

export interface HostOptions {
  uid?: number
  gid?: number
  environment?: Readonly<Record<string, string>>
}

export class Host {
  readonly pid: number
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #calls = 0

  private constructor(child: ChildProcess) {
    this.#process = child
    this.pid = child.pid as number
    child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
    child.on('exit', (code, signal) => this.#fail(`the host ended: ${signal ?? code}`))
  }

  /** Starts a script; it is killed with the test. */
  static async start(t: TearingDown, script: string, options: HostOptions = {}): Promise<Host> {
    const child = spawnPlainNode(script, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      ipcFd: 3,
      ...options,
    })
    await once(child, 'spawn')
    const host = new Host(child)
    t.teardown(() => host.kill())
    await host.call('ping')
    return host
  }

  /** Calls a method of the script. What the script threw comes as a {@link HostError}. */
  call<T = unknown>(method: string, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.#calls
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ value, error }) => {
        if (error === undefined) resolve(value as T)
        else reject(new HostError(error))
      })
      if (!this.#process.connected) return this.#fail('the host has ended')
      this.#process.send({ id, method, args })
    })
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }

  #fail(message: string): void {
    for (const [id, answer] of this.#waiting) {
      answer({ id, error: { name: 'Error', message, code: 'HOST_ENDED' } })
    }
    this.#waiting.clear()
  }
}
