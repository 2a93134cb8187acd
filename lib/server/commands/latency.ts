/**
 * LATENCY: what took long.
 *
 * @module
 */

import { readBytes, readWords } from '../../commands/args.js'
import { MapReply, type Reply } from '../../commands/reply.js'
import { type CommandFlag, rowsOf, subcommandsOf } from '../../commands/spec.js'
import { ReplyError } from '../../errors.js'
import { latencyGraph } from '../latency-graph.js'
import { clientRow, helpRow, type ServerContext } from './row.js'

function latest({ server }: ServerContext): Reply {
  return server.latency.latest().map(({ name, last, maxMs }) => [name, last.second, last.ms, maxMs])
}

function history(context: ServerContext): Reply {
  const samples = context.server.latency.history(readBytes(context, 2))
  return samples.map(({ second, ms }) => [second, ms])
}

function reset(context: ServerContext): Reply {
  return context.server.latency.reset(readWords(context, 2))
}

/** Of the commands that are named, those of a container among them; of all without a name. */
function histogram(context: ServerContext): Reply {
  const all = context.server.stats.durations()
  const names = readWords(context, 2).map((name) => name.toLowerCase())
  const chosen = names.flatMap((name) => {
    return [...all.keys()].filter((one) => one === name || one.startsWith(`${name}|`))
  })
  const replies = (names.length === 0 ? [...all.keys()] : chosen).flatMap((name) => {
    const durations = all.get(name)
    if (durations === undefined) return []
    const counts = new MapReply(durations.cumulative().flat())
    return [name, MapReply.of({ calls: durations.count, histogram_usec: counts })]
  })
  return new MapReply(replies)
}

function graph(context: ServerContext): Reply {
  const { latency, now } = context.server
  const name = readBytes(context, 2)
  const event = latency.latest().find((one) => one.name === name)
  if (event === undefined) throw new ReplyError(`ERR No samples available for event '${name}'`)
  return latencyGraph(name, latency.history(name), event.maxMs, now())
}

function doctor({ server }: ServerContext): Reply {
  const events = server.latency.latest()
  if (server.options.latencyMonitorThreshold === 0) {
    return (
      "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. " +
      'You may use "CONFIG SET latency-monitor-threshold <milliseconds>." in order to enable it. ' +
      "If we weren't in a deep space mission I'd suggest to take a look at " +
      'https://redis.io/topics/latency-monitor.\n'
    )
  }
  if (events.length === 0) {
    return (
      'Dave, no latency spike was observed during the lifetime of this Redis instance, not in ' +
      'the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and ' +
      'think things over.\n'
    )
  }
  const lines = events.map(({ name, maxMs }, at) => `${at + 1}. ${name}: worst ${maxMs} ms.`)
  return `Dave, I have observed latency spikes in this Redis instance.\n\n${lines.join('\n')}\n`
}

const ADMIN: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale']

const LATENCY = subcommandsOf('LATENCY', 'server', [
  clientRow('LATEST', 2, ADMIN, null, '2.8.13', 'The last time of each event.', latest),
  clientRow('HISTORY', 3, ADMIN, null, '2.8.13', 'The times of an event.', history),
  clientRow('GRAPH', 3, ADMIN, null, '2.8.13', 'Draws the times of an event.', graph),
  clientRow('HISTOGRAM', -2, ADMIN, null, '7.0.0', 'How long commands took.', histogram),
  clientRow('RESET', -2, ADMIN, null, '2.8.13', 'Forgets events.', reset),
  clientRow('DOCTOR', 2, ADMIN, null, '2.8.13', 'Says what took long.', doctor),
  helpRow('LATENCY', '2.8.13', [
    'DOCTOR',
    '    Return a human readable latency analysis report.',
    'GRAPH <event>',
    '    Return an ASCII latency graph for the <event> class.',
    'HISTORY <event>',
    '    Return time-latency samples for the <event> class.',
    'LATEST',
    '    Return the latest latency samples for all events.',
    'RESET [<event> ...]',
    '    Reset latency data of one or more <event> classes.',
    '    (default: reset all data for all event classes)',
    'HISTOGRAM [COMMAND ...]',
    '    Return a cumulative distribution of latencies in the format of a histogram for the ' +
      'specified command names.',
    '    If no commands are specified then all histograms are replied.',
  ]),
])

export const LATENCY_COMMANDS = rowsOf('server', [
  {
    ...clientRow('LATENCY', -2, [], null, '2.8.13', 'What took long.', () => null),
    subcommands: LATENCY,
  },
])
