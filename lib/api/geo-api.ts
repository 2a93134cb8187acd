/**
 * Typed methods of the geo commands.
 *
 * @module
 */

import { SortedSetApi } from './sorted-set-api.js'

export abstract class GeoApi extends SortedSetApi {}
