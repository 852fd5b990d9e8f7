import { minute, second } from '../events/time.ts'
import type { Send } from './aws-send.ts'

/** What CloudWatch answered; status 0: nothing. */
interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Of which time values are asked for. */
interface Span {
  readonly minutes: number
  readonly periodSeconds: number
}

/** CloudWatch of the account and the region of the deployment, as far as it is asked here. */
export interface CloudWatch {
  /**
   * Asks for metrics ("GetMetricData"), the newest values first, of so many minutes until the end of the last whole period: what is counted still is no
   * value. Returns the answer, whatever it says.
   */
  ask(queries: unknown, span: Span): Promise<Answer>
}

/** A series is told to its end by far fewer. */
const mostValues = 500

/** Opens CloudWatch. `now` is in milliseconds since the epoch. */
export function openCloudWatch(send: Send, now: () => number): CloudWatch {
  return {
    async ask(queries, { minutes, periodSeconds }) {
      const period = periodSeconds * second
      const until = Math.floor(now() / period) * period
      const body = JSON.stringify({
        MetricDataQueries: queries,
        StartTime: (until - minutes * minute) / second,
        EndTime: until / second,
        ScanBy: 'TimestampDescending',
        MaxDatapoints: mostValues,
      })
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
      }
      try {
        const { status, text } = await send({ method: 'POST', path: '', headers, body })
        return { status, headers: {}, body: text }
      } catch (error) {
        return { status: 0, headers: {}, body: String(error) }
      }
    },
  }
}
