#!/usr/bin/env node
/**
 * The command line.
 *
 * The only file that ends the process or writes to its streams; everything else throws, and prints
 * to the terminal it is given.
 *
 * Exit status: 0 done, 1 a check failed or the world did, 2 the command line is wrong, 128 + n
 * ended by signal n.
 *
 * @module
 */

import { constants } from 'node:os'
import { SNAPFORK_VERSION } from '../util/version.js'
import { type Command, HELP, parseCommand } from './arguments.js'
import { runCheck } from './check.js'
import { runDoctor } from './doctor.js'
import { UsageError } from './errors.js'
import { runReport } from './report.js'
import { runServe } from './serve.js'
import { Terminal } from './terminal.js'
import { runTour } from './tour.js'
import { reportLoad } from './tour-load.js'

const EXIT_FAILED = 1
const EXIT_USAGE = 2

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Why a command was given up. */
class Interruption extends Error {
  constructor(readonly signal: (typeof STOP_SIGNALS)[number]) {
    super(`Ended by ${signal}.`)
  }

  get exitStatus(): number {
    return 128 + constants.signals[this.signal]
  }
}

/** The first signal asks the command to clean up and end, the second ends it. */
function listenForSignals(): AbortSignal {
  const controller = new AbortController()
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      const interruption = new Interruption(name)
      if (controller.signal.aborted) process.exit(interruption.exitStatus)
      controller.abort(interruption)
    })
  }
  return controller.signal
}

async function run(command: Command): Promise<void> {
  switch (command.name) {
    case 'help':
      process.stdout.write(HELP)
      return
    case 'version':
      console.log(SNAPFORK_VERSION)
      return
    case 'check':
      return runCheck(command.options, (line) => console.log(line))
    case 'doctor':
      return runDoctor(command.options, (line) => console.log(line))
    case 'report':
      return runReport(command.options, (line) => console.log(line))
    case 'load-report':
      return reportLoad(command.dir, (line) => console.log(line))
    case 'serve':
      return runServe(command.args, listenForSignals())
    case 'tour':
      return runTour(command.options, new Terminal(process.stdout, process.env), listenForSignals())
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? ` (${error.code})` : ''
  const cause = error.cause instanceof Error ? `\n  ${error.cause.message}` : ''
  return `${error.message}${code}${cause}`
}

function exitStatusOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT_USAGE
  return error instanceof Interruption ? error.exitStatus : EXIT_FAILED
}

try {
  await run(parseCommand(process.argv.slice(2)))
  // What a pipe has not taken yet is lost by exit(): let the loop run empty instead.
  process.exitCode = 0
  for (const name of STOP_SIGNALS) process.removeAllListeners(name)
} catch (error) {
  console.error(`snapfork: ${explain(error)}`)
  if (error instanceof UsageError) console.error("Try 'snapfork --help'.")
  process.exit(exitStatusOf(error))
}
