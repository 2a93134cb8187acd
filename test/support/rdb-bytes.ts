/**
 * RDB files put together byte by byte, so that a test can make what no server writes any more.
 *
 * @module
 */

import { loadAddon } from '../../dist/native/addon.js'

/** Which of the four forms a length has; readers accept longer ones than needed. */
export type LengthForm = 6 | 14 | 32 | 64

type Bytes = string | Uint8Array

/** First version with a checksum. */
const CHECKSUM_VERSION = 5

export function signature(version: number): Buffer {
  return Buffer.from(`REDIS${String(version).padStart(4, '0')}`)
}

/** A length in the shortest form, or in the one that is given. */
export function length(value: number, form: LengthForm = shortestForm(value)): Buffer {
  if (form === 6) return Buffer.from([value])
  if (form === 14) return Buffer.from([0x40 | (value >> 8), value & 255])
  const bytes = Buffer.alloc(form === 32 ? 5 : 9)
  bytes[0] = form === 32 ? 0x80 : 0x81
  bytes.writeUInt32BE(value, bytes.length - 4)
  return bytes
}

function shortestForm(value: number): LengthForm {
  if (value < 64) return 6
  return value < 16_384 ? 14 : 32
}

/** A string as it is. */
export function raw(text: Bytes, form?: LengthForm): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([length(bytes.length, form), bytes])
}

export function int8(value: number): Buffer {
  return Buffer.from([0xc0, value & 255])
}

export function int16(value: number): Buffer {
  const bytes = Buffer.from([0xc1, 0, 0])
  bytes.writeInt16LE(value, 1)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.from([0xc2, 0, 0, 0, 0])
  bytes.writeInt32LE(value, 1)
  return bytes
}

/** A compressed string; `stream` is what LZF makes of `originalLength` bytes. */
export function lzf(stream: Uint8Array, originalLength: number): Buffer {
  return Buffer.concat([Buffer.from([0xc3]), length(stream.length), length(originalLength), stream])
}

/** LZF without any match: runs of up to 32 literal bytes. */
export function lzfLiterals(text: Bytes): Buffer {
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 32) {
    const run = bytes.subarray(at, at + 32)
    parts.push(Buffer.from([run.length - 1]), run)
  }
  return Buffer.concat(parts)
}

/** An entry of type string, from the bytes of key and value with their encodings. */
export function entry(key: Bytes, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0]), typeof key === 'string' ? raw(key) : key, value])
}

export function expireSeconds(seconds: number): Buffer {
  const bytes = Buffer.from([0xfd, 0, 0, 0, 0])
  bytes.writeInt32LE(seconds, 1)
  return bytes
}

export function expireMs(ms: bigint): Buffer {
  const bytes = Buffer.alloc(9, 0xfc)
  bytes.writeBigInt64LE(ms, 1)
  return bytes
}

export function idle(seconds: number): Buffer {
  return Buffer.concat([Buffer.from([0xf8]), length(seconds)])
}

export function frequency(counter: number): Buffer {
  return Buffer.from([0xf9, counter])
}

export function aux(name: Bytes, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0xfa]), raw(name), value])
}

export function resizeDatabase(keys: number, keysWithExpiry: number): Buffer {
  return Buffer.concat([Buffer.from([0xfb]), length(keys), length(keysWithExpiry)])
}

export function selectDatabase(id: number): Buffer {
  return Buffer.concat([Buffer.from([0xfe]), length(id)])
}

export function slotInfo(slot: number, keys: number, keysWithExpiry: number): Buffer {
  const lengths = [slot, keys, keysWithExpiry].map((value) => length(value))
  return Buffer.concat([Buffer.from([0xf4]), ...lengths])
}

export function functionLibrary(source: string): Buffer {
  return Buffer.concat([Buffer.from([0xf5]), raw(source)])
}

/** Metadata of a module: one item of each kind that can be skipped without the module. */
export function moduleAux(): Buffer {
  const id = length(1_234_567, 64)
  const whenBeforeKeys = [2, 1]
  const signed = [1, 5]
  const unsigned = [2, 0x41, 0]
  const float = [3, 0, 0, 0x80, 0x3f]
  const double = [4, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]
  const text = [5, 2, 0x68, 0x69]
  const end = [0]
  const items = [whenBeforeKeys, signed, unsigned, float, double, text, end].flat()
  return Buffer.concat([Buffer.from([0xf7]), id, Buffer.from(items)])
}

/** A value as DUMP and RESTORE have it: its type, what follows it in a file, version, checksum. */
export function payload(version: number, type: number, value: Uint8Array): Buffer {
  const content = Buffer.concat([Buffer.from([type]), value, Buffer.from([version, 0])])
  const footer = Buffer.alloc(8)
  footer.writeBigUInt64LE(loadAddon().crc64(content))
  return Buffer.concat([content, footer])
}

/** A whole file: `checksum` is that of the content unless it is given. */
export function rdbFile(version: number, parts: readonly Uint8Array[], checksum?: bigint): Buffer {
  const content = Buffer.concat([signature(version), ...parts, Buffer.from([0xff])])
  if (version < CHECKSUM_VERSION) return content
  const trailer = Buffer.alloc(8)
  trailer.writeBigUInt64LE(checksum ?? loadAddon().crc64(content))
  return Buffer.concat([content, trailer])
}
