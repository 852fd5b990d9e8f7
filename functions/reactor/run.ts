import type { Commit } from '../../events/envelope.ts'
import type { Parked } from '../work/parked.ts'
import type { CollectingDuty, Duty } from './duty.ts'

/** Errors of services that come and go: the commit is delivered again. Everything else would fail again just the same. */
const transient: ReadonlySet<string> = new Set([
  'Contended',
  'NotPublished',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
  'InternalFailure',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'TransactionConflictException',
  'TimeoutError',
  'NetworkingError',
  'AbortError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
])

/** Will the same call go through later, without anybody mending anything? */
function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, $retryable, $metadata } = error as {
    code?: unknown
    $retryable?: unknown
    $metadata?: { httpStatusCode?: number }
  } // what the SDK adds to its errors
  if (transient.has(error.name) || (typeof code === 'string' && transient.has(code))) return true
  return $retryable !== undefined || ($metadata?.httpStatusCode ?? 0) >= 500
}

/** Streams worked on side by side. */
const streamsAtOnce = 16

/**
 * Lets the duties act on a batch of commits: those of one stream in their order, streams side by side. Returns the streams (of the
 * commits given) that have to be delivered again; what can never succeed is parked by duty and stream, and the rest goes on.
 */
export async function runDuties(
  commits: readonly Commit[],
  {
    duties,
    collecting,
    parked,
  }: { duties: readonly Duty[]; collecting: readonly CollectingDuty[]; parked: Parked },
): Promise<ReadonlySet<string>> {
  const again = new Set<string>()
  const attempt = async (
    duty: string,
    concerned: readonly Commit[],
    act: () => Promise<void>,
  ): Promise<boolean> => {
    try {
      await act()
      return true
    } catch (error) {
      if (isTransient(error)) {
        for (const { stream } of concerned) again.add(stream)
        return false
      }
      for (const { stream, commit } of concerned) await parked.park(duty, stream, commit, error)
      return true
    }
  }
  const tasks: (() => Promise<void>)[] = []
  for (const [, ofStream] of Map.groupBy(commits, ({ stream }) => stream)) {
    const ordered = ofStream.toSorted((a, b) => a.commit - b.commit)
    tasks.push(async () => {
      for (const commit of ordered) {
        for (const duty of duties.filter((candidate) => candidate.concerns(commit))) {
          if (!(await attempt(duty.name, [commit], () => duty.act(commit)))) return
        }
      }
    })
  }
  for (const duty of collecting) {
    for (const [group, concerned] of Map.groupBy(commits, (commit) => duty.collectedBy(commit))) {
      if (group !== undefined) {
        tasks.push(async () => {
          await attempt(duty.name, concerned, () => duty.act(group, concerned))
        })
      }
    }
  }
  const rest = tasks.values()
  const worker = async (): Promise<void> => {
    for (const task of rest) await task()
  }
  await Promise.all(Array.from({ length: Math.min(streamsAtOnce, tasks.length) }, worker))
  return again
}
