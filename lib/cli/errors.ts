/**
 * Errors of the command line, which a program that uses the library never sees.
 *
 * @module
 */

/** The command line is wrong: exit status 2. */
export class UsageError extends Error {
  readonly code = 'ERR_SNAPFORK_USAGE'

  override get name(): string {
    return 'UsageError'
  }
}

/** A command found what it must not find: exit status 1. */
export class CheckError extends Error {
  readonly code = 'ERR_SNAPFORK_CHECK_FAILED'

  override get name(): string {
    return 'CheckError'
  }
}
