import * as z from 'zod'
import { expression, request } from '../events/procedure.ts'
import { printable, seconds } from './fields.ts'

const query = z.string().min(1).max(512)

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
        empty: z
          .enum(['inconclusive', 'zero'])
          .default('inconclusive')
          .describe('What it means that there is no series.'),
      })
      .optional()
      .describe('A query of Prometheus, at the instant of the look.'),
    external: z
      .strictObject({
        withinSeconds: seconds(60, 7 * 86_400).describe('How long all of its measurements are waited for.'),
      })
      .optional()
      .describe('Somebody else measures it, and says so by POST …/measurements.'),
    atLeast: z.number().nullable().default(null),
    atMost: z.number().nullable().default(null),
    everySeconds: seconds(30, 3600).default(60),
    count: z.int().min(1).max(100).default(5).describe('How often it has to give a number.'),
    failures: z.int().min(0).max(99).default(0).describe('How many of these may be out of bounds.'),
    inconclusive: z.int().min(0).max(100).default(2).describe('How often it may give none.'),
  })
  .superRefine(({ http, prometheus, external, atLeast, atMost, failures, count }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    const sources = [http, prometheus, external].filter((source) => source !== undefined)
    if (sources.length !== 1) refuse(['http'], 'one of http, prometheus and external')
    if (atLeast === null && atMost === null) refuse(['atMost'], 'a bound: atLeast, atMost or both')
    if (atLeast !== null && atMost !== null && atLeast > atMost) refuse(['atMost'], 'no less than atLeast')
    if (failures >= count) refuse(['failures'], `fewer than count, ${count}`)
    if (http && http.request.credentials !== null)
      refuse(['http', 'request', 'credentials'], 'none: a secret in a header says who asks')
  })
export type MetricAsked = z.output<typeof metric>

/** As many bytes as all of them may have: the state of an upgrade keeps them. */
const bytesOfMetrics = 4000

export const metrics = z
  .array(metric)
  .min(1)
  .max(5)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'each name once')
  .refine(
    (all) => new TextEncoder().encode(JSON.stringify(all)).length <= bytesOfMetrics,
    `at most ${bytesOfMetrics} bytes in all together`,
  )
  .optional()
  .describe('What is measured after each wave, beside its bake; left out: nothing is.')
