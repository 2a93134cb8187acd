/**
 * Typed methods of the sorted set commands.
 *
 * @module
 */

import { SetApi } from './set-api.js'

export abstract class SortedSetApi extends SetApi {}
