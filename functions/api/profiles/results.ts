import { between, minute } from '../../../events/time.ts'
import { meaningOf } from '../../domain/target/outcome.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists } from '../../domain/upgrade/state.ts'
import { childrenOf } from '../../facts/children-of.ts'
import type { AttemptRow, ExecutionRow } from '../../views/rows.ts'
import type { Services } from '../services.ts'

/** How many results of single resources one execution shows. */
const shownResults = 100
/** How many attempts of one upgrade are looked at for its failures. */
const mostAttempts = 10_000

type Result = 'success' | 'failed' | 'skipped' | 'rollback'

const results = { succeeded: 'success', failed: 'failed', unreachable: 'failed', skipped: 'skipped' } as const

/** Returns the seed's word for how an attempt ended; what is under way, or gave its slot back, is no result. */
function resultOf(status: AttemptRow['status']): Result | undefined {
  if (status === 'assigned' || status === 'accepted' || meaningOf(status).givenBack) return undefined
  return status === 'rolled_back' ? 'rollback' : results[meaningOf(status).counts]
}

interface Ended {
  readonly attempt: AttemptRow
  readonly status: Result
}

/** Yields the last try of each target that has ended: the tries of one target follow one another. */
async function* lastTries(attempts: AsyncIterable<AttemptRow>): AsyncGenerator<Ended> {
  let last: Ended | undefined
  for await (const attempt of attempts) {
    const status = resultOf(attempt.status)
    if (last && last.attempt.member !== attempt.member) yield last
    if (last?.attempt.member !== attempt.member) last = undefined
    if (status) last = { attempt, status }
  }
  if (last) yield last
}

/** What the rollbacks of an upgrade came to. */
interface Rollbacks {
  /** Targets that took themselves back, and that a rollback took back, also one that somebody asked for after the end. */
  readonly count: number
  /** The last word of the rollbacks on each target that they came to. */
  readonly byTarget: ReadonlyMap<string, Ended>
}

async function rollbacksOf(
  { log, views }: Services,
  { upgrade, summary }: Pick<ExecutionRow, 'upgrade' | 'summary'>,
): Promise<Rollbacks> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  const byTarget = new Map<string, Ended>()
  if (!exists(state)) return { count: 0, byTarget }
  let count = summary ? (summary.counts.tookThemselvesBack ?? 0) : state.standing.counts.rolledBack
  for (const { child, kind } of await childrenOf(log, upgrade, state)) {
    if (kind !== 'rollback') continue
    const rollback = (await log.load(upgradeAggregate, child)).state
    if (exists(rollback)) count += rollback.standing.counts.succeeded
    let seen = 0
    for await (const ended of lastTries(views.attemptsOf(child))) {
      if (++seen > mostAttempts) break
      if (ended.status !== 'skipped') byTarget.set(ended.attempt.target, ended)
    }
  }
  return { count, byTarget }
}

function resultBody(
  { attempt, status }: Ended,
  rollback: Ended | undefined,
  types: ReadonlyMap<string, string>,
) {
  const { target, from, to, acceptedAt, completedAt, code } = attempt
  const milliseconds = acceptedAt && completedAt ? between(acceptedAt, completedAt) : 0
  const actual = { success: to, rollback: rollback?.attempt.to ?? from, skipped: null, failed: null } as const
  return {
    resource_id: target,
    resource_name: target,
    resource_type: types.get(target) ?? attempt.component,
    status,
    previous_version: from,
    target_version: to,
    actual_version: actual[status],
    duration_minutes: milliseconds / minute,
    error_message: (rollback?.status === 'failed' ? rollback.attempt.code : null) ?? code,
  }
}

/** The results of single resources of one execution, failed ones and those taken back first, at most a hundred. */
export interface ResourceResults {
  readonly rollbackCount: number
  /** Are there others than these? */
  readonly more: boolean
  /** The targets that these are of. */
  readonly targets: readonly string[]
  bodies(types: ReadonlyMap<string, string>): ReturnType<typeof resultBody>[]
}

/**
 * Reads the results of an execution. A target that a rollback took back is one of those, whatever its upgrade came to before; where the
 * rollback failed, the target has. Attempts are read until those that come first are all found.
 */
export async function resultsOf(
  services: Services,
  { upgrade, summary }: ExecutionRow,
): Promise<ResourceResults> {
  const { count, byTarget } = await rollbacksOf(services, { upgrade, summary })
  const comeFirst = summary
    ? summary.counts.failed + summary.counts.unreachable + byTarget.size
    : Number.POSITIVE_INFINITY
  const [bad, good]: [Ended[], Ended[]] = [[], []]
  let seen = 0
  let complete = true
  for await (const ended of lastTries(services.views.attemptsOf(upgrade))) {
    const found = bad.length >= Math.min(comeFirst, shownResults) && bad.length + good.length >= shownResults
    if (found || seen === mostAttempts) {
      complete = false
      break
    }
    seen += 1
    const rollback = byTarget.get(ended.attempt.target)
    const status = rollback ? (rollback.status === 'failed' ? 'failed' : 'rollback') : ended.status
    const list = status === 'failed' || status === 'rollback' ? bad : good
    if (list.length < shownResults) list.push({ attempt: ended.attempt, status })
  }
  const shown = [...bad, ...good].slice(0, shownResults)
  return {
    rollbackCount: count,
    more: !complete || seen > shown.length,
    targets: shown.map(({ attempt }) => attempt.target),
    bodies: (types) => shown.map((ended) => resultBody(ended, byTarget.get(ended.attempt.target), types)),
  }
}
