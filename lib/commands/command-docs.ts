/**
 * COMMAND DOCS: what commands are for, and how they are called.
 *
 * @module
 */

import type { Bulk } from '../native/engine.js'
import { argumentsOf } from './argument-lines.js'
import type { CommandArgument } from './argument-syntax.js'
import { complexityOf, deprecationOf, isInternal } from './command-facts.js'
import { historyOf } from './command-history.js'
import type { CommandContext } from './context.js'
import { MapReply, type Reply, SetReply, Status } from './reply.js'
import type { CommandSpec } from './spec.js'

export function statuses(names: readonly string[]): SetReply {
  return new SetReply(names.map((name) => new Status(name)))
}

export function bulks(context: CommandContext, texts: readonly string[]): Bulk[] {
  return texts.map((text) => context.bulk(text))
}

/** A map with names as bulk strings in the context's mode. */
export function mapOf(context: CommandContext, entries: Readonly<Record<string, Reply>>): MapReply {
  return new MapReply(Object.entries(entries).flatMap(([key, value]) => [context.bulk(key), value]))
}

/** What is not known of an argument is left out. */
function argumentOf(context: CommandContext, argument: CommandArgument): MapReply {
  const { name, type, keySpec, token, since, deprecatedSince, flags, parts } = argument
  const fields: Record<string, Reply> = { name: context.bulk(name), type: context.bulk(type) }
  if (keySpec !== null) fields.key_spec_index = keySpec
  if (token !== null) fields.token = context.bulk(token)
  if (since !== null) fields.since = context.bulk(since)
  if (deprecatedSince !== null) fields.deprecated_since = context.bulk(deprecatedSince)
  if (flags.length > 0) fields.flags = statuses(flags)
  if (parts.length > 0) fields.arguments = parts.map((part) => argumentOf(context, part))
  return mapOf(context, fields)
}

function docsOf(context: CommandContext, command: CommandSpec): MapReply {
  const { summary, since, family, subcommands } = command
  const name = command.fullName.toUpperCase()
  const deprecation = deprecationOf(name)
  const complexity = subcommands === undefined ? complexityOf(name) : 'Depends on subcommand.'
  const texts = { summary, since, group: family, ...(complexity === null ? {} : { complexity }) }
  const docs: Record<string, Reply> = {}
  for (const [key, text] of Object.entries(texts)) docs[key] = context.bulk(text)
  if (isInternal(name)) docs.doc_flags = statuses(['syscmd'])
  if (deprecation !== null) {
    docs.doc_flags = statuses(['deprecated'])
    docs.deprecated_since = context.bulk(deprecation.since)
    docs.replaced_by = context.bulk(deprecation.replacedBy)
  }
  const history = historyOf(name)
  if (history.length > 0) docs.history = new SetReply(history.map((one) => bulks(context, one)))
  const args = argumentsOf(name)
  if (args.length > 0) docs.arguments = args.map((one) => argumentOf(context, one))
  if (subcommands !== undefined) docs.subcommands = docsOfAll(context, [...subcommands.values()])
  return mapOf(context, docs)
}

export function docsOfAll(context: CommandContext, commands: readonly CommandSpec[]): MapReply {
  return new MapReply(commands.flatMap((one) => [context.bulk(one.fullName), docsOf(context, one)]))
}
