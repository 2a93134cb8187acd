/**
 * `snapfork serve`: a server with the configuration and the signals of redis-server.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import pino, { type Level, type Logger } from 'pino'
import type { Config } from '../config/config.js'
import type { Snapfork } from '../engine/snapfork.js'
import { open, ReplyError } from '../index.js'
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

/**
 * Saves what is to be saved, and ends what runs.
 *
 * @throws {ReplyError} (rejects) if it could not be saved; everything goes on then.
 */
async function stop(
  db: Snapfork,
  server: SnapforkServer,
  logger: Logger,
  { save, force }: Pick<ShutdownOptions, 'save' | 'force'>,
): Promise<void> {
  const mustSave = save ?? server.hasSavePoints
  try {
    if (mustSave) db.save()
  } catch (err) {
    logger.error({ err }, 'what is in memory could not be saved')
    if (!force) throw new ReplyError('ERR Errors trying to SHUTDOWN. Check logs.')
  }
  await server.close()
  await db.close()
  logger.info('ended')
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
  const db = await open(engine)
  logEvents(db, logger)
  const server = make(db)
  const pidfile = config.value('pidfile')
  try {
    await server.listen()
    if (pidfile !== '') writeFileSync(pidfile, `${process.pid}\n`)
    notifyReady(config)
    logger.info({ keys: db.dbsize(), port: server.port }, 'ready to accept connections')
    await untilEnd(db, server, logger, signal)
  } catch (error) {
    await server.close()
    await db.close()
    throw error
  } finally {
    if (pidfile !== '') rmSync(pidfile, { force: true })
  }
}

/** Resolves when it has ended as it was asked to. */
function untilEnd(
  db: Snapfork,
  server: SnapforkServer,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    server.onShutdown(async (options) => {
      logger.info(options, 'a client ends the server')
      await stop(db, server, logger, options)
      resolve()
      return new Promise(() => {})
    })
    signal.addEventListener('abort', () => {
      logger.info('a signal ends the server')
      stop(db, server, logger, { save: null, force: false }).then(resolve, () => {
        logger.error('the server goes on: a second signal ends it without a save')
      })
    })
  })
}
