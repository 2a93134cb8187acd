/**
 * One numbered database with every command as a method.
 *
 * @module
 */

import { ServerApi } from './server-api.js'

/**
 * The commands, bound to one database of an engine.
 *
 * Every method is synchronous: it touches memory and nothing else. Keys and values are text or
 * bytes; a method whose name ends in `Buffer` returns bytes where its namesake returns text.
 *
 * @throws {ReplyError} (every method) where Redis replies with an error; `message` is that reply.
 * @throws {TypeError} (every method) `ERR_SNAPFORK_INVALID_ARG` for an argument of a wrong type.
 */
export class Database extends ServerApi {}
