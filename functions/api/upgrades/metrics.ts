import type { Deployment } from '../../../contracts/deployment.ts'
import type { MetricAsked } from '../../../contracts/metrics.ts'
import type { Metric, UpgradeRequest } from '../../../events/upgrade.ts'
import { fixedPartOf, partsOfTemplate } from '../../domain/procedure/slots.ts'
import type { RefusedField } from '../../domain/rejection.ts'
import { invalidFields } from '../http/problem.ts'
import type { Services } from '../services.ts'

const series = 'answer.body.data.result'

type Call = NonNullable<Metric['request']>

/** Returns the call that reads what is at a URL. */
function lookAt(url: string, headers: Call['headers']): Call {
  return { method: 'GET', url, headers, body: null, seconds: 15, tls: null, credentials: null }
}

/** Returns the call that asks Prometheus (HTTP API, "Instant queries"), and how its answer is read: as the value of one series, or as none. */
function ofPrometheus({ url, query, headers, empty }: NonNullable<MetricAsked['prometheus']>) {
  const encoded = partsOfTemplate(query)
    .map(({ text, isSlot }) => (isSlot ? text : encodeURIComponent(text)))
    .join('')
  const address = `${url.replace(/\/+$/, '')}/api/v1/query?query=${encoded}`
  const none = empty === 'zero' ? `size(${series}) == 0 ? 0.0 : ${series}.one_series` : `${series}.one_series`
  return {
    request: lookAt(address, headers),
    value: `size(${series}) == 1 ? double(${series}[0].value[1]) : ${none}`,
  }
}

const results = 'answer.body.MetricDataResults'

/**
 * Returns what CloudWatch is asked, and how its answer is read: as the newest value of one series that it has told to its end, or as none (AWS,
 * "GetMetricData" and "MetricDataResult").
 */
function ofCloudWatch(asked: NonNullable<MetricAsked['cloudwatch']>) {
  const { metric, expression, periodSeconds, minutes, empty } = asked
  const query = metric
    ? {
        MetricStat: {
          Metric: {
            Namespace: metric.namespace,
            MetricName: metric.name,
            Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
          },
          Period: periodSeconds,
          Stat: metric.statistic,
        },
      }
    : { Expression: expression ?? '', Period: periodSeconds }
  const one = `${results}[0]`
  const none = empty === 'zero' ? '0.0' : `${results}.one_value`
  const value = `${one}.StatusCode == 'Complete' ? (size(${one}.Values) > 0 ? double(${one}.Values[0]) : ${none}) : ${results}.all_of_it`
  return {
    request: null,
    value: `size(${results}) == 1 ? (${value}) : (size(${results}) == 0 ? ${none} : ${results}.one_series)`,
    cloudwatch: { queries: [{ Id: 'asked', ...query, ReturnData: true }], minutes, periodSeconds },
  }
}

/** The number that comes next below a positive one: what has to be less than a bound is at most this. */
const below = (bound: number) => bound - bound * Number.EPSILON
const above = (bound: number) => bound + bound * Number.EPSILON

/** The thresholds by which canaries are judged where nobody says others (M9). */
const usual = [
  { of: 'errorRate', atLeast: null, atMost: below(0.01) },
  { of: 'responseTime', atLeast: null, atMost: below(200) },
  { of: 'successRate', atLeast: above(0.99), atMost: null },
] as const

/** Returns the usual three, which are asked of one address. */
function usualOf(
  name: string,
  { url, headers, minutes }: NonNullable<MetricAsked['thresholds']>,
  { failures, inconclusive }: Pick<MetricAsked, 'failures' | 'inconclusive'>,
): Metric[] {
  const request = lookAt(url, headers)
  return usual.map(({ of, ...bounds }) => ({
    ...{ name: `${name} ${of}`.slice(-64), request, value: `double(answer.body.${of})`, ...bounds },
    ...{ everySeconds: 60, count: minutes, failures, inconclusive },
  }))
}

/** Returns what is measured, as the log keeps it. */
export function metricsFrom(asked: Deployment['metrics']): readonly Metric[] | undefined {
  return asked?.flatMap(({ http, prometheus, cloudwatch, external, thresholds, ...metric }): Metric[] => {
    if (thresholds) return usualOf(metric.name, thresholds, metric)
    const { name, atLeast, atMost, count, failures, inconclusive, control } = metric
    const source = http ??
      (prometheus && ofPrometheus(prometheus)) ??
      (cloudwatch && ofCloudWatch(cloudwatch)) ?? { request: null, value: null }
    const everySeconds = external ? Math.ceil(external.withinSeconds / count) : metric.everySeconds
    return [
      {
        ...{ name, ...source, atLeast, atMost, everySeconds, count, failures, inconclusive },
        ...(control && { control }),
      },
    ]
  })
}

/** As many characters as the address of a call has. */
const longestAddress = 1024

/** A query is part of an address, in which most signs of PromQL are three characters. */
function longAddress(field: string, url: string): RefusedField[] {
  if (url.length <= longestAddress) return []
  const expected = `a shorter query: with it, encoded, the address has at most ${longestAddress} characters`
  return [{ field: `${field}.prometheus.query`, value: `${url.length} characters`, expected }]
}

/** Throws the problem that names what is wrong with what is to be measured; `place` is where the request stands in what was sent. */
export async function refuseMetrics(
  { metrics }: Pick<UpgradeRequest, 'metrics'>,
  uncallable: Services<'uncallable'>['uncallable'],
  place = '',
): Promise<void> {
  if (!metrics) return
  // Few requests have any: nobody else loads the language of expressions.
  const { mistakesInMetric } = await import('../../domain/procedure/mistakes.ts')
  const fields = metrics.flatMap((metric, number): RefusedField[] => {
    const field = `${place}metrics.${number}`
    const url = metric.request?.url ?? ''
    const why = metric.request ? uncallable(fixedPartOf(url)) : undefined
    const refused = why === undefined ? [] : [{ field, value: url.slice(0, 128), expected: why }]
    return [...mistakesInMetric(field, metric), ...refused, ...longAddress(field, url)]
  })
  if (fields.length > 0) throw invalidFields(fields)
}
