/**
 * The version of this package. GENERATED from package.json by `npm run generate`:
 * do not edit.
 *
 * @module
 */

export const SNAPFORK_VERSION = '0.1.0'
