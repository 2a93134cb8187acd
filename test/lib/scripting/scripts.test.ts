/**
 * Scripts and functions in an engine: what comes into the log, what outlives a restart, and what
 * happens to scripts that are slow.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CommandContext } from '../../../dist/commands/context.js'
import { execute } from '../../../dist/commands/dispatch.js'
import { EncodedReply, PendingReply } from '../../../dist/commands/spec.js'
import { open, ReplyError } from '../../../dist/index.js'
import { BULK_UTF8 } from '../../../dist/native/engine.js'
import { Scripts } from '../../../dist/scripting/scripts.js'
import { openEngine } from '../../support/open-engine.js'

/** The commands of the incremental files of a log. */
function loggedCommands(dir: string): string[] {
  const folder = join(dir, 'appendonlydir')
  const files = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'))
  const text = files.map((name) => readFileSync(join(folder, name), 'latin1')).join('')
  return text
    .split(/^\*\d+\r\n/m)
    .slice(1)
    .map((command) => [...command.matchAll(/\$\d+\r\n(.*)\r\n/g)].map(([, word]) => word).join(' '))
}

const LIBRARY = [
  '#!lua name=counters',
  "redis.register_function('bump', function(keys) return redis.call('INCR', keys[1]) end)",
].join('\n')

t.test('what one script changes is one unit of the log', async (t) => {
  const dir = t.testdir()
  const db = await open({ dir, appendonly: true })
  db.call('EVAL', "redis.call('SET', 'a', 1) redis.call('INCR', 'n')", 0)
  db.call('EVAL', "redis.call('SET', 'b', 2)", 0)
  db.call('EVAL', "return redis.call('GET', 'a')", 0)
  t.throws(() => db.call('EVAL', "redis.call('SET', 'c', 3) redis.call('SET', 'd', 4) error()", 0))
  db.call('EVAL', "redis.set_repl(redis.REPL_NONE) redis.call('SET', 'hidden', 1)", 0)
  db.set('e', '5')
  await db.durable()
  t.strictSame(loggedCommands(dir), [
    'SELECT 0',
    ...['MULTI', 'SET a 1', 'INCR n', 'EXEC'],
    'SET b 2',
    ...['MULTI', 'SET c 3', 'SET d 4', 'EXEC'],
    'SET e 5',
  ])
  await db.close()
  const again = await open({ dir, appendonly: true })
  t.strictSame([again.get('n'), again.get('c'), again.get('hidden')], ['1', '3', null])
  await again.close()
})

t.test('libraries outlive a restart, by way of a snapshot', async (t) => {
  const dir = t.testdir()
  const db = await open({ dir })
  db.call('FUNCTION', 'LOAD', LIBRARY)
  db.call('FCALL', 'bump', 1, 'n')
  db.save()
  await db.close()
  const again = await open({ dir })
  t.equal(again.call('FCALL', 'bump', 1, 'n'), 2)
  t.throws(() => again.call('FUNCTION', 'LOAD', LIBRARY), /already exists/)
  await again.close()
})

t.test('libraries outlive a restart, by way of the log and of its base', async (t) => {
  for (const aofUseRdbPreamble of [true, false]) {
    const dir = t.testdir()
    const options = { dir, appendonly: true, aofUseRdbPreamble }
    const db = await open(options)
    db.call('FUNCTION', 'LOAD', LIBRARY)
    db.call('FUNCTION', 'LOAD', 'REPLACE', LIBRARY)
    db.call('FUNCTION', 'LOAD', LIBRARY.replace('counters', 'other').replace('bump', 'gone'))
    db.call('FUNCTION', 'DELETE', 'other')
    await db.durable()
    t.equal(loggedCommands(dir).filter((command) => command.startsWith('FUNCTION')).length, 4)
    await db.close()
    const second = await open(options)
    t.equal(second.call('FCALL', 'bump', 1, 'n'), 1)
    t.throws(() => second.call('FCALL', 'gone', 1, 'n'), /Function not found/)
    await second.bgrewriteaof()
    await second.close()
    const third = await open(options)
    t.equal(third.call('FCALL', 'bump', 1, 'n'), 2)
    await third.close()
  }
})

