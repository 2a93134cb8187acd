/**
 * Who clients are, and what they may do.
 *
 * @module
 */

import { AclLog } from '../acl/acl-log.js'
import {
  checkCall,
  denialError,
  needlessPasswordError,
  unauthenticatedError,
  wrongPasswordError,
} from '../acl/check.js'
import { CommandCatalog } from '../acl/command-set.js'
import type { AclHost } from '../acl/commands.js'
import type { User } from '../acl/user.js'
import { Users } from '../acl/users.js'
import { readBytes } from '../commands/args.js'
import type { CommandTable } from '../commands/command.js'
import type { CommandContext } from '../commands/context.js'
import type { CommandSpec } from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import type { Client, ClientContext } from './client.js'
import { describeClient } from './client-list.js'

export interface AccessParts {
  readonly table: CommandTable
  readonly clients: ReadonlyMap<number, Client>
  readonly now: () => number
  readonly requirepass: string
  readonly aclfile: string | null
}

export class Access implements AclHost {
  readonly catalog: CommandCatalog
  readonly users: Users
  readonly log = new AclLog()
  readonly path: string | null
  readonly #clients: ReadonlyMap<number, Client>
  readonly #now: () => number

  constructor({ table, clients, now, requirepass, aclfile }: AccessParts) {
    this.catalog = new CommandCatalog(table)
    this.users = new Users({ catalog: this.catalog, hasAllChannels: false })
    this.path = aclfile
    this.#clients = clients
    this.#now = now
    if (requirepass !== '') this.setPassword(requirepass)
  }

  /** The password of the user `default`; none if it is empty. */
  setPassword(password: string): void {
    this.users.setDefaultPassword(password)
    this.changed(this.users.default)
  }

  /** Whether a client is somebody without a password. */
  get isOpen(): boolean {
    const { isOn, takesAnyPassword } = this.users.default
    return isOn && takesAnyPassword
  }

  userOf(context: CommandContext): User {
    return (context as ClientContext).client.user ?? this.users.default
  }

  /** @throws {ReplyError} for a user or password that is not right. */
  login(client: Client, name: string | null, password: string): void {
    if (name === null && this.isOpen) throw needlessPasswordError()
    const user = this.users.authenticate(name ?? 'default', password)
    if (user === null) {
      this.#note(
        client,
        { reason: 'auth', object: readBytes(client.context, 0) },
        name ?? 'default',
      )
      throw wrongPasswordError()
    }
    client.user = user
  }

  /** @throws {ReplyError} if a client may not run the command at hand. */
  admit(client: Client, spec: CommandSpec): void {
    const { user, context } = client
    if (user === null) {
      if (spec.flags.includes('no_auth')) return
      throw unauthenticatedError()
    }
    if (user.isUnrestricted) return
    const denial = checkCall(user, spec, context.argc, (index) => readBytes(context, index))
    if (denial === null) return
    this.#note(client, denial, user.name)
    throw denialError(denial)
  }

  #note(
    client: Client,
    { reason, object }: { reason: 'auth' | 'command' | 'key' | 'channel'; object: string },
    username: string,
  ): void {
    const nowMs = this.#now()
    const context = client.transaction === null ? 'toplevel' : 'multi'
    const clientInfo = describeClient(client, nowMs)
    this.log.add({ reason, object, username, context, clientInfo }, nowMs)
  }

  /** Subscriptions that are not allowed any more end with their client. */
  changed(user: User): void {
    for (const client of this.#clients.values()) {
      if (client.user !== user) continue
      client.output.configure()
      const mayStay =
        [...client.channels, ...client.shardChannels].every((one) =>
          user.allowsChannel(one, false),
        ) && [...client.patterns].every((one) => user.allowsChannel(one, true))
      if (!mayStay) client.output.close(false)
    }
  }

  removed(users: readonly User[]): void {
    for (const client of this.#clients.values()) {
      if (client.user !== null && users.includes(client.user)) client.output.close(false)
    }
  }

  /** @throws {ReplyError} if there is no user of that name. */
  assertUser(name: string): void {
    if (this.users.get(name) === undefined) {
      throw ReplyError.ofLatin1(`ERR No such user '${name}'`)
    }
  }
}
