/**
 * `snapfork serve`: a server with the configuration and the signals of redis-server.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import pino, { type Level, type Logger } from 'pino'
import type { Config } from '../config/config.js'
import { beginOpen, type Opening } from '../engine/open.js'
import type { Snapfork } from '../engine/snapfork.js'
import { ReplyError } from '../errors.js'
import { configuredServer } from '../server/from-conf.js'
import type { SnapforkServer } from '../server/server.js'
import type { ShutdownOptions } from '../server/server-core.js'
import { SNAPFORK_VERSION } from '../util/version.js'

/** redis.conf's names of levels. */
const LEVELS: Readonly<Record<string, Level>> = {
  debug: 'debug',
  verbose: 'debug',
  notice: 'info',
  warning: 'warn',
}

function makeLogger(config: Config): Logger {
  const path = config.value('logfile')
  const destination = pino.destination({ dest: path === '' ? 1 : path, sync: true, mkdir: true })
  const level = LEVELS[config.value('loglevel')] ?? 'info'
  return pino({ level, base: { pid: process.pid } }, destination)
}

/** What happens to the engine by itself. */
function logEvents(db: Snapfork, logger: Logger): void {
  db.on('snapshot', ({ keys, bytes, durationMs, forkMicros }) => {
    logger.info({ keys, bytes, durationMs, forkMicros }, 'snapshot written')
  })
  db.on('snapshot-error', (err) => logger.warn({ err }, 'snapshot failed'))
  db.on('rewrite', ({ bytes, durationMs }) => logger.info({ bytes, durationMs }, 'log rewritten'))
  db.on('log-error', (err) => logger.warn({ err }, 'the log cannot be written'))
  db.on('log-recovered', () => logger.warn('the log is written again'))
  db.on('save-memory', (event) => logger.warn(event, 'memory is short for a snapshot'))
}

/** Tells systemd, where it has started this process. */
function notifyReady(config: Config): void {
  const supervised = config.value('supervised')
  if (process.env.NOTIFY_SOCKET === undefined) return
  if (supervised === 'systemd' || supervised === 'auto') {
    execFile('systemd-notify', ['--ready', `--pid=${process.pid}`], () => {})
  }
}

/** A server and its engine, from the moment it listens. */
class Service {
  readonly #opening: Opening
  readonly #server: SnapforkServer
  readonly #logger: Logger
  #isLoaded = false
  #isEnding = false

  constructor(opening: Opening, server: SnapforkServer, logger: Logger) {
    this.#opening = opening
    this.#server = server
    this.#logger = logger
  }

  /**
   * Resolves when the files are loaded; with false if they need not be any more.
   *
   * @throws {Error} (rejects) what {@link beginOpen}'s promise rejects with.
   */
  async untilLoaded(): Promise<boolean> {
    try {
      const db = await this.#opening.opened
      this.#isLoaded = true
      if (this.#isEnding) return false
      const facts = { keys: db.dbsize(), port: this.#server.port }
      this.#logger.info(facts, 'ready to accept connections')
      return true
    } catch (error) {
      if (this.#isEnding) return false
      throw error
    }
  }

  /** Resolves when it has ended as it was asked to. */
  ended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#server.onShutdown(async (options) => {
        this.#logger.info(options, 'a client ends the server')
        await this.#stop(options)
        resolve()
        return new Promise(() => {})
      })
      signal.addEventListener('abort', () => {
        this.#logger.info('a signal ends the server')
        this.#stop({ save: null, force: false }).then(resolve, () => {
          this.#logger.error('the server goes on: a second signal ends it without a save')
        })
      })
    })
  }

  /** Ends it, whatever it does. */
  async giveUp(): Promise<void> {
    this.#isEnding = true
    await this.#server.close()
    this.#opening.abort()
    await this.#opening.opened.then(
      (db) => db.close(),
      () => {},
    )
  }

  /**
   * Saves what is to be saved, and ends what runs.
   *
   * @throws {ReplyError} (rejects) if it could not be saved; everything goes on then.
   */
  async #stop({ save, force }: Pick<ShutdownOptions, 'save' | 'force'>): Promise<void> {
    // What is not loaded yet is in the files.
    const mustSave = this.#isLoaded && (save ?? this.#server.hasSavePoints)
    try {
      if (mustSave) this.#opening.engine.save()
    } catch (err) {
      this.#logger.error({ err }, 'what is in memory could not be saved')
      if (!force) throw new ReplyError('ERR Errors trying to SHUTDOWN. Check logs.')
    }
    await this.giveUp()
    this.#logger.info('ended')
  }
}

/**
 * Serves until a signal or a client ends it.
 *
 * @param args As redis-server takes them.
 * @param signal Ends it, after a save if there are save points.
 */
export async function runServe(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { config, engine, ignored, make } = configuredServer(args, () =>
    readFileSync(process.stdin.fd, 'latin1'),
  )
  const logger = makeLogger(config)
  logger.info({ version: SNAPFORK_VERSION, node: process.version }, 'snapfork starts')
  if (ignored.length > 0) logger.warn({ directives: ignored }, 'directives without a meaning here')
  const opening = await beginOpen(engine)
  logEvents(opening.engine, logger)
  const server = make(opening.engine)
  const service = new Service(opening, server, logger)
  const pidfile = config.value('pidfile')
  // It may fail before it is waited for.
  opening.opened.catch(() => {})
  try {
    const ended = service.ended(signal)
    await server.listen()
    if (pidfile !== '') writeFileSync(pidfile, `${process.pid}\n`)
    logger.info({ port: server.port }, 'listens')
    if (await service.untilLoaded()) notifyReady(config)
    await ended
  } catch (error) {
    await service.giveUp()
    throw error
  } finally {
    if (pidfile !== '') rmSync(pidfile, { force: true })
  }
}
