/**
 * What commands ask of the engine.
 *
 * @module
 */

import type { CommandHost } from '../commands/host.js'
import type { ResolvedOptions } from '../options.js'
import type { SaveScheduler } from '../persist/save-scheduler.js'
import type { Snapshotter } from '../persist/snapshotter.js'
import type { LogSwitch } from './log-switch.js'

/** What of an engine commands call. */
interface CalledEngine {
  save(): unknown
  lastsave(): number
  info(...sections: readonly string[]): string
}

interface HostParts {
  readonly options: () => ResolvedOptions
  readonly snapshots: Snapshotter
  readonly log: LogSwitch
  readonly saves: SaveScheduler
}

/** @param engine It is there when the first command runs. */
export function makeHost(
  engine: () => CalledEngine,
  { options, snapshots, log, saves }: HostParts,
): CommandHost {
  return {
    get log() {
      return log.commandLog
    },
    get isDurableFirst() {
      return options().appendfsync === 'always' && log.commandLog.isOn
    },
    durable: () => log.current.durable(),
    get checksPayloadsDeeply() {
      return options().sanitizeDumpPayload !== 'no'
    },
    save: () => void engine().save(),
    startBackgroundSave: () => ignoreRejection(saves.start()),
    scheduleBackgroundSave: () => ignoreRejection(saves.schedule()),
    isChildActive: () => saves.isBusy,
    isSaving: () => snapshots.isSaving,
    startRewrite: () => ignoreRejection(log.current.rewrite()),
    scheduleRewrite: () => log.current.schedule(),
    isRewriting: () => log.log?.isRewriting ?? false,
    lastSaveSeconds: () => engine().lastsave(),
    info: (sections) => engine().info(...sections),
    allKeysRemoved: () => {
      snapshots.cancel('ERR_SNAPFORK_CANCELED')
      // The file would bring the keys back.
      if (options().save.length > 0) saves.scheduleLater()
    },
  }
}

/** For a promise whose outcome is told by an event. */
function ignoreRejection(promise: Promise<unknown>): void {
  promise.catch(() => {})
}