t.test('a dump of libraries is restored by its policy', async (t) => {
  const { db } = openEngine(t)
  db.call('FUNCTION', 'LOAD', LIBRARY)
  const payload = db.callBuffer('FUNCTION', 'DUMP') as Buffer
  t.throws(() => db.call('FUNCTION', 'RESTORE', payload), /Library counters already exists/)
  t.equal(db.call('FUNCTION', 'RESTORE', payload, 'REPLACE'), 'OK')
  db.call('FUNCTION', 'FLUSH')
  db.call('FUNCTION', 'LOAD', LIBRARY.replace('counters', 'other'))
  t.throws(() => db.call('FUNCTION', 'RESTORE', payload, 'REPLACE'), /Function bump already exists/)
  t.equal(db.call('FUNCTION', 'RESTORE', payload, 'FLUSH'), 'OK')
  t.equal(db.call('FCALL', 'bump', 1, 'n'), 1)
})

t.test('a slow script', async (t) => {
  const { native } = openEngine(t)
  const { runner } = Scripts.of(native)
  runner.settings.slowMs = 5
  const context = new CommandContext(native, 0)
  context.mayPause = true
  const run = (...words: string[]) => {
    context.begin(native.setArguments(words), BULK_UTF8)
    return execute(context)
  }

  await t.test('lets the event loop go on, and its reply comes later', async (t) => {
    const reply = run('EVAL', 'for i = 1, 2e7 do end return "done"', '0')
    t.ok(reply instanceof PendingReply)
    t.ok(runner.isBusy)
    t.throws(() => run('EVAL', 'return 1', '0'), /^BUSY Redis is busy running a script/)
    t.equal(await (reply as PendingReply).promise, 'done')
    t.notOk(runner.isBusy)
  })

  await t.test('is ended by SCRIPT KILL', async (t) => {
    const reply = run('EVAL', 'while true do end', '0') as PendingReply
    t.throws(() => run('FUNCTION', 'KILL'), /^BUSY .* SCRIPT KILL/)
    run('SCRIPT', 'KILL')
    await t.rejects(reply.promise, /^ERR Script killed by user with SCRIPT KILL/)
    t.equal(run('EVAL', 'return 7', '0'), 7)
  })

  await t.test('is not ended if it has written', async (t) => {
    const script = "redis.call('SET', 'a', 1) for i = 1, 2e7 do end return 1"
    const reply = run('EVAL', script, '0') as PendingReply
    t.throws(() => run('SCRIPT', 'KILL'), /^UNKILLABLE/)
    t.equal(await reply.promise, 1)
  })

  await t.test('is a function that FUNCTION STATS tells of', async (t) => {
    run(
      'FUNCTION',
      'LOAD',
      `${LIBRARY} redis.register_function('f', function() while 1 do end end)`,
    )
    const reply = run('FCALL', 'f', '0') as PendingReply
    t.throws(() => run('SCRIPT', 'KILL'), /^BUSY .* FUNCTION KILL/)
    t.match(run('FUNCTION', 'STATS'), ['running_script', ['name', 'f', 'command', ['FCALL', 'f']]])
    run('FUNCTION', 'KILL')
    await t.rejects(reply.promise, /^ERR Script killed by user/)
  })
})

t.test('a slow script is ended where the event loop is blocked, if a limit is set', async (t) => {
  const { native, db } = openEngine(t)
  Scripts.of(native).runner.settings.blockingLimitMs = 5
  t.throws(() => db.call('EVAL', 'while true do end', 0), /^ERR Script killed by user/)
})

t.test('redis.log is told to who listens', async (t) => {
  const { native, db } = openEngine(t)
  const lines: string[][] = []
  Scripts.of(native).runner.settings.onLog = (level, text) => lines.push([level, text])
  db.call(
    'EVAL',
    "redis.log(redis.LOG_WARNING, 'a', 1) redis.log(redis.LOG_DEBUG, 'b') return 1",
    0,
  )
  t.strictSame(lines, [
    ['warning', 'a 1'],
    ['debug', 'b'],
  ])
})

t.test('replies are encoded for a connection', async (t) => {
  const { native } = openEngine(t)
  const context = new CommandContext(native, 0)
  for (const [version, expected] of [
    [2, '*2\r\n$3\r\n1.5\r\n$-1\r\n'],
    [3, '*2\r\n,1.5\r\n_\r\n'],
  ] as const) {
    context.encodes = version
    context.begin(native.setArguments(['EVAL', 'return {{double=1.5}, false}', '0']), BULK_UTF8)
    const reply = execute(context)
    t.equal(reply instanceof EncodedReply && reply.bytes.toString(), expected)
  }
})

t.test('an error among the elements of a reply is an error, and is not thrown', async (t) => {
  const { db } = openEngine(t)
  const reply = db.call('EVAL', "return {1, redis.error_reply('BAD luck')}", 0) as unknown[]
  t.ok(reply[1] instanceof ReplyError)
})
