/**
 * The command line, from outside: what it prints, and with which status it ends.
 */

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatRecord } from '../../../dist/persist/record-line.js'
import { ended, ROOT, run, start } from '../../support/cli.js'
import { mountProblem, mountTmpfs } from '../../support/faults.js'
import { makeRecord } from '../../support/save-records.js'

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

t.test('snapfork', async (t) => {
  for (const words of [[], ['help'], ['--help'], ['-h'], ['tour', '--help']]) {
    await t.test(`prints how it is used for '${words.join(' ')}'`, async (t) => {
      const { status, stdout, stderr } = await run(...words)
      t.strictSame({ status, stderr }, { status: 0, stderr: '' })
      t.match(stdout, /^usage: snapfork <command>/)
    })
  }

  await t.test('prints its version', async (t) => {
    for (const word of ['--version', '-v']) {
      t.match(await run(word), { status: 0, stdout: `${version}\n`, stderr: '' })
    }
  })

  const MISTAKES: readonly (readonly [words: string[], complaint: RegExp])[] = [
    [['fly'], /Unknown command 'fly'/],
    [['--fly'], /Unknown option '--fly'/],
    [['tour', '--fly'], /--fly/],
    [['tour', 'rest'], /rest/],
    [['tour', '--keys', '0'], /--keys must be an integer from 1 to/],
    [['tour', '--keys', '1e3'], /--keys must be an integer/],
    [['tour', '--value-bytes', '1048577'], /--value-bytes must be an integer/],
    [['tour', '--dir', ''], /--dir must be a path/],
    [['tour', '--dir', '/no/such/directory'], /No directory can be made/],
    [['check'], /check needs one path/],
    [['check', 'a', 'b'], /check needs one path/],
    [['check', 'a', '--fly'], /--fly/],
    [['check', 'a', '--truncate-to-timestamp', 'now'], /--truncate-to-timestamp must be an/],
    [['doctor', 'a', 'b'], /doctor takes one directory/],
    [['doctor', ''], /doctor takes one directory/],
    [['doctor', '--fly'], /--fly/],
    [['report'], /report needs one file/],
    [['report', 'a', 'b'], /report needs one file/],
    [['report', 'a', '--html', ''], /--html must be a path/],
    [['check', 'a', '--fix', '--truncate-to-timestamp', '1'], /exclude each other/],
  ]
  for (const [words, complaint] of MISTAKES) {
    await t.test(`ends with 2 and a complaint for '${words.join(' ')}'`, async (t) => {
      const { status, stdout, stderr } = await run(...words)
      t.strictSame({ status, stdout }, { status: 2, stdout: '' })
      t.match(stderr, complaint)
      t.match(stderr, /\(ERR_SNAPFORK_USAGE\)/)
    })
  }
})

t.test('snapfork tour', async (t) => {
  await t.test('saves while it writes, finds the digests equal, leaves nothing', async (t) => {
    const dir = t.testdir()
    const words = ['tour', '--keys', '20000', '--value-bytes', '100', '--dir', dir]
    const { status, stdout, stderr } = await run(...words)
    t.strictSame({ status, stderr }, { status: 0, stderr: '' })
    for (const row of [
      /^ {2}fork pause +[0-9.]+ (us|ms|s)$/m,
      /^ {2}keys saved +20,000$/m,
      /^ {2}file size +2\.2 MiB$/m,
      /^ {2}save time +[0-9.]+ (ms|s)$/m,
      /^ {2}writes meanwhile +[0-9,]+$/m,
      /^ {2}pages duplicated +[0-9,]+ of 4 KiB \([0-9.]+ \w+\)$/m,
      /^ {2}extra memory +[0-9.]+ \w+, moved entries included$/m,
      /^ {2}entries moved +[0-9,]+ \([0-9.]+ \w+\)$/m,
      /^ {2}write latency +before the save +during the save$/m,
      /^ {2}longest turn of the loop +[0-9.]+ \w+ +[0-9.]+ \w+$/m,
      /import \{ open \} from 'snapfork'/,
    ]) {
      t.match(stdout, row)
    }
    t.match(stdout, /loaded by a fresh process +20,000 keys/)
    t.match(stdout, /the two digests are +equal\n/)
    const digests = [...stdout.matchAll(/\b[0-9a-f]{32}\b/g)].map(([digest]) => digest)
    t.equal(digests.length, 2)
    t.equal(digests[0], digests[1])
    t.notOk(stdout.includes('\x1b'), 'no terminal, no control characters')
    t.strictSame(readdirSync(dir), [])
  })

  await t.test('cleans up and tells the signal that ended it', async (t) => {
    const dir = t.testdir()
    const child = start(['tour', '--keys', '100000', '--dir', dir])
    const end = ended(child)
    // The line that ends the filling: now it writes for a second.
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => {
        if (String(chunk).includes('fill ')) resolve()
      })
      child.once('close', () => resolve())
    })
    t.equal(readdirSync(dir).length, 1)
    child.kill('SIGTERM')
    const { status, signal } = await end
    t.strictSame({ status, signal }, { status: 128 + 15, signal: null })
    t.strictSame(readdirSync(dir), [])
  })
})

