/**
 * What a worker and the process that started it say to each other.
 *
 * @module
 */

import type { DriverName, LoadFigures, LogPolicy } from './drivers/driver.js'
import type { SaveCost } from './sampler.js'
import type { CollectionsFigures } from './trials/collections.js'
import type { DiskFigures } from './trials/disk.js'
import type { ForkFigures } from './trials/fork.js'
import type { LogFigures, LogFilesFigures } from './trials/log.js'
import type { MemoryFigures } from './trials/memory.js'
import type { SlowFigures } from './trials/slow.js'
import type { StallFigures } from './trials/stall.js'
import type { TypesFigures } from './trials/types.js'

/** What a worker is to do; it comes as JSON on its command line. */
export type Job =
  | {
      readonly name: 'fork'
      readonly driver: DriverName
      readonly dir: string
      readonly keys: number
      readonly valueBytes: number
      readonly updates: number
      readonly saves: number
    }
  | {
      readonly name: 'types'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly shape: string
      readonly elements: number
    }
  | {
      readonly name: 'collections'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly shape: string
      readonly elements: number
      readonly updates: number
    }
  | {
      readonly name: 'disk'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly keys: number
      readonly updatesPerSecond: number
    }
  | {
      readonly name: 'log'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly policy: LogPolicy
      readonly keys: number
      readonly updates: number
    }
  | {
      readonly name: 'memory'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly group: string
      readonly keys: number
      readonly factor: number
      readonly saves: number
    }
  | {
      readonly name: 'stall'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly policy: LogPolicy
      readonly mount: string
    }
  | {
      readonly name: 'slow'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly policy: LogPolicy
      readonly megabytesPerSecond: number
      readonly seconds: number
    }
  | {
      readonly name: 'log-files'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly policy: LogPolicy
      readonly keys: number
      readonly updates: number
    }
  | {
      readonly name: 'load'
      readonly driver: DriverName
      readonly dir: string
      readonly valueBytes: number
      readonly policy?: LogPolicy
    }

/** What a job gives. */
export type Figures =
  | ForkFigures
  | TypesFigures
  | CollectionsFigures
  | DiskFigures
  | LogFigures
  | LogFilesFigures
  | StallFigures
  | MemoryFigures
  | SlowFigures
  | LoadFigures

export type FromWorker =
  /** A process that must not outlive the worker. */
  | { readonly type: 'owns'; readonly pid: number }
  | { readonly type: 'sample'; readonly verb: 'start' | 'read' | 'stop'; readonly pid: number }
  /** What is known so far, should the worker not live to the end. */
  | { readonly type: 'progress'; readonly figures: MemoryFigures }
  | { readonly type: 'result'; readonly figures: Figures }

export type ToWorker = { readonly type: 'cost'; readonly cost: SaveCost }
