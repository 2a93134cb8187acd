/**
 * What a static library needs from outside, from the listing that nm(1) makes of it.
 *
 * @module
 */

import { execFileSync } from 'node:child_process'

/** The listing of all symbols of a static library, member by member. */
export function listSymbols(path: string): string {
  const options = { encoding: 'utf8', maxBuffer: 64 << 20, env: { LC_ALL: 'C' } } as const
  return execFileSync('nm', ['--format=bsd', path], options)
}

/** A symbol, and the members of the library that want it. */
export type Needs = ReadonlyMap<string, readonly string[]>

/** Symbols that a member uses and no member defines. Symbol versions (`@GLIBC_2.2`) are cut off. */
export function neededFromOutside(listing: string): Needs {
  const defined = new Set<string>()
  const used = new Map<string, string[]>()
  let member = ''
  for (const line of listing.split('\n')) {
    const header = /^(\S+\.o):$/.exec(line)
    if (header !== null) member = header[1] as string
    // The value is left out where there is none.
    const symbol = /^(?:[0-9a-f]+)? +([A-Za-z?-]) (.+)$/.exec(line)
    if (symbol === null) continue
    const [, type, fullName] = symbol as unknown as [string, string, string]
    const name = fullName.replace(/@.*$/, '')
    // Upper case is visible to other members, lower case is not; `v` and `w` are weak and
    // unresolved.
    if (!/[Uvw]/.test(type)) {
      if (type === type.toUpperCase() || type === 'u') defined.add(name)
    } else {
      used.set(name, [...(used.get(name) ?? []), member])
    }
  }
  return new Map([...used].filter(([name]) => !defined.has(name)))
}

/** Those that are not on a list, as `symbol (member, member)`. */
export function notAllowed(needs: Needs, allowed: ReadonlySet<string>): string[] {
  return [...needs]
    .filter(([name]) => !allowed.has(name))
    .map(([name, members]) => `${name} (${members.join(', ')})`)
}
