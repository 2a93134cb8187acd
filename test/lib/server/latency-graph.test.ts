import t from 'tap'
import { latencyGraph } from '../../../dist/server/latency-graph.js'

const NOW_SECONDS = 1_819_453_969

/** @param ages How many seconds ago each sample was. */
function draw(ages: readonly number[], times: readonly number[], maxMs: number): string[] {
  const samples = ages.map((age, at) => ({ second: NOW_SECONDS - age, ms: times[at] as number }))
  return latencyGraph('command', samples, maxMs, NOW_SECONDS * 1000 + 999).split('\n')
}

const numbers = (text: string) => text.split(' ').map(Number)

// The pictures are those of redis-server 7.0.15, for samples that it has had.
t.test('latencyGraph()', async (t) => {
  await t.test('draws columns, and how long ago they were', async (t) => {
    const ages = [186492, 181046, 178429, 150931, 129608, 95512, 69709, 57440, 25086, 18948]
    const picture = draw(ages, [478, 143, 889, 91, 227, 527, 412, 390, 473, 790], 889)
    t.strictSame(picture, [
      'command - high 889 ms, low 91 ms (all time high 889 ms)',
      '-'.repeat(80),
      '  #      o',
      '  |  _   |',
      '# |  |oo#|',
      '|_|_#|||||',
      '          ',
      '2221111165',
      'dddddd95hh',
      '      hh  ',
      '',
    ])
  })

  await t.test('draws one sample, and one after a longer one that is gone', async (t) => {
    t.strictSame(draw([4962], [5], 500), [
      'command - high 5 ms, low 5 ms (all time high 500 ms)',
      '-'.repeat(80),
      ...[' ', ' ', ' ', '_', ' ', '1', 'h', ''],
    ])
  })

  await t.test('goes on below what is wider than eighty columns', async (t) => {
    const ages =
      '163 161 159 156 153 151 149 148 146 144 143 140 138 135 133 131 129 127 125 123 ' +
      '122 120 118 116 113 111 109 107 106 103 100 99 97 96 93 90 87 86 84 82 81 78 76 ' +
      '73 71 69 66 65 62 61 59 58 56 53 52 50 47 46 44 43 41 40 38 35 33 31 28 27 25 23 ' +
      '22 19 18 16 15 13 10 8 6 4 1'
    const times =
      '5 6 5 7 5 7 5 9 9 8 6 5 9 8 7 5 7 5 5 8 5 5 5 7 6 7 7 6 9 6 8 8 10 6 6 10 10 5 9 ' +
      '7 10 5 7 9 8 6 10 6 7 6 10 6 10 10 8 9 5 9 9 8 10 8 6 9 8 6 8 8 10 10 6 5 10 8 6 ' +
      '8 9 9 7 9 8'
    t.strictSame(draw(numbers(ages), numbers(times), 10), [
      'command - high 10 ms, low 5 ms (all time high 10 ms)',
      '-'.repeat(80),
      '       __   _               _   #  ## _ #  _  #   # ## _ __ #  _    ##  #   __ _',
      '       ||o  |o     o        | oo|  || | |  |o |   | ||o| ||o|o |o oo||  |o o|| |',
      '   o o |||  ||o o  |   o oo | |||  || |o| o|| | o | |||| ||||| || ||||  || |||o|',
      '_#_|_|_|||#_|||_|__|___|#||#|#|||##||_|||_|||#|#|#|#||||_|||||#||#||||#_||#|||||',
      '                                                                                ',
      '22222222222222222222221111111111111111111111111111555555444444333322222111111864',
      'mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm986320764310853187532986530sss',
      '                                                  sssssssssssssssssssssssssss   ',
      '',
      ' ',
      'o',
      '|',
      '|',
      ' ',
      '1',
      's',
      '',
    ])
  })
})
