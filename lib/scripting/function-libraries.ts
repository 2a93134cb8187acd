/**
 * Libraries of functions: their texts, which snapshots and the log hold, and what they registered.
 *
 * Invariants
 *  (L1) The engine's list of texts is what is here, in the order of loading, and those that could
 *       not be loaded from a file: they are kept as they are.
 *  (L2) A change that fails has changed nothing.
 *
 * @module
 */

import type { CommandContext } from '../commands/context.js'
import type { FindCommand, Reply } from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import type { NativeEngine } from '../native/engine.js'
import { MACHINE, NO_WRITES, type RegisteredFunction, SCRIPT_FLAGS } from '../native/scripts.js'
import type { ScriptRunner } from './runner.js'
import { readLibraryName } from './shebang.js'

export interface LibraryFunction {
  readonly name: string
  readonly description: string | null
  /** Names of its flags. */
  readonly flags: readonly string[]
}

export interface Library {
  readonly name: string
  readonly code: Buffer
  readonly functions: readonly LibraryFunction[]
}

interface LoadedFunction extends LibraryFunction {
  readonly ref: number
  readonly flagBits: number
}

interface LoadedLibrary extends Library {
  readonly functions: readonly LoadedFunction[]
}

/** How restored libraries meet those that are there. */
export type RestorePolicy = 'FLUSH' | 'APPEND' | 'REPLACE'

/** A library that takes longer to load is refused. */
const LOAD_LIMIT_MS = 500

export class FunctionLibraries {
  readonly #native: NativeEngine
  readonly #runner: ScriptRunner
  readonly #libraries = new Map<string, LoadedLibrary>()
  /** By name in lower case. */
  readonly #functions = new Map<string, LoadedFunction>()
  /** Texts of a file that could not be loaded. (L1) */
  #dormant: Buffer[] = []
  #isAwake = false

  constructor(native: NativeEngine, runner: ScriptRunner) {
    this.#native = native
    this.#runner = runner
  }

