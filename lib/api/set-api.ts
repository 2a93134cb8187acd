/**
 * Typed methods of the set commands.
 *
 * @module
 */

import { HashApi } from './hash-api.js'

export abstract class SetApi extends HashApi {}
