/**
 * Numbers of the native status codes. GENERATED from native/base/status_codes.def by
 * `npm run generate`: do not edit.
 *
 * @module
 */

export const STATUS = {
  Ok: 0,
  Io: 1,
  NoSpace: 2,
  OutOfMemory: 3,
  ForkFailed: 4,
  Locked: 5,
  FileTooShort: 10,
  BadSignature: 11,
  BadVersion: 12,
  BadChecksum: 13,
  BadLength: 14,
  BadEncoding: 15,
  BadCompression: 16,
  BadOpcode: 17,
  DuplicateKey: 18,
  BadDatabase: 19,
  UnsupportedType: 20,
  BadValue: 21,
  EmptyValue: 22,
  VersionTooLow: 23,
  WrongType: 30,
  NotAnInteger: 31,
  IncrementOverflow: 32,
  NotAFloat: 33,
  NanOrInfinity: 34,
  StringTooLong: 35,
  NoSuchKey: 36,
  SameObject: 37,
  DatabaseOutOfRange: 38,
  HashValueNotAnInteger: 39,
  HashValueNotAFloat: 40,
  ScoreIsNan: 41,
  IndexOutOfRange: 42,
  SummandNotFinite: 43,
  NotALexRange: 44,
  BadPayload: 45,
  BadPayloadValue: 46,
  KeyExists: 47,
  ChildActive: 50,
  WorkerThread: 51,
  Busy: 52,
  Closed: 53,
  InvalidArgument: 54,
  Internal: 55,
} as const

export type StatusName = keyof typeof STATUS
export type StatusNumber = (typeof STATUS)[StatusName]