t.test('snapfork check', async (t) => {
  const sound = '*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n'

  await t.test('ends with 0 for sound files', async (t) => {
    const path = join(t.testdir({ 'a.aof': sound }), 'a.aof')
    const { status, stdout, stderr } = await run('check', path)
    t.strictSame({ status, stderr }, { status: 0, stderr: '' })
    t.equal(stdout, `ok       ${path}: aof, 1 command, ${sound.length} bytes\n`)
  })

  await t.test('ends with 1 for damage, until it is cut off', async (t) => {
    const path = join(t.testdir({ 'a.aof': `${sound}*1\r\n` }), 'a.aof')
    const found = await run('check', path)
    t.equal(found.status, 1)
    t.match(found.stdout, new RegExp(`^damaged  .* at byte ${sound.length}\n$`))
    t.match(found.stderr, /snapfork check --fix .*ERR_SNAPFORK_CHECK_FAILED/)
    const fixed = await run('check', path, '--fix')
    t.equal(fixed.status, 0)
    t.match(fixed.stdout, /^cut .*; 4 bytes are in .*\.tail-/)
    t.equal(statSync(path).size, sound.length)
  })

  await t.test('prints JSON', async (t) => {
    const path = join(t.testdir({ 'a.aof': `${sound}X` }), 'a.aof')
    const { status, stdout } = await run('check', '--json', path)
    t.equal(status, 1)
    t.match(JSON.parse(stdout), {
      isSound: false,
      files: [{ path, kind: 'aof', commands: 1, problem: { offset: sound.length } }],
    })
  })
})

t.test('snapfork doctor', async (t) => {
  await t.test('says what it found, and what a save would take', async (t) => {
    const dir = t.testdir({ 'dump.rdb': 'REDIS0010' })
    const { stdout } = await run('doctor', dir)
    for (const line of [
      /^(ok|note|warn|bad) +kernel +Linux /m,
      /^(ok|note|warn|bad) +memory +.* left, limited by /m,
      /^(ok|note|warn|bad) +disk-space +.* free/m,
      /^(ok|note|warn|bad) +disk-speed +.*\/s \(.* with a sync\); a small sync takes /m,
      /dump\.rdb: a save of 9 B, at 10,000 changes a second of entries of 100 bytes/,
      /^ {2}disk +writes +a sync +takes +memory beside +fits$/m,
      /^ {2}this one +[0-9.]+ [KMG]iB\/s +/m,
      /^ {2}hard disk +143\.1 MiB\/s +25\.00 ms +65\.00 ms +[0-9.]+ MiB +(yes|no)$/m,
      /^ {2}SATA SSD +429\.2 MiB\/s +/m,
      /^ {2}NVMe +1\.4 GiB\/s +/m,
    ]) {
      t.match(stdout, line)
    }
    t.strictSame(readdirSync(dir), ['dump.rdb'])
  })

  await t.test('prints JSON, with a status that agrees', async (t) => {
    const dir = t.testdir()
    const { status, stdout } = await run('doctor', '--json', dir)
    const report = JSON.parse(stdout)
    t.match(report, { dir, snapshot: null, forecast: { typical: { hdd: {}, nvme: {} } } })
    t.equal(status, report.isHealthy ? 0 : 1)
    for (const finding of report.findings) {
      t.strictSame(Object.keys(finding), ['id', 'level', 'found', 'cost', 'advice'])
    }
  })

  await t.test('ends with 1 where something is bad', { skip: mountProblem() }, async (t) => {
    const dir = mountTmpfs(t, 'size=64k')
    const { status, stdout, stderr } = await run('doctor', dir)
    t.equal(status, 1)
    t.match(stdout, /^bad +disk-space +.*\n +cost: .*\n +do: /m)
    t.match(stderr, /^snapfork: This is bad: .*disk-space.* \(ERR_SNAPFORK_CHECK_FAILED\)\n$/)
  })

  await t.test('ends with 1 where there is no directory', async (t) => {
    const { status, stderr } = await run('doctor', join(t.testdir(), 'none'))
    t.equal(status, 1)
    t.match(stderr, /ERR_SNAPFORK_IO.*\n.*ENOENT/)
  })
})

t.test('snapfork report', async (t) => {
  const error = { code: 'ERR_SNAPFORK_NO_SPACE', message: 'The disk is full.' }
  const failed = makeRecord({ outcome: 'failed', error, cow: null })
  const lines = [...Array.from({ length: 40 }, () => makeRecord()), failed].map(formatRecord)
  const path = join(t.testdir(), 'saves.jsonl')
  writeFileSync(path, `${lines.join('\n')}\nno record\n`)

  await t.test('prints the last 32 saves, errors, and what was skipped', async (t) => {
    const { status, stdout, stderr } = await run('report', path)
    t.strictSame({ status, stderr }, { status: 0, stderr: '' })
    t.match(stdout, /^ {2}started +save +fork pause +duration +file +extra memory +duplicated /)
    t.equal(stdout.match(/^ {2}2026-01-02 00:00:00 UTC +snapshot saved +1\.50 ms /gm)?.length, 31)
    t.match(stdout, /^2026-01-02 00:00:00 UTC: The disk is full\. \(ERR_SNAPFORK_NO_SPACE\)$/m)
    t.match(stdout, /^1 line is no record\.$/m)
  })

  await t.test('writes the page', async (t) => {
    const page = join(t.testdir(), 'page.html')
    const { status, stdout } = await run('report', path, '--html', page)
    t.equal(status, 0)
    t.match(stdout, `wrote ${page}`)
    t.match(readFileSync(page, 'utf8'), /^<!DOCTYPE html>\n<html lang="en">[\s\S]*<\/html>\n$/)
  })

  await t.test('prints JSON', async (t) => {
    const { status, stdout } = await run('report', '--json', path)
    t.equal(status, 0)
    const records = JSON.parse(stdout)
    t.equal(records.length, 32)
    t.match(records.at(-1), { outcome: 'failed', error })
  })

  await t.test('ends with 1 where there is no record, or no file', async (t) => {
    const empty = join(t.testdir({ empty: '' }), 'empty')
    t.match(await run('report', empty), { status: 1, stderr: /ERR_SNAPFORK_CHECK_FAILED/ })
    t.match(await run('report', `${empty}.none`), { status: 1, stderr: /ENOENT/ })
  })
})
