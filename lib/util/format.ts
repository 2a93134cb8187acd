/**
 * Numbers as people read them. ASCII only: the terminal's encoding is not known.
 *
 * @module
 */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `4096` as `4.0 KiB`. */
export function formatBytes(bytes: number): string {
  let amount = bytes
  let unit = 0
  while (Math.abs(amount) >= 1024 && unit < BYTE_UNITS.length - 1) {
    amount /= 1024
    ++unit
  }
  return `${unit === 0 ? amount.toFixed(0) : amount.toFixed(1)} ${BYTE_UNITS[unit]}`
}

/** Nanoseconds as `420 ns`, `15.5 us`, `1.36 ms` or `2.31 s`. */
export function formatNanos(nanos: number): string {
  if (nanos < 1e3) return `${nanos.toFixed(0)} ns`
  if (nanos < 1e6) return `${(nanos / 1e3).toFixed(1)} us`
  if (nanos < 1e9) return `${(nanos / 1e6).toFixed(2)} ms`
  return `${(nanos / 1e9).toFixed(2)} s`
}

export function formatMs(ms: number): string {
  return formatNanos(ms * 1e6)
}
