/**
 * The command lines that bring keys to another server, as bytes.
 *
 * @module
 */

export interface DumpedKey {
  readonly key: Uint8Array
  /** As DUMP gives it. */
  readonly payload: Uint8Array
  /** Milliseconds it has left, at least 1; 0: it does not expire. */
  readonly ttlMs: number
}

/** Small lines go together in chunks of so many bytes. */
const CHUNK_BYTES = 64 << 10

type Word = string | Uint8Array

/** A command as an array of bulk strings. Text is ASCII. */
export function* commandLine(words: readonly Word[]): Generator<Uint8Array> {
  yield Buffer.from(`*${words.length}\r\n`)
  for (const word of words) {
    yield Buffer.from(`$${word.length}\r\n`)
    yield typeof word === 'string' ? Buffer.from(word) : word
    yield Buffer.from('\r\n')
  }
}

/** RESTORE for each key, in order; values are not copied if they are long. */
export function* restoreLines(
  keys: readonly DumpedKey[],
  replaces: boolean,
): Generator<Uint8Array> {
  const last: readonly Word[] = replaces ? ['REPLACE'] : []
  for (const { key, payload, ttlMs } of keys) {
    yield* commandLine(['RESTORE', key, String(ttlMs), payload, ...last])
  }
}

/** The same bytes in fewer pieces. */
export function* inChunks(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let small: Uint8Array[] = []
  let bytes = 0
  for (const piece of pieces) {
    const isLong = piece.length >= CHUNK_BYTES
    if (isLong || bytes + piece.length > CHUNK_BYTES) {
      if (bytes > 0) yield Buffer.concat(small)
      small = []
      bytes = 0
    }
    if (isLong) {
      yield piece
    } else {
      small.push(piece)
      bytes += piece.length
    }
  }
  if (bytes > 0) yield Buffer.concat(small)
}
