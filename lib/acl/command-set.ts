/**
 * The commands that a selector allows, and their shortest description as rules.
 *
 * Invariants
 *  (S1) The rules of a description, applied to an empty set, make the same set. Commands stand in
 *       it in the order of the table.
 *
 * @module
 */

import { ACL_CATEGORIES, categoriesOf } from '../commands/acl-categories.js'
import type { CommandTable } from '../commands/command.js'
import { findByFullName } from '../commands/command.js'
import type { CommandSpec } from '../commands/spec.js'
import { RuleError } from './rule-error.js'

/** A table's commands with their subcommands, and by category. Made once for a table. */
export class CommandCatalog {
  readonly table: CommandTable
  /** With subcommands, each behind its command. */
  readonly all: readonly CommandSpec[]
  readonly #byCategory: ReadonlyMap<string, readonly CommandSpec[]>

  constructor(table: CommandTable) {
    this.table = table
    this.all = [...table.values()].flatMap((one) => [one, ...(one.subcommands?.values() ?? [])])
    const categories = new Map(ACL_CATEGORIES.map((name) => [name as string, [] as CommandSpec[]]))
    for (const one of this.all) {
      for (const category of categoriesOf(one)) categories.get(category)?.push(one)
    }
    this.#byCategory = categories
  }

  /** @throws {RuleError} if there is no such category. */
  inCategory(name: string): readonly CommandSpec[] {
    const found = this.#byCategory.get(name.toLowerCase())
    if (found === undefined) throw new RuleError('unknown')
    return found
  }
}

export class CommandSet {
  readonly #catalog: CommandCatalog
  #allowed: Set<CommandSpec>
  /** Commands that are not allowed but with one of these as their first argument. */
  #firstArguments: Map<CommandSpec, string[]>
  /** Every command, with nothing taken away since. */
  isAll = false
  /** Whether commands that the table does not have yet would be allowed. */
  #takesFuture = false

  constructor(catalog: CommandCatalog) {
    this.#catalog = catalog
    this.#allowed = new Set()
    this.#firstArguments = new Map()
  }

  copy(): CommandSet {
    const copy = new CommandSet(this.#catalog)
    copy.#allowed = new Set(this.#allowed)
    copy.#firstArguments = new Map([...this.#firstArguments].map(([one, all]) => [one, [...all]]))
    copy.isAll = this.isAll
    copy.#takesFuture = this.#takesFuture
    return copy
  }

  allowAll(): void {
    this.#allowed = new Set(this.#catalog.all)
    this.#firstArguments.clear()
    this.isAll = true
    this.#takesFuture = true
  }

  allowNone(): void {
    this.#allowed.clear()
    this.#firstArguments.clear()
    this.isAll = false
    this.#takesFuture = false
  }

  /** Whether the call is allowed; `firstArgument` is asked for where it matters. */
  allows(command: CommandSpec, firstArgument: () => string | null): boolean {
    if (this.isAll || this.#allowed.has(command)) return true
    const only = this.#firstArguments.get(command)
    if (only === undefined) return false
    const given = firstArgument()?.toLowerCase()
    return only.some((one) => one.toLowerCase() === given)
  }

  /**
   * Applies a rule that starts with `+` or `-`.
   *
   * @throws {RuleError}
   */
  apply(rule: string): void {
    const isAllowed = rule[0] === '+'
    const name = rule.slice(1)
    const command = findByFullName(this.#catalog.table, name)
    if (name.startsWith('@')) this.#applyCategory(name.slice(1), isAllowed)
    else if (command !== undefined) this.#set(command, isAllowed)
    else if (isAllowed && name.includes('|')) this.#allowFirstArgument(name)
    else throw new RuleError('unknown')
  }

  #applyCategory(name: string, isAllowed: boolean): void {
    if (name.toLowerCase() === 'all') {
      if (isAllowed) this.allowAll()
      else this.allowNone()
      return
    }
    for (const command of this.#catalog.inCategory(name)) this.#set(command, isAllowed)
  }

  /** A command with all its subcommands. */
  #set(command: CommandSpec, isAllowed: boolean): void {
    if (isAllowed) {
      this.#allowed.add(command)
    } else {
      this.#allowed.delete(command)
      this.isAll = false
    }
    this.#firstArguments.delete(command)
    for (const one of command.subcommands?.values() ?? []) this.#set(one, isAllowed)
  }

  #allowFirstArgument(name: string): void {
    const at = name.lastIndexOf('|')
    const first = name.slice(at + 1)
    const command = findByFullName(this.#catalog.table, name.slice(0, at))
    if (command === undefined) throw new RuleError('unknown')
    if (command.fullName.includes('|')) throw new RuleError('deep-first-argument')
    if (first === '') throw new RuleError('syntax')
    if (command.subcommands !== undefined) throw new RuleError('unknown')
    const own = this.#firstArguments.get(command) ?? []
    if (!own.some((one) => one.toLowerCase() === first.toLowerCase())) own.push(first)
    this.#firstArguments.set(command, own)
  }

  /** Such as `-@all +@read -get`. (S1) */
  describe(): string {
    const made = new CommandSet(this.#catalog)
    const rules = [this.#takesFuture ? '+@all' : '-@all']
    made.apply(rules[0] as string)
    for (const rule of this.#bestCategories(this.#takesFuture ? '-' : '+')) {
      made.apply(rule)
      rules.push(rule)
    }
    rules.push(...this.#differencesFrom(made))
    return rules.join(' ')
  }

  /** Categories most of which are in (or out), that with the fewest exceptions first. */
  #bestCategories(sign: '+' | '-'): string[] {
    const rest = this.copy()
    const rules: string[] = []
    const left = new Set<string>(ACL_CATEGORIES)
    for (;;) {
      let best: { name: string; fit: number; misfit: number } | null = null
      for (const name of left) {
        const commands = this.#catalog.inCategory(name)
        const allowed = commands.filter((one) => rest.#allowed.has(one)).length
        const fit = sign === '+' ? allowed : commands.length - allowed
        const misfit = commands.length - fit
        const isBetter =
          best === null || misfit < best.misfit || (misfit === best.misfit && fit > best.fit)
        if (fit > misfit && isBetter) best = { name, fit, misfit }
      }
      if (best === null) return rules
      left.delete(best.name)
      rules.push(`${sign}@${best.name}`)
      // What a category has told counts for no other.
      rest.apply(`${sign === '+' ? '-' : '+'}@${best.name}`)
    }
  }

  /** Rules for single commands that make `made` this set. */
  #differencesFrom(made: CommandSet): string[] {
    const rules: string[] = []
    for (const command of this.#catalog.all) {
      const isAllowed = this.#allowed.has(command)
      if (isAllowed !== made.#allowed.has(command)) {
        const rule = `${isAllowed ? '+' : '-'}${command.fullName}`
        made.apply(rule)
        rules.push(rule)
      }
      const only = isAllowed ? [] : (this.#firstArguments.get(command) ?? [])
      rules.push(...only.map((first) => `+${command.fullName}|${first}`))
    }
    return rules
  }
}
