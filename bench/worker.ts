/**
 * A fresh process for one measurement: makes the driver, does the job, sends the figures.
 *
 * @module
 */

import type { Driver } from './drivers/driver.js'
import { RedisDriver } from './drivers/redis.js'
import { SnapforkDriver } from './drivers/snapfork.js'
import type { Figures, FromWorker, Job, ToWorker } from './messages.js'
import type { SaveCost } from './sampler.js'
import type { OutsideSampler } from './saving.js'
import { measureCollections } from './trials/collections.js'
import { measureDisk } from './trials/disk.js'
import { measureFork } from './trials/fork.js'
import { makeLogFiles, measureLog } from './trials/log.js'
import { measureMemory } from './trials/memory.js'
import { measureSlow } from './trials/slow.js'
import { measureStall } from './trials/stall.js'
import { measureTypes } from './trials/types.js'

/** Resolves when the message is on its way. */
function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('this program is started by run.js')
    process.send(message, () => resolve())
  })
}

class RemoteSampler implements OutsideSampler {
  #pid = 0

  async start(pid: number): Promise<void> {
    this.#pid = pid
    await this.#ask('start')
  }

  read(): Promise<SaveCost> {
    return this.#ask('read')
  }

  stop(): Promise<SaveCost> {
    return this.#ask('stop')
  }

  #ask(verb: 'start' | 'read' | 'stop'): Promise<SaveCost> {
    void send({ type: 'sample', verb, pid: this.#pid })
    return new Promise((resolve) => {
      process.once('message', ({ cost }: ToWorker) => resolve(cost))
    })
  }
}

function makeDriver(job: Job): Driver {
  if (job.driver === 'snapfork') return new SnapforkDriver(job.valueBytes)
  return new RedisDriver(job.valueBytes, (pid) => void send({ type: 'owns', pid }))
}

async function run(job: Job, driver: Driver): Promise<void> {
  await send({ type: 'result', figures: await figuresOf(job, driver) })
}

function figuresOf(job: Job, driver: Driver): Promise<Figures> {
  switch (job.name) {
    case 'fork':
      return measureFork(driver, job, new RemoteSampler())
    case 'types':
      return measureTypes(driver, job.dir, job.shape, job.elements)
    case 'collections':
      return measureCollections(driver, job, new RemoteSampler())
    case 'disk':
      return measureDisk(driver, job, new RemoteSampler())
    case 'log':
      return measureLog(driver, job)
    case 'log-files':
      return makeLogFiles(driver, job)
    case 'memory':
      return measureMemory(driver, job, (figures) => void send({ type: 'progress', figures }))
    case 'slow':
      return measureSlow(driver, job)
    case 'stall':
      return measureStall(driver, job)
    case 'load':
      return driver.open(job.dir, job.policy)
  }
}

const job: Job = JSON.parse(process.argv[2] ?? '')
const driver = makeDriver(job)
// Whoever started this has died, or wants it to end: take the server along.
for (const event of ['disconnect', 'SIGINT', 'SIGTERM']) {
  process.once(event, () => driver.close().finally(() => process.exit(1)))
}
try {
  await run(job, driver)
} finally {
  await driver.close()
}
process.removeAllListeners('disconnect')
process.disconnect()
