/**
 * Typed methods of the list commands.
 *
 * @module
 */

import { StringApi } from './string-api.js'

export abstract class ListApi extends StringApi {}
