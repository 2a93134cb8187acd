/**
 * Directives as options of `open`.
 *
 * @module
 */

import type { OpenOptions } from '../options.js'
import type { Config } from './config.js'
import { findDirective } from './directives.js'
import { BOOL } from './values.js'

/** `auto-aof-rewrite-percentage` as `autoAofRewritePercentage`. */
export function optionName(directive: string): string {
  return directive.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** A save point looks like a number, and is none. */
const TEXTS: ReadonlySet<string> = new Set([
  'save',
  'dir',
  'dbfilename',
  'appendfilename',
  'appenddirname',
])

/** The text of a directive as the value of an option. */
export function optionValue(directive: string, value: string): boolean | number | string {
  if (findDirective(directive)?.type === BOOL) return value === 'yes'
  const isNumber = !TEXTS.has(directive) && /^-?\d+$/.test(value)
  return isNumber ? Number(value) : value
}

/**
 * What the files and the command line say of the engine. What they do not say is left to it, but
 * for the save points: a server has those of Redis.
 */
export function engineOptions(config: Config): OpenOptions {
  const named = [...config.given('option')].map(([{ name }, value]) => [name, value] as const)
  const given = new Map([['save', config.value('save')], ...named])
  return Object.fromEntries(
    [...given].map(([name, value]) => [optionName(name), optionValue(name, value)]),
  )
}
