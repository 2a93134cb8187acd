/**
 * Reads files of commands.
 *
 * @module
 */

/** The commands of an append-only file, word by word, each character a byte; `#` lines are left. */
export function parseCommands(bytes: Buffer): string[][] {
  const text = bytes.toString('latin1')
  const commands: string[][] = []
  let at = 0
  const line = () => {
    const end = text.indexOf('\r\n', at)
    if (end < 0) throw new Error(`no line at ${at}`)
    const found = text.slice(at, end)
    at = end + 2
    return found
  }
  const number = (mark: string) => {
    const found = line()
    if (!found.startsWith(mark)) throw new Error(`no ${mark} in ${JSON.stringify(found)}`)
    return Number(found.slice(1))
  }
  while (at < text.length) {
    if (text[at] === '#') {
      line()
      continue
    }
    const words: string[] = []
    for (let left = number('*'); left > 0; --left) {
      const length = number('$')
      words.push(text.slice(at, at + length))
      at += length
      if (line() !== '') throw new Error(`a word is too long before ${at}`)
    }
    commands.push(words)
  }
  return commands
}
