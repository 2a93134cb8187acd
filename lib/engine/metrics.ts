/**
 * Metrics for Prometheus: as text, and as members of a registry of prom-client.
 *
 * prom-client asks its metrics for their values (`get`), so what is registered is objects that
 * answer from the table: nothing is counted twice, nothing of that package is loaded here.
 *
 * @module
 */

import { invalidArgument, outOfRange, SnapforkError } from '../errors.js'
import type { InfoFacts } from './info.js'
import { type Labels, METRICS, type MetricDefinition } from './metric-table.js'
import { FACTS, type Snapfork } from './snapfork.js'

/** The part of prom-client's Registry that is needed: versions 14 and 15 have it. */
export interface MetricsRegistry {
  registerMetric(metric: never): void
}

export interface MetricsOptions {
  /** Comes before each name. @defaultValue `'snapfork_'` */
  prefix?: string | undefined
}

export interface RegisterMetricsOptions extends MetricsOptions {
  /** A Registry of prom-client, such as its `register`. */
  register: MetricsRegistry
}

/** What a registry asks of a metric. */
interface RegisteredMetric {
  readonly name: string
  readonly help: string
  readonly type: MetricDefinition['type']
  readonly labelNames: readonly string[]
  readonly aggregator: 'sum'
  get(): Promise<object>
  reset(): void
}

const PREFIX = 'snapfork_'

/**
 * The metrics of an engine in Prometheus's text format (`text/plain; version=0.0.4`).
 *
 * @throws {SnapforkError} `ERR_SNAPFORK_CLOSED`
 * @throws {TypeError | RangeError} `ERR_SNAPFORK_INVALID_ARG` for a prefix that is none.
 */
export function metrics(db: Snapfork, options: MetricsOptions = {}): string {
  const prefix = checkPrefix(options.prefix)
  const facts = db[FACTS]()
  return METRICS.map((metric) => exposition(metric, prefix, facts)).join('\n')
}

/**
 * Adds the metrics of an engine to a registry of prom-client. They have no values any more once the
 * engine is closed. A second engine needs another prefix or another registry.
 *
 * @throws {TypeError | RangeError} `ERR_SNAPFORK_INVALID_ARG` for an option.
 * @throws {Error} prom-client's own, for a name that is registered already.
 */
export function registerMetrics(db: Snapfork, options: RegisterMetricsOptions): void {
  const { register } = options
  if (typeof register?.registerMetric !== 'function') {
    throw invalidArgument('register must be a Registry of prom-client.')
  }
  const prefix = checkPrefix(options.prefix)
  for (const metric of METRICS) register.registerMetric(registered(metric, prefix, db) as never)
}

function registered(metric: MetricDefinition, prefix: string, db: Snapfork): RegisteredMetric {
  const { help, type, labels: labelNames } = metric
  const name = `${prefix}${metric.name}`
  return {
    ...{ name, help, type, labelNames, aggregator: 'sum' },
    async get() {
      const facts = factsUnlessClosed(db)
      const values = facts === null ? [] : metric.values(facts)
      return {
        ...{ name, help, type, aggregator: 'sum' },
        values: values.map(({ suffix = '', labels, value }) => {
          return { value, labels, metricName: `${name}${suffix}` }
        }),
      }
    },
    // Counters are the engine's, and go on.
    reset() {},
  }
}

function factsUnlessClosed(db: Snapfork): InfoFacts | null {
  try {
    return db[FACTS]()
  } catch (error) {
    if (error instanceof SnapforkError && error.code === 'ERR_SNAPFORK_CLOSED') return null
    throw error
  }
}

function exposition(metric: MetricDefinition, prefix: string, facts: InfoFacts): string {
  const name = `${prefix}${metric.name}`
  const lines = metric.values(facts).map(({ suffix = '', labels, value }) => {
    return `${name}${suffix}${labelText(labels)} ${value}\n`
  })
  return `# HELP ${name} ${metric.help}\n# TYPE ${name} ${metric.type}\n${lines.join('')}`
}

/** Values are words of the table: nothing in them needs an escape. */
function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function checkPrefix(prefix: unknown = PREFIX): string {
  if (typeof prefix !== 'string') throw invalidArgument('prefix must be a string.')
  if (!/^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(prefix)) {
    throw outOfRange('prefix must be the beginning of the name of a metric.')
  }
  return prefix
}
