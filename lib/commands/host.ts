/**
 * What commands ask of the engine around the keyspace: saving, and facts for INFO.
 *
 * The commands do not import the engine: it hands one of these to every context. Commands that need
 * it are refused where there is none, as in an engine without files.
 *
 * @module
 */

/** What dispatch has to know of the append-only log. */
export interface CommandLog {
  /** Whether commands are logged. */
  readonly isOn: boolean
  /**
   * Whether commands have to be run by way of it: they are logged, memory has a limit, or writes
   * are refused.
   */
  readonly guards: boolean
  /** Whether writes are refused whatever the log says, as no save succeeds. */
  readonly savesFail: boolean
  /** Whether room has to be made for commands that take memory. */
  readonly limitsMemory: boolean
  /** Whether writes are taken; set by whoever logs. */
  accepts: boolean
  /** Why they are not. */
  refusal(): Error
}

export interface CommandHost {
  readonly log: CommandLog
  /** Whether what is logged has to be on disk before anybody is told that it was done. */
  readonly isDurableFirst: boolean
  /**
   * Resolves when all that was logged so far is on disk.
   *
   * @throws {SnapforkError} (rejects) `ERR_SNAPFORK_LOG_FAILED` if that cannot be.
   */
  durable(): Promise<void>
  /** Whether RESTORE refuses what is safe but contradicts itself. */
  readonly checksPayloadsDeeply: boolean
  /**
   * Writes the snapshot in this process and returns when it is there.
   *
   * @throws {SnapforkError} `ERR_SNAPFORK_CHILD_ACTIVE`, `ERR_SNAPFORK_NO_SPACE`, ...
   */
  save(): void
  /**
   * Forks a child that writes the snapshot. How it ends is told by events.
   *
   * @throws {SnapforkError} if no child could be started.
   */
  startBackgroundSave(): void
  /** The same once the child that is in the way has ended. */
  scheduleBackgroundSave(): void
  /** Whether a child of this engine is saving. */
  isSaving(): boolean
  /** Whether a child of any engine of this process runs, or is about to. */
  isChildActive(): boolean
  /**
   * Starts a rewrite of the append-only log.
   *
   * @throws {TypeError} if there is none.
   */
  startRewrite(): void
  /** The same once the child that is in the way has ended. */
  scheduleRewrite(): void
  isRewriting(): boolean
  /** Unix time in seconds of the last snapshot that was written. */
  lastSaveSeconds(): number
  /** INFO's text; no names stand for the default sections. */
  info(sections: readonly string[]): string
  /** All keys of all databases were removed: a snapshot under way is of no use any more. */
  allKeysRemoved(): void
}
