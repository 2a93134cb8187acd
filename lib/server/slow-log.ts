/**
 * The last commands that took long.
 *
 * @module
 */

/** Arguments kept of a command, and bytes kept of one. */
const ARGUMENTS_MAX = 32
const ARGUMENT_BYTES_MAX = 128

export interface SlowCommand {
  readonly id: number
  /** Unix time in seconds. */
  readonly second: number
  readonly micros: number
  /** Latin1 text. */
  readonly args: readonly string[]
  readonly address: string
  readonly clientName: string
}

export class SlowLog {
  #entries: SlowCommand[] = []
  #nextId = 0

  /** @param lengthMax How many are kept. */
  add(command: Omit<SlowCommand, 'id'>, lengthMax: number): void {
    if (lengthMax === 0) return
    const entry = { ...command, id: this.#nextId, args: shortened(command.args) }
    this.#nextId += 1
    this.#entries = [entry, ...this.#entries.slice(0, lengthMax - 1)]
  }

  /** The latest first. */
  get entries(): readonly SlowCommand[] {
    return this.#entries
  }

  reset(): void {
    this.#entries = []
  }
}

function shortened(args: readonly string[]): string[] {
  const isCut = args.length > ARGUMENTS_MAX
  const kept = isCut ? args.slice(0, ARGUMENTS_MAX - 1) : args
  const words = kept.map((word) => {
    const more = word.length - ARGUMENT_BYTES_MAX
    return more > 0 ? `${word.slice(0, ARGUMENT_BYTES_MAX)}... (${more} more bytes)` : word
  })
  if (isCut) words.push(`... (${args.length - ARGUMENTS_MAX + 1} more arguments)`)
  return words
}
