/**
 * Where the commands print: lines, headings, and one line that is drawn again and again.
 *
 * A stream that is no terminal (a file, a pipe, a CI log) gets whole lines and no control
 * characters; NO_COLOR takes the colours from a terminal and leaves the bar.
 *
 * @module
 */

/** The part of a stream this needs. */
export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

const BOLD = '\x1b[1m'
const DIM = '\x1b[2m'
const PLAIN = '\x1b[0m'
const ERASE_LINE = '\r\x1b[K'
const BAR_CELLS = 30
const REDRAW_MS = 50

export class Terminal {
  readonly #stream: OutputStream
  readonly #isAnimated: boolean
  readonly #isColored: boolean

  constructor(stream: OutputStream, environment: NodeJS.ProcessEnv) {
    this.#stream = stream
    this.#isAnimated = stream.isTTY === true && environment.TERM !== 'dumb'
    this.#isColored = this.#isAnimated && !environment.NO_COLOR
  }

  line(text = ''): void {
    this.#stream.write(`${text}\n`)
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text)
  }

  heading(text: string): void {
    this.line(this.#isColored ? `${BOLD}${text}${PLAIN}` : text)
  }

  /** A bar for work of `total` units. */
  bar(label: string, total: number): ProgressBar {
    return new ProgressBar(label, total, this.#isAnimated ? (text) => this.#redraw(text) : null, {
      end: (text) => this.#endBar(text),
      dim: (text) => (this.#isColored ? `${DIM}${text}${PLAIN}` : text),
    })
  }

  #redraw(text: string): void {
    this.#stream.write(`${ERASE_LINE}${text}`)
  }

  #endBar(text: string): void {
    this.#stream.write(this.#isAnimated ? `${ERASE_LINE}${text}\n` : `${text}\n`)
  }
}

interface BarOutput {
  end(text: string): void
  dim(text: string): string
}

/** Draws at most twenty times a second, and one line for good at the end. */
export class ProgressBar {
  readonly #label: string
  readonly #total: number
  readonly #redraw: ((text: string) => void) | null
  readonly #output: BarOutput
  #drawnAt = Number.NEGATIVE_INFINITY

  constructor(
    label: string,
    total: number,
    redraw: ((text: string) => void) | null,
    output: BarOutput,
  ) {
    this.#label = label
    this.#total = total
    this.#redraw = redraw
    this.#output = output
  }

  update(done: number): void {
    if (this.#redraw === null) return
    const now = performance.now()
    if (now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    this.#redraw(this.#draw(done))
  }

  /** Draws the bar full, with what is worth saying of the work. */
  finish(remark: string): void {
    const text = this.#redraw === null ? this.#label : this.#draw(this.#total)
    this.#output.end(`${text}  ${remark}`)
  }

  /** Leaves the bar as it is, and the line. */
  abandon(): void {
    if (this.#redraw !== null) this.#output.end(`${this.#label}  stopped`)
  }

  #draw(done: number): string {
    const share = this.#total === 0 ? 1 : Math.min(1, Math.max(0, done / this.#total))
    const cells = Math.floor(share * BAR_CELLS)
    const rest = this.#output.dim('.'.repeat(BAR_CELLS - cells))
    const percent = `${Math.floor(share * 100)}%`.padStart(4)
    return `${this.#label}  [${'#'.repeat(cells)}${rest}] ${percent}`
  }
}
