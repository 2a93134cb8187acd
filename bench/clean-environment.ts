/**
 * The environment of a process that is measured: without what test runners and coverage tools pass
 * on to every Node process below them.
 *
 * @module
 */

export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        name !== 'NODE_OPTIONS' && name !== 'NODE_V8_COVERAGE' && !name.startsWith('_TAPJS_'),
    ),
  )
}
