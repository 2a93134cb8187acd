/**
 * The scripts of an engine: what was compiled, by SHA-1.
 *
 * @module
 */

import { readBytes, readInteger } from '../commands/args.js'
import type { CommandContext } from '../commands/context.js'
import type { FindCommand, Reply } from '../commands/spec.js'
import { ReplyError } from '../errors.js'
import { BULK_LATIN1, type NativeEngine, type Operand } from '../native/engine.js'
import { MACHINE, NO_WRITES } from '../native/scripts.js'
import { FunctionLibraries } from './function-libraries.js'
import { ScriptRunner } from './runner.js'
import { readScriptHead } from './shebang.js'

interface Script {
  readonly ref: number
  /** null: without a first line that says so, commands decide. */
  readonly flags: number | null
}

const ENGINES = new WeakMap<NativeEngine, Scripts>()

export class Scripts {
  readonly runner: ScriptRunner
  readonly functions: FunctionLibraries
  readonly #native: NativeEngine
  readonly #scripts = new Map<string, Script>()

  private constructor(native: NativeEngine) {
    this.#native = native
    this.runner = new ScriptRunner(native)
    this.functions = new FunctionLibraries(native, this.runner)
  }

  /** Those of an engine: one for all that use it. */
  static of(native: NativeEngine): Scripts {
    let scripts = ENGINES.get(native)
    if (scripts === undefined) {
      scripts = new Scripts(native)
      ENGINES.set(native, scripts)
    }
    return scripts
  }

  /** How many are compiled. */
  get size(): number {
    return this.#scripts.size
  }

  has(sha: string): boolean {
    return this.#scripts.has(sha)
  }

  /**
   * Compiles a script, unless it is there; its SHA-1.
   *
   * @throws {ReplyError} for a first line that is wrong, and for what does not compile.
   */
  load(code: Operand): string {
    const sha = this.#native.scriptSha(code)
    if (!this.#scripts.has(sha)) this.#compile(sha, code)
    return sha
  }

  flush(): void {
    this.runner.checkIdle()
    this.#scripts.clear()
    this.#native.scriptsFlush(MACHINE.scripts)
  }

  /** EVAL and its like. */
  eval(context: CommandContext, find: FindCommand, isReadOnly: boolean): Reply {
    const keys = readKeyCount(context)
    this.runner.checkIdle()
    const sha = this.#native.scriptSha(1)
    const script = this.#scripts.get(sha) ?? this.#compile(sha, 1)
    return this.#run(context, find, sha, script, keys, isReadOnly)
  }

  /** EVALSHA and its like. */
  evalSha(context: CommandContext, find: FindCommand, isReadOnly: boolean): Reply {
    const keys = readKeyCount(context)
    this.runner.checkIdle()
    const sha = readBytes(context, 1).toLowerCase()
    const script = this.#scripts.get(sha)
    if (script === undefined) {
      throw new ReplyError('NOSCRIPT No matching script. Please use EVAL.')
    }
    return this.#run(context, find, sha, script, keys, isReadOnly)
  }

  #compile(sha: string, code: Operand): Script {
    const { flags } = readScriptHead(this.#textOf(code))
    const ref = this.#native.scriptCompile(MACHINE.scripts, code)
    if (ref < 0) {
      const [text] = this.#native.scriptFailure()
      throw ReplyError.ofLatin1(
        `ERR Error compiling script (new function): ${text.replace(/[\r\n]/g, ' ')}`,
      )
    }
    const script = { ref, flags }
    this.#scripts.set(sha, script)
    return script
  }

  #textOf(code: Operand): string {
    if (typeof code === 'number') return this.#native.argument(code, BULK_LATIN1) as string
    return typeof code === 'string' ? code : Buffer.from(code).toString('latin1')
  }

  #run(
    context: CommandContext,
    find: FindCommand,
    sha: string,
    { ref, flags }: Script,
    keys: number,
    isReadOnly: boolean,
  ): Reply {
    checkFlags(flags, isReadOnly)
    const job = {
      machine: MACHINE.scripts,
      ref,
      name: sha,
      isReadOnly: isReadOnly || ((flags ?? 0) & NO_WRITES) !== 0,
      firstKey: 3,
      keys,
      args: context.argc - 3 - keys,
    }
    return this.runner.start(job, context, find)
  }
}

/** @throws {ReplyError} for a script that may write, and a command that may not. */
export function checkFlags(flags: number | null, isReadOnly: boolean): void {
  if (isReadOnly && flags !== null && (flags & NO_WRITES) === 0) {
    throw new ReplyError('ERR Can not execute a script with write flag using *_ro command.')
  }
}

/** The number of keys in argument 2. */
export function readKeyCount(context: CommandContext, message?: string): number {
  const keys = readInteger(context, 2, message)
  if (keys > context.argc - 3) {
    throw new ReplyError("ERR Number of keys can't be greater than number of args")
  }
  if (keys < 0) throw new ReplyError("ERR Number of keys can't be negative")
  return Number(keys)
}
