/**
 * Loads the .node file: the only place that does.
 *
 * CommonJS in both builds, since `require` is what loads an addon and `__dirname` is what finds it:
 * dist/native and dist/cjs/native are not equally deep, so the package is looked for upwards.
 *
 * @module
 */

const { readFileSync } = require('node:fs') as typeof import('node:fs')
const { dirname, join } = require('node:path') as typeof import('node:path')

const PACKAGE_NAME = 'snapfork'

/** The folder that holds the package.json of this package. */
function findRoot(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (name === PACKAGE_NAME) return folder
    } catch {
      // No package.json here: look further up.
    }
  }
  throw new Error(`no package.json of ${PACKAGE_NAME} above ${__dirname}`)
}

/** build/Release if it was compiled here, else the prebuilt file for this platform and libc. */
function load(): unknown {
  const loadFrom = require('node-gyp-build') as (root: string) => unknown
  return loadFrom(findRoot())
}

export = load
