/**
 * The environment of a process whose time or memory is measured.
 *
 * Test runners and coverage tools reach every Node process below them through the environment: what
 * they load would be measured too.
 *
 * @module
 */

export function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) =>
        name !== 'NODE_OPTIONS' && name !== 'NODE_V8_COVERAGE' && !name.startsWith('_TAPJS_'),
    ),
  )
}
