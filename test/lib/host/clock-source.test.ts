import t from 'tap'
import { isFastClock, readClockSource } from '../../../dist/host/clock-source.js'
import { readFrom } from '../../support/host-files.js'

const DIRECTORY = '/sys/devices/system/clocksource/clocksource0'

t.test('readClockSource()', async (t) => {
  const files = {
    [`${DIRECTORY}/current_clocksource`]: 'hpet\n',
    [`${DIRECTORY}/available_clocksource`]: 'tsc hpet acpi_pm \n',
  }
  t.strictSame(await readClockSource(readFrom(files)), {
    current: 'hpet',
    available: ['tsc', 'hpet', 'acpi_pm'],
  })
  t.strictSame(await readClockSource(readFrom({})), { current: null, available: [] })
  t.ok(isFastClock('tsc'))
  t.notOk(isFastClock('hpet'))
})
