import t from 'tap'
import {
  CorruptFileError,
  ERROR_CODES,
  invalidArgument,
  outOfRange,
  ReplyError,
  SnapforkError,
  type SnapforkErrorCode,
  SnapshotError,
} from '../../dist/errors.js'

const CODES = Object.keys(ERROR_CODES) as SnapforkErrorCode[]

t.test('ERROR_CODES', async (t) => {
  await t.test('names every code alike and says in a sentence what it means', async (t) => {
    for (const code of CODES) {
      t.match(code, /^ERR_SNAPFORK_[A-Z_]+$/)
      t.match(ERROR_CODES[code].summary, /^[A-Z].+\.$/, code)
    }
  })
  await t.test('gives an error its message and whether to try again', async (t) => {
    for (const code of CODES) {
      const error = new SnapforkError(code)
      t.equal(error.code, code)
      t.equal(error.message, ERROR_CODES[code].summary)
      t.equal(error.retryable, ERROR_CODES[code].retryable)
    }
  })
})

t.test('SnapforkError', async (t) => {
  await t.test('tells its classes apart by instanceof', async (t) => {
    const base = new SnapforkError('ERR_SNAPFORK_IO')
    const snapshot = new SnapshotError('ERR_SNAPFORK_CHILD_DIED')
    const corrupt = new CorruptFileError({ path: '/a', offset: 7, reason: 'it is torn' })
    const classes = [SnapforkError, SnapshotError, CorruptFileError, ReplyError, Error]
    const table = [base, snapshot, corrupt, new ReplyError('ERR x')].map((error) =>
      classes.map((type) => error instanceof type),
    )
    t.strictSame(table, [
      [true, false, false, false, true],
      [true, true, false, false, true],
      [true, false, true, false, true],
      [false, false, false, true, true],
    ])
    for (const value of [null, undefined, 1, {}, new Error('x')]) {
      t.notOk((value as object) instanceof SnapforkError)
      t.notOk((value as object) instanceof ReplyError)
    }
  })
  await t.test('can be derived from', async (t) => {
    class Mine extends SnapforkError {}
    t.ok(new Mine('ERR_SNAPFORK_IO') instanceof Mine)
    t.ok(new Mine('ERR_SNAPFORK_IO') instanceof SnapforkError)
    t.notOk(new SnapforkError('ERR_SNAPFORK_IO') instanceof Mine)
  })
  await t.test('has the name of its class in its stack', async (t) => {
    t.match(new SnapshotError('ERR_SNAPFORK_IO').stack, /^SnapshotError: /)
    t.match(new CorruptFileError({ path: '', offset: 0, reason: 'x' }).stack, /^CorruptFileError/)
    t.match(new ReplyError('ERR x').stack, /^ReplyError: ERR x/)
  })
  await t.test('keeps its cause, and has none if none was given', async (t) => {
    const cause = new Error('x')
    t.equal(new SnapforkError('ERR_SNAPFORK_IO', 'y', { cause }).cause, cause)
    t.equal(new SnapshotError('ERR_SNAPFORK_IO', 'y', { cause }).cause, cause)
    t.notOk('cause' in new SnapshotError('ERR_SNAPFORK_IO'))
  })
})

t.test('CorruptFileError', async (t) => {
  await t.test('says what is wrong, and where', async (t) => {
    const error = new CorruptFileError({ path: '/a/dump.rdb', offset: 7, reason: 'it is torn' })
    t.equal(error.code, 'ERR_SNAPFORK_CORRUPT_FILE')
    t.strictSame([error.path, error.offset, error.reason], ['/a/dump.rdb', 7, 'it is torn'])
    t.equal(error.message, '/a/dump.rdb: it is torn at byte 7.')
  })
  await t.test('has another code for a sound file that cannot be loaded', async (t) => {
    const code = 'ERR_SNAPFORK_UNSUPPORTED_FILE'
    t.equal(new CorruptFileError({ path: '', offset: 1, reason: 'x', code }).code, code)
  })
})

t.test('ReplyError', async (t) => {
  await t.test('has the first word as its prefix', async (t) => {
    t.equal(new ReplyError('WRONGTYPE Operation').prefix, 'WRONGTYPE')
    t.equal(new ReplyError('ERR').prefix, 'ERR')
  })
  await t.test('goes on the wire as UTF-8, or as the bytes it repeats', async (t) => {
    t.strictSame(new ReplyError('ERR \u00e9').bytes, Buffer.from('ERR \u00e9'))
    const bytes = Buffer.from([0x45, 0xff])
    t.strictSame(ReplyError.ofLatin1('E\xff').bytes, bytes)
    t.equal(ReplyError.ofLatin1('E\xff').message, 'E\ufffd')
  })
})

t.test('invalidArgument() and outOfRange() have the code on a built-in error', async (t) => {
  t.type(invalidArgument('x'), TypeError)
  t.type(outOfRange('x'), RangeError)
  t.match(invalidArgument('x'), { code: 'ERR_SNAPFORK_INVALID_ARG', message: 'x' })
  t.match(outOfRange('x'), { code: 'ERR_SNAPFORK_INVALID_ARG', message: 'x' })
})