  /** All of them, in the order of loading. */
  list(): readonly Library[] {
    this.#wake()
    return [...this.#libraries.values()]
  }

  /** How many functions there are. */
  get functionCount(): number {
    return this.list().reduce((count, library) => count + library.functions.length, 0)
  }

  /**
   * Loads a library; its name.
   *
   * @throws {ReplyError} for what is no library, fails, or is there already.
   */
  load(code: Buffer, replaces: boolean): string {
    this.#wake()
    const name = readLibraryName(code.toString('latin1'))
    this.#runner.checkIdle()
    const old = this.#libraries.get(name)
    if (old !== undefined && !replaces) {
      throw new ReplyError(`ERR Library '${name}' already exists`)
    }
    const library = this.#compile(name, code, new Set(old === undefined ? [] : [old]))
    if (old !== undefined) this.#remove(old)
    this.#add(library)
    this.#store()
    return name
  }

  /** @throws {ReplyError} if there is none of that name. */
  delete(name: string): void {
    this.#wake()
    this.#runner.checkIdle()
    const library = this.#libraries.get(name)
    if (library === undefined) throw new ReplyError('ERR Library not found')
    this.#remove(library)
    this.#store()
  }

  flush(): void {
    this.#runner.checkIdle()
    this.#isAwake = true
    this.#libraries.clear()
    this.#functions.clear()
    this.#dormant = []
    this.#native.scriptsFlush(MACHINE.functions)
    this.#store()
  }

  /**
   * Loads the libraries of a payload.
   *
   * @throws {ReplyError} if one of them fails or is in the way: then all is as it was. (L2)
   */
  restore(texts: readonly Buffer[], policy: RestorePolicy): void {
    this.#wake()
    this.#runner.checkIdle()
    const leaving = new Set<LoadedLibrary>()
    if (policy === 'FLUSH') for (const library of this.#libraries.values()) leaving.add(library)
    const coming: LoadedLibrary[] = []
    try {
      for (const code of texts) {
        const name = readLibraryName(code.toString('latin1'))
        const old = this.#libraries.get(name)
        if (coming.some((other) => other.name === name)) throw existsError(name)
        if (old !== undefined && policy === 'APPEND') throw existsError(name)
        if (old !== undefined) leaving.add(old)
        coming.push(this.#compile(name, code, leaving, coming))
      }
      for (const library of coming) this.#checkNames(library.functions, leaving, [])
    } catch (error) {
      for (const library of coming) this.#forget(library.functions)
      throw error
    }
    if (policy === 'FLUSH') this.#dormant = []
    for (const library of leaving) this.#remove(library)
    for (const library of coming) this.#add(library)
    this.#store()
  }

  /** FCALL and its like: name, number of keys, keys and arguments are in the argument vector. */
  call(
    context: CommandContext,
    find: FindCommand,
    name: string,
    readKeys: () => number,
    isReadOnly: boolean,
  ): Reply {
    this.#runner.checkIdle()
    this.#wake()
    const found = this.#functions.get(name.toLowerCase())
    if (found === undefined) throw new ReplyError('ERR Function not found')
    const keys = readKeys()
    const mayWrite = (found.flagBits & NO_WRITES) === 0
    if (isReadOnly && mayWrite) {
      throw new ReplyError('ERR Can not execute a script with write flag using *_ro command.')
    }
    const job = {
      machine: MACHINE.functions,
      ref: found.ref,
      name: found.name,
      isReadOnly: isReadOnly || !mayWrite,
      firstKey: 3,
      keys,
      args: context.argc - 3 - keys,
    }
    return this.#runner.start(job, context, find)
  }

  /** The engine was emptied and has loaded its files again. */
  forget(): void {
    this.#native.scriptsFlush(MACHINE.functions)
    this.#libraries.clear()
    this.#functions.clear()
    this.#dormant = []
    this.#isAwake = false
  }

  /** Takes over what a snapshot or a log has brought. */
  #wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    for (const code of this.#native.functionTexts()) {
      try {
        const name = readLibraryName(code.toString('latin1'))
        if (this.#libraries.has(name)) throw existsError(name)
        this.#add(this.#compile(name, code, new Set()))
      } catch (error) {
        if (!(error instanceof ReplyError)) throw error
        this.#dormant.push(code)
      }
    }
  }

  /** Runs a library's text, which registers functions; those of `leaving` are not in the way. */
  #compile(
    name: string,
    code: Buffer,
    leaving: ReadonlySet<LoadedLibrary>,
    coming: readonly LoadedLibrary[] = [],
  ): LoadedLibrary {
    const isLoaded = this.#runner.load(code, LOAD_LIMIT_MS)
    const functions = this.#native.libraryFunctions().map(loadedFunction)
    try {
      if (!isLoaded) {
        const [text] = this.#native.scriptFailure()
        throw ReplyError.ofLatin1(text.replace(/[\r\n]/g, ' '))
      }
      if (functions.length === 0) throw new ReplyError('ERR No functions registered')
      this.#checkNames(functions, leaving, coming)
    } catch (error) {
      this.#forget(functions)
      throw error
    }
    return { name, code, functions }
  }

  #checkNames(
    functions: readonly LoadedFunction[],
    leaving: ReadonlySet<LoadedLibrary>,
    coming: readonly LoadedLibrary[],
  ): void {
    const staying = [...this.#libraries.values(), ...coming].filter((one) => !leaving.has(one))
    const taken = new Set(staying.flatMap((library) => library.functions.map(keyOf)))
    const clash = functions.find((one) => taken.has(keyOf(one)))
    if (clash !== undefined) throw new ReplyError(`ERR Function ${clash.name} already exists`)
  }

  #add(library: LoadedLibrary): void {
    this.#libraries.set(library.name, library)
    for (const one of library.functions) {
      // Of two that differ in case alone, the first is found.
      if (!this.#functions.has(keyOf(one))) this.#functions.set(keyOf(one), one)
    }
  }

  #remove(library: LoadedLibrary): void {
    this.#libraries.delete(library.name)
    for (const one of library.functions) this.#functions.delete(keyOf(one))
    this.#forget(library.functions)
  }

  #forget(functions: readonly LoadedFunction[]): void {
    for (const { ref } of functions) this.#native.scriptForget(MACHINE.functions, ref)
  }

  #store(): void {
    const texts = [...this.#libraries.values()].map(({ code }) => code)
    this.#native.setFunctionTexts([...this.#dormant, ...texts]) // (L1)
  }
}

function keyOf({ name }: LibraryFunction): string {
  return name.toLowerCase()
}

function existsError(name: string): ReplyError {
  return new ReplyError(`ERR Library ${name} already exists`)
}

function loadedFunction([name, description, bits, ref]: RegisteredFunction): LoadedFunction {
  const flags = SCRIPT_FLAGS.filter((_, bit) => (bits & (1 << bit)) !== 0)
  return { name, description, flags, flagBits: bits, ref }
}
