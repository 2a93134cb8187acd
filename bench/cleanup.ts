/**
 * What must be undone when the program ends, however it ends: after an error, or on Ctrl-C.
 *
 * @module
 */

const undos: (() => void)[] = []

/**
 * `undo` runs at the end of the program, what was added last first; it has to be done when it
 * returns. Returns what runs it now instead.
 */
export function atExit(undo: () => void): () => void {
  if (undos.length === 0) process.once('exit', undoAll)
  undos.push(undo)
  return () => {
    const index = undos.lastIndexOf(undo)
    if (index < 0) return
    undos.splice(index, 1)
    undo()
  }
}

function undoAll(): void {
  for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) {
    try {
      undo()
    } catch (error) {
      console.error(`bench: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

/** Holds up this whole thread: for clean-ups, which have no event loop. */
export function waitSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
