import * as z from 'zod'
import { expression, request } from '../events/procedure.ts'
import { comparisons } from '../events/words.ts'
import { printable, seconds, within } from './fields.ts'

const query = z.string().min(1).max(512)
const empty = z.enum(['inconclusive', 'zero']).default('inconclusive')
/** Of a metric of CloudWatch ("Metric", "Dimension" and "MetricStat" of its API). */
const part = printable(z.string().min(1).max(255))

/** What is measured after each wave, before anybody goes on. */
const metric = z
  .strictObject({
    name: printable(z.string().min(1).max(64)),
    http: z
      .strictObject({
        request,
        value: expression.describe('Makes a number of the answer, as answer.body.p95.'),
      })
      .optional()
      .describe('Any service that answers a call.'),
    prometheus: z
      .strictObject({
        url: z
          .string()
          .max(256)
          .regex(/^https?:\/\/[^\s?#]+$/, 'the address of a server of Prometheus'),
        query: query.describe('Of PromQL; it has to come to one series.'),
        headers: request.shape.headers,
        empty: empty.describe('What it means that there is no series.'),
      })
      .optional()
      .describe('A query of Prometheus, at the instant of the look.'),
    cloudwatch: z
      .strictObject({
        metric: z
          .strictObject({
            namespace: part,
            name: part,
            dimensions: z.record(part, part).default({}),
            statistic: z
              .string()
              .regex(
                /^(Average|Sum|Minimum|Maximum|SampleCount|(p|tm|tc|ts|wm)[0-9]{1,2}(\.[0-9]{1,2})?)$/,
                'as Average, Sum or p95',
              )
              .default('Average'),
          })
          .optional(),
        expression: query
          .optional()
          .describe('Of metric math, or a query of Metrics Insights; it has to come to one series.'),
        periodSeconds: z
          .int()
          .min(60)
          .max(3600)
          .multipleOf(60)
          .default(60)
          .describe('Over how long each value is taken together.'),
        minutes: z
          .int()
          .min(1)
          .max(180)
          .default(10)
          .describe('How far back it is looked for: the newest value counts.'),
        empty: empty.describe('What it means that there is no value.'),
      })
      .optional()
      .describe('A metric of CloudWatch in the account and the region of the deployment.'),
    external: z
      .strictObject({
        withinSeconds: seconds(60, 7 * 86_400).describe('How long all of its measurements are waited for.'),
      })
      .optional()
      .describe('Somebody else measures it, and says so by POST …/measurements.'),
    thresholds: z
      .strictObject({
        url: request.shape.url.describe('Answers {errorRate, responseTime, successRate} in JSON.'),
        headers: request.shape.headers,
        minutes: z.int().min(1).max(100).default(30),
      })
      .optional()
      .describe(
        'The usual three, each minute: errorRate below 0.01, responseTime below 200 (ms), successRate above 0.99.',
      ),
    atLeast: z.number().nullable().default(null),
    atMost: z.number().nullable().default(null),
    everySeconds: seconds(30, 3600).default(60),
    count: z.int().min(1).max(100).default(5).describe('How often it has to give a number.'),
    failures: z.int().min(0).max(99).default(0).describe('How many of these may be out of bounds.'),
    inconclusive: z.int().min(0).max(100).default(2).describe('How often it may give none.'),
    control: z
      .strictObject({
        compare: z
          .enum(comparisons)
          .default('ratio')
          .describe(
            'The upgraded divided by the others, or less the others: that is what the bounds are for.',
          ),
        pairs: z.int().min(1).max(50).default(20).describe('So many of each are compared, at the most.'),
        least: z.int().min(1).max(50).default(3).describe('With fewer of each it tells nothing.'),
      })
      .optional()
      .describe(
        'Compares with targets that are not upgraded yet, of the same regions and types: the call is made for both groups, which it reads as group.targets and group.pattern. Nothing is measured so after the last wave.',
      ),
  })
  .superRefine((asked, context) => {
    const { http, prometheus, cloudwatch, external, thresholds, control } = asked
    const { atLeast, atMost, failures, count } = asked
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    const sources = [http, prometheus, cloudwatch, external, thresholds].filter((one) => one !== undefined)
    if (sources.length !== 1) refuse(['http'], 'one of http, prometheus, cloudwatch, external and thresholds')
    if (cloudwatch && (cloudwatch.metric === undefined) === (cloudwatch.expression === undefined))
      refuse(['cloudwatch', 'metric'], 'either a metric or an expression')
    if (cloudwatch && cloudwatch.minutes * 60 < cloudwatch.periodSeconds)
      refuse(['cloudwatch', 'minutes'], 'no less than periodSeconds')
    if (thresholds && (atLeast !== null || atMost !== null || control))
      refuse(['thresholds'], 'no bounds and no control beside it: it has its own')
    if (!thresholds && atLeast === null && atMost === null)
      refuse(['atMost'], 'a bound: atLeast, atMost or both')
    if (atLeast !== null && atMost !== null && atLeast > atMost) refuse(['atMost'], 'no less than atLeast')
    if (failures >= count) refuse(['failures'], `fewer than count, ${count}`)
    if (control && (external || cloudwatch)) refuse(['control'], 'only of a call')
    if (control && control.least > control.pairs) refuse(['control', 'least'], 'no more than pairs')
    if (http && http.request.credentials !== null)
      refuse(['http', 'request', 'credentials'], 'none: a secret in a header says who asks')
  })
export type MetricAsked = z.output<typeof metric>

/** So many metrics the usual thresholds are. */
const thresholdsAtOnce = 3

/** As many bytes of JSON as all of them may have: the state of an upgrade keeps them. */
const bytesOfMetrics = 4000

export const metrics = z
  .array(metric)
  .min(1)
  .max(5)
  .refine(
    (all) => all.reduce((sum, { thresholds }) => sum + (thresholds ? thresholdsAtOnce : 1), 0) <= 5,
    `at most 5, where thresholds are ${thresholdsAtOnce}`,
  )
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'each name once')
  .refine(...within(bytesOfMetrics))
  .optional()
  .describe('What is measured after each wave, beside its bake; left out: nothing is.')
