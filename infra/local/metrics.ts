import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

/** CloudWatch, as far as it is asked for metrics here: what they are stands in a file, since nothing runs on this machine that CloudWatch would measure. */
export interface MetricsOfMachine {
  /** Answers one call; throws {type, message}. */
  request(operation: string, input: unknown): unknown
}

const file = z.record(z.string(), z.number())

const asked = z.strictObject({
  MetricDataQueries: z
    .array(
      z.strictObject({
        Id: z.string().regex(/^[a-z]\w{0,254}$/),
        MetricStat: z
          .strictObject({
            Metric: z.strictObject({
              Namespace: z.string(),
              MetricName: z.string(),
              Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).max(30),
            }),
            Period: z.int().positive(),
            Stat: z.string(),
          })
          .optional(),
        Expression: z.string().optional(),
        Period: z.int().positive().optional(),
        ReturnData: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(500),
  StartTime: z.number(),
  EndTime: z.number(),
  ScanBy: z.literal('TimestampDescending'),
  MaxDatapoints: z.int().positive(),
})
type Query = z.infer<typeof asked>['MetricDataQueries'][number]

function fault(type: string, message: string): Error {
  return Object.assign(new Error(message), { type })
}

/** Returns by which name a metric stands in the file: its expression, or namespace, name and each dimension as name=value. */
function nameOf({ MetricStat, Expression }: Query): string {
  if (!MetricStat) return Expression ?? ''
  const { Namespace, MetricName, Dimensions } = MetricStat.Metric
  return [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort()].join(' ')
}

/** Opens the metrics of a machine: `metrics.json` in its data directory, which is read anew each time. */
export function openMetricsOfMachine(data: string): MetricsOfMachine {
  const known = (): z.infer<typeof file> => {
    try {
      return file.parse(JSON.parse(readFileSync(join(data, 'metrics.json'), 'utf8')))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
      throw fault('InternalServiceError', `metrics.json is no object of numbers: ${String(error)}`)
    }
  }
  return {
    request(operation, input) {
      if (operation !== 'GetMetricData')
        throw fault('UnknownOperationException', `One machine does not do ${operation}.`)
      const request = asked.safeParse(input)
      if (!request.success) throw fault('ValidationError', z.prettifyError(request.error))
      const values = known()
      const { MetricDataQueries, EndTime } = request.data
      return {
        MetricDataResults: MetricDataQueries.map((query) => {
          const name = nameOf(query)
          const value = values[name]
          const there =
            value === undefined ? { Timestamps: [], Values: [] } : { Timestamps: [EndTime], Values: [value] }
          return { Id: query.Id, Label: name, ...there, StatusCode: 'Complete' }
        }),
        Messages: [],
      }
    },
  }
}
