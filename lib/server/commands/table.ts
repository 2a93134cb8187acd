/**
 * The commands a server has: those of the engine, and those about its clients.
 *
 * @module
 */

import { aclRows } from '../../acl/commands.js'
import { commandRows } from '../../commands/command.js'
import type { CommandSpec, FindCommand } from '../../commands/spec.js'
import { COMMANDS, makeLookup } from '../../commands/table.js'
import { configRows } from '../../config/commands.js'
import { scriptingCommands } from '../../scripting/commands.js'
import { ALONE_COMMANDS } from './alone.js'
import { CLIENT_COMMANDS } from './client.js'
import { CONNECTION_COMMANDS } from './connection.js'
import { DEBUG_COMMANDS } from './debug.js'
import { LATENCY_COMMANDS } from './latency.js'
import { MEMORY_COMMANDS } from './memory.js'
import { PUBSUB_COMMANDS } from './pubsub.js'
import type { ServerContext } from './row.js'
import { SERVER_COMMANDS } from './server.js'
import { TRANSACTION_COMMANDS } from './transactions.js'

/** Every command by its upper-case name. */
export const ALL_COMMANDS: ReadonlyMap<string, CommandSpec> = new Map([
  ...COMMANDS,
  ...[
    ...CONNECTION_COMMANDS,
    ...CLIENT_COMMANDS,
    ...TRANSACTION_COMMANDS,
    ...PUBSUB_COMMANDS,
    ...SERVER_COMMANDS,
    ...configRows((context) => (context as ServerContext).server.configHost),
    ...LATENCY_COMMANDS,
    ...MEMORY_COMMANDS,
    ...DEBUG_COMMANDS,
    ...ALONE_COMMANDS,
    ...aclRows((context) => (context as ServerContext).server.access),
    ...scriptingCommands((name) => findServerCommand(name)),
    ...commandRows(() => ALL_COMMANDS),
  ].map((row) => [row.name, row] as const),
])

export const findServerCommand: FindCommand = makeLookup(ALL_COMMANDS)
