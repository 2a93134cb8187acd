/**
 * Typed methods of the hash commands.
 *
 * @module
 */

import { ListApi } from './list-api.js'

export abstract class HashApi extends ListApi {}
