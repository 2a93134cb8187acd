/**
 * The values of all directives: read from files, shown, changed and written back.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ReplyError } from '../errors.js'
import { globMatches } from '../util/glob.js'
import { ConfError, type ConfLine, parseConf } from './conf-text.js'
import {
  DIRECTIVES,
  type Directive,
  type DirectiveScope,
  directiveNames,
  findDirective,
} from './directives.js'
import { ValueError } from './values.js'

/** Lines that are no values: whoever knows users and commands takes them. */
export interface SpecialLines {
  /** @throws {Error} Its message is what is wrong with the line. */
  user(words: readonly string[]): void
  /** @throws {Error} Its message is what is wrong with the line. */
  renameCommand(from: string, to: string): void
}

/** One thing that CONFIG SET changes. */
export interface Change {
  readonly directive: Directive
  readonly value: string
}

const BAD_DIRECTIVE = 'Bad directive or wrong number of arguments'

export class Config {
  readonly #values = new Map<Directive, string>()
  /** Directives that a file has named. */
  readonly #named = new Set<Directive>()

  value(name: string): string {
    const directive = findDirective(name)
    if (directive === undefined) throw new Error(`${name} is no directive`)
    return this.#valueOf(directive)
  }

  #valueOf(directive: Directive): string {
    return this.#values.get(directive) ?? directive.otherwise
  }

  /** Those that were given and mean nothing here, in the order of the table. */
  ignored(): string[] {
    const given = DIRECTIVES.filter((one) => one.scope === 'ignored' && this.#named.has(one))
    return given.filter((one) => this.#valueOf(one) !== one.otherwise).map(({ name }) => name)
  }

  /** The directives of a scope that were given, and their values. */
  given(scope: DirectiveScope): Map<Directive, string> {
    const given = DIRECTIVES.filter((one) => one.scope === scope && this.#named.has(one))
    return new Map(given.map((one) => [one, this.#valueOf(one)]))
  }

  /**
   * Reads the text of a file, and the files that it includes.
   *
   * @throws {ConfError} with the first line that is wrong.
   * @throws {Error} if an included file cannot be read.
   */
  load(text: string, special: SpecialLines): void {
    for (const line of parseConf(text)) {
      const [name = '', ...words] = line.words
      try {
        this.#loadLine(name, words, special)
      } catch (error) {
        if (!(error instanceof LineError || error instanceof ValueError)) throw error
        throw new ConfError(line.number, line.text, error.message)
      }
    }
  }

  #loadLine(name: string, words: readonly string[], special: SpecialLines): void {
    const word = name.toLowerCase()
    const directive = findDirective(name)
    if (directive !== undefined) {
      const { type } = directive
      if (!type.isList && words.length !== 1) throw new LineError('wrong number of arguments')
      const given = type.isList && words.length === 1 ? wordsOf(words[0] as string) : words
      const isFirst = !this.#named.has(directive)
      this.#values.set(directive, type.parse(given, this.#valueOf(directive), isFirst))
      this.#named.add(directive)
    } else if (word === 'include' && words.length === 1) {
      for (const path of filesOf(words[0] as string)) this.load(readFile(path), special)
    } else if (word === 'user' && words.length >= 1) {
      asLineError(() => special.user(words))
    } else if (word === 'rename-command' && words.length === 2) {
      asLineError(() => special.renameCommand(words[0] as string, words[1] as string))
    } else {
      throw new LineError(BAD_DIRECTIVE)
    }
  }

  /** Names and values in turn of what CONFIG GET names, each once. */
  get(patterns: readonly string[]): string[] {
    const found = new Map<string, string>()
    for (const pattern of patterns) {
      const names = /[*?[]/.test(pattern)
        ? [...directiveNames()].filter((name) => globMatches(pattern, name, true))
        : [pattern].filter((name) => findDirective(name) !== undefined)
      for (const name of names) {
        // As it was first asked for.
        if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), name)
      }
    }
    return [...found.values()].flatMap((name) => [name, this.#shown(name)])
  }

  #shown(name: string): string {
    const value = this.value(name)
    return findDirective(name)?.type.shown?.(value) ?? value
  }

  /**
   * Changes values, all or none.
   *
   * @param pairs Names and values in turn.
   * @param apply Puts one in force; a {@link ValueError} is its refusal. What was put in force
   *   before a refusal is put back by it, too.
   * @throws {ReplyError} in Redis's words.
   */
  set(pairs: readonly string[], apply: (change: Change) => void): void {
    if (pairs.length % 2 !== 0) throw new ReplyError('ERR syntax error')
    const asked = this.#asked(pairs)
    const before: Change[] = []
    for (const { name, directive, text } of asked) {
      const old = this.#valueOf(directive)
      try {
        const words = directive.type.isList ? wordsOf(text) : [text]
        const value = directive.type.parse(words, old, true)
        apply({ directive, value })
        this.#values.set(directive, value)
        before.push({ directive, value: old })
      } catch (error) {
        for (const change of before.reverse()) {
          this.#values.set(change.directive, change.value)
          apply(change)
        }
        if (!(error instanceof ValueError)) throw error
        throw setError(name, error.message)
      }
    }
  }

  #asked(pairs: readonly string[]): { name: string; directive: Directive; text: string }[] {
    const asked: { name: string; directive: Directive; text: string }[] = []
    for (let at = 0; at < pairs.length; at += 2) {
      const [given = '', text = ''] = pairs.slice(at, at + 2)
      const name = given.toLowerCase()
      const directive = findDirective(name)
      if (directive === undefined) {
        const what = 'Unknown option or number of arguments for CONFIG SET'
        throw ReplyError.ofLatin1(`ERR ${what} - '${given}'`)
      }
      const { change } = directive
      if (change === 'immutable') throw setError(given, "can't set immutable config")
      if (change === 'protected' && this.value('enable-protected-configs') !== 'yes') {
        throw setError(given, "can't set protected config")
      }
      // An alias is another parameter.
      if (asked.some((one) => one.name === name)) {
        throw setError(given, 'duplicate parameter')
      }
      asked.push({ name, directive, text })
    }
    return asked
  }
}

/** Two blanks have an empty word between them. */
function wordsOf(text: string): string[] {
  return text === '' ? [] : text.split(' ')
}

/** What is wrong with a line. */
class LineError extends Error {}

function asLineError(take: () => void): void {
  try {
    take()
  } catch (error) {
    throw error instanceof Error ? new LineError(error.message, { cause: error }) : error
  }
}

function setError(name: string, reason: string): ReplyError {
  const argument = `(possibly related to argument '${name}')`
  return ReplyError.ofLatin1(`ERR CONFIG SET failed ${argument} - ${reason}`)
}

/** The files that a pattern in the last part of a path names, by name; else the path itself. */
function filesOf(path: string): string[] {
  const pattern = basename(path)
  if (!/[*?[]/.test(pattern)) return [path]
  const directory = dirname(path)
  let names: string[]
  try {
    names = readdirSync(directory)
  } catch {
    return []
  }
  const found = names.filter((name) => globMatches(pattern, name) && !isHidden(name, pattern))
  return found.sort().map((name) => join(directory, name))
}

function isHidden(name: string, pattern: string): boolean {
  return name.startsWith('.') && !pattern.startsWith('.')
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'ENOENT' ? 'No such file or directory' : String(code)
    throw new Error(`Fatal error, can't open config file '${path}': ${reason}`, { cause: error })
  }
}

export type { ConfLine }
