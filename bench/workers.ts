/**
 * Starts a worker, samples for it, and sees that nothing is left of it.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from './clean-environment.js'
import { atExit } from './cleanup.js'
import type { LoadFigures } from './drivers/driver.js'
import type { Figures, FromWorker, Job, ToWorker } from './messages.js'
import { commandLine } from './processes.js'
import { Sampler } from './sampler.js'
import type { CollectionsFigures } from './trials/collections.js'
import type { DiskFigures } from './trials/disk.js'
import type { ForkFigures } from './trials/fork.js'
import type { LogFigures, LogFilesFigures } from './trials/log.js'
import type { MemoryFigures } from './trials/memory.js'
import type { SlowFigures } from './trials/slow.js'
import type { StallFigures } from './trials/stall.js'
import type { TypesFigures } from './trials/types.js'

const PROGRAM = fileURLToPath(new URL('worker.js', import.meta.url))

interface Running {
  readonly process: ChildProcess
  readonly owned: Set<number>
}

const running = new Set<Running>()

export function runJob(job: Extract<Job, { name: 'fork' }>): Promise<ForkFigures>
export function runJob(job: Extract<Job, { name: 'types' }>): Promise<TypesFigures>
export function runJob(job: Extract<Job, { name: 'collections' }>): Promise<CollectionsFigures>
export function runJob(job: Extract<Job, { name: 'disk' }>): Promise<DiskFigures>
export function runJob(job: Extract<Job, { name: 'log' }>): Promise<LogFigures>
export function runJob(job: Extract<Job, { name: 'log-files' }>): Promise<LogFilesFigures>
export function runJob(job: Extract<Job, { name: 'stall' }>): Promise<StallFigures>
export function runJob(
  job: Extract<Job, { name: 'memory' }>,
  progress: (figures: MemoryFigures) => void,
): Promise<MemoryFigures>
export function runJob(job: Extract<Job, { name: 'slow' }>): Promise<SlowFigures>
export function runJob(job: Extract<Job, { name: 'load' }>): Promise<LoadFigures>
export function runJob(
  job: Job,
  progress: (figures: MemoryFigures) => void = () => {},
): Promise<Figures> {
  const worker = spawn(process.execPath, [PROGRAM, JSON.stringify(job)], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const entry: Running = { process: worker, owned: new Set() }
  running.add(entry)
  const end = atExit(() => endWorker(entry))
  return new Promise((resolve, reject) => {
    let figures: Figures | null = null
    let sampler: Sampler | null = null
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'owns') entry.owned.add(message.pid)
      else if (message.type === 'result') figures = message.figures
      else if (message.type === 'progress') progress(message.figures)
      else {
        if (message.verb === 'start') sampler = new Sampler(message.pid)
        if (sampler === null) return
        const cost = message.verb === 'stop' ? sampler.stop() : sampler.readNow()
        worker.send({ type: 'cost', cost } satisfies ToWorker)
      }
    })
    worker.once('error', reject)
    worker.once('exit', (code, signal) => {
      sampler?.stop()
      running.delete(entry)
      end()
      if (figures !== null && code === 0) resolve(figures)
      else reject(new Error(`the worker for ${job.driver} ended with ${signal ?? code}`))
    })
  })
}

/** Ends every worker and what it owns, at once: their jobs reject. */
export function killWorkers(): void {
  for (const entry of running) endWorker(entry)
}

function endWorker(entry: Running): void {
  entry.process.kill('SIGKILL')
  killOwned(entry)
}

/** By pid, and only what still is a redis-server: pids are used again. */
function killOwned({ owned }: Running): void {
  for (const pid of owned) {
    if (!commandLine(pid).some((word) => word.includes('redis'))) continue
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}
