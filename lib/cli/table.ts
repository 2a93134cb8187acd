/**
 * Rows of text in aligned columns.
 *
 * @module
 */

const GAP = '   '

/** Two spaces, then the cells; every column is as wide as its widest cell. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      // The last cell of a row widens nothing: nothing stands to its right.
      if (column < row.length - 1) widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell,
    )
    return `  ${cells.join(GAP)}`.trimEnd()
  })
}
