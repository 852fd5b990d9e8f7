import { second } from '../../../events/time.ts'
import type { Series } from '../../domain/tally/groups.ts'
import { bucketBound } from '../../domain/tally/times.ts'

/** Upper bounds of the histogram, in seconds: from one to about eighteen hours, each twice the one before. */
const bounds = Array.from({ length: 17 }, (_, place) => 2 ** place)

type Label = readonly [name: string, value: string]

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function sample(name: string, labels: readonly Label[], value: number): string {
  const words = labels.map(([label, text]) => `${label}="${escaped(text)}"`).join(',')
  return `${name}{${words}} ${value}`
}

/** A number as OpenMetrics has it where it is a bound: with a point. */
function bound(seconds: number): string {
  return Number.isInteger(seconds) ? seconds.toFixed(1) : String(seconds)
}

function histogram(name: string, labels: readonly Label[], { count, milliseconds, buckets }: Series['work']) {
  const below = (most: number) =>
    buckets.reduce((sum, [bucket, some]) => (bucketBound(bucket) <= most ? sum + some : sum), 0)
  return [
    ...bounds.map((most) => sample(`${name}_bucket`, [...labels, ['le', bound(most)]], below(most))),
    sample(`${name}_bucket`, [...labels, ['le', '+Inf']], count),
    sample(`${name}_count`, labels, count),
    sample(`${name}_sum`, labels, milliseconds / second),
  ]
}

/** Returns the series as OpenMetrics 1.0 has them (M13): https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export function openMetrics(series: readonly Series[]): string {
  const labelled = series.map((one): readonly [readonly Label[], Series] => [
    [
      ['component', one.component],
      ['channel', one.channel ?? ''],
    ],
    one,
  ])
  const counter = (name: string, help: string, of: (one: Series) => number) => [
    `# TYPE ${name} counter`,
    `# HELP ${name} ${help}`,
    ...labelled.map(([labels, one]) => sample(`${name}_total`, labels, of(one))),
  ]
  const duration = 'update_duration_seconds'
  return [
    ...counter('update_attempts', 'Attempts on targets that ended.', ({ attempts }) => attempts),
    ...counter('update_success', 'Attempts that succeeded.', ({ succeeded }) => succeeded),
    ...counter('update_rollbacks', 'Targets that were taken back.', ({ rollbacks }) => rollbacks),
    `# TYPE ${duration} histogram`,
    `# UNIT ${duration} seconds`,
    `# HELP ${duration} From the acceptance to the end of attempts that succeeded.`,
    ...labelled.flatMap(([labels, one]) => histogram(duration, labels, one.work)),
    '# EOF',
    '',
  ].join('\n')
}
