import { constants } from 'node:os'
import t from 'tap'
import { CorruptFileError, ReplyError, SnapforkError } from '../../../dist/errors.js'
import { codeOfStatus, errorOfStatus, systemError } from '../../../dist/native/status.js'
import { STATUS } from '../../../dist/native/status-codes.js'

const { ENOSPC, EAGAIN } = constants.errno

t.test('errorOfStatus()', async (t) => {
  await t.test('knows every status but Ok', async (t) => {
    for (const [name, number] of Object.entries(STATUS)) {
      if (name === 'Ok' || name === 'Internal') continue
      const error = errorOfStatus(number, 0, -1)
      t.not((error as SnapforkError).code, 'ERR_SNAPFORK_INTERNAL', name)
    }
  })
  await t.test('takes what it does not know for a bug', async (t) => {
    t.match(errorOfStatus(STATUS.Internal, 0, -1), { code: 'ERR_SNAPFORK_INTERNAL' })
    t.match(errorOfStatus(9999, 0, -1), { code: 'ERR_SNAPFORK_INTERNAL', message: /9999/ })
  })
  await t.test('makes a reply of a broken rule of Redis', async (t) => {
    const error = errorOfStatus(STATUS.WrongType, 0, -1)
    t.type(error, ReplyError)
    t.equal(error.message, 'WRONGTYPE Operation against a key holding the wrong kind of value')
  })
  await t.test('names place and file of a damaged one', async (t) => {
    const error = errorOfStatus(STATUS.BadChecksum, 0, 99, '/a/dump.rdb')
    t.type(error, CorruptFileError)
    t.match(error, { path: '/a/dump.rdb', offset: 99, code: 'ERR_SNAPFORK_CORRUPT_FILE' })
    t.match(errorOfStatus(STATUS.UnsupportedType, 0, 5), {
      offset: 5,
      code: 'ERR_SNAPFORK_UNSUPPORTED_FILE',
    })
  })
  await t.test('has the errno error as cause', async (t) => {
    const error = errorOfStatus(STATUS.NoSpace, ENOSPC, -1)
    t.type(error, SnapforkError)
    t.match(error, {
      code: 'ERR_SNAPFORK_NO_SPACE',
      cause: { code: 'ENOSPC', errno: -ENOSPC, message: /^ENOSPC: no space left/ },
    })
    t.match(errorOfStatus(STATUS.ForkFailed, EAGAIN, -1), { message: /EAGAIN/ })
    t.notOk('cause' in errorOfStatus(STATUS.Closed, 0, -1))
  })
  await t.test('makes a TypeError of a refused argument', async (t) => {
    t.type(errorOfStatus(STATUS.InvalidArgument, 0, -1), TypeError)
  })
})

t.test('systemError() has a code for a number without a name', async (t) => {
  t.match(systemError(4000), { code: 'E4000', errno: -4000 })
})

t.test('codeOfStatus() has none for replies and damaged files', async (t) => {
  t.equal(codeOfStatus(STATUS.Io), 'ERR_SNAPFORK_IO')
  t.equal(codeOfStatus(STATUS.WrongType), null)
  t.equal(codeOfStatus(STATUS.BadLength), null)
})
