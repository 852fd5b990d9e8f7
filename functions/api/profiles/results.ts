import { between, minute } from '../../../events/time.ts'
import { meaningOf } from '../../domain/target/outcome.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists } from '../../domain/upgrade/state.ts'
import { childrenOf } from '../../facts/children-of.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import type { AttemptRow, ExecutionRow } from '../../views/rows.ts'
import type { Services } from '../services.ts'
import { upgradesOf } from './executions.ts'

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

/** What was taken back of an upgrade. */
interface Rollbacks {
  /** Targets that took themselves back, as far as the upgrade knows. */
  readonly themselves: number
  /** Targets that a rollback took back, also one that somebody asked for after the end. */
  readonly taken: number
  /** The last word of the rollbacks on each target that they came to. */
  readonly byTarget: ReadonlyMap<string, Ended>
}

async function rollbacksOf({ log, views }: Services, upgrade: string): Promise<Rollbacks> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  const byTarget = new Map<string, Ended>()
  if (!exists(state)) return { themselves: 0, taken: 0, byTarget }
  let taken = 0
  for (const { child, kind } of await childrenOf(log, upgrade, state)) {
    if (kind !== 'rollback') continue
    const rollback = (await log.load(upgradeAggregate, child)).state
    if (exists(rollback)) taken += rollback.standing.counts.succeeded
    let seen = 0
    for await (const ended of lastTries(views.attemptsOf(child))) {
      if (++seen > mostAttempts) break
      if (ended.status !== 'skipped') byTarget.set(ended.attempt.target, ended)
    }
  }
  return { themselves: state.standing.counts.rolledBack, taken, byTarget }
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
  /** Where there are others than these: a path of the API. Null: there are none. */
  readonly more: string | null
  /** The targets that these are of. */
  readonly targets: readonly string[]
  bodies(types: ReadonlyMap<string, string>): ReturnType<typeof resultBody>[]
}

/** A result, with what a rollback made of it. */
interface Shown {
  readonly ended: Ended
  readonly rollback: Ended | undefined
}

/** Results that were looked at: those that come first, and the others. */
class Looked {
  readonly bad: Shown[] = []
  readonly good: Shown[] = []
  seen = 0

  /** A target that a rollback took back is one of those, whatever its upgrade came to before; where the rollback failed, the target has. */
  see({ attempt, status: before }: Ended, rollback: Ended | undefined): void {
    this.seen += 1
    const status = rollback ? (rollback.status === 'failed' ? 'failed' : 'rollback') : before
    const list = status === 'failed' || status === 'rollback' ? this.bad : this.good
    if (list.length < shownResults) list.push({ ended: { attempt, status }, rollback })
  }

  /** Is there nothing left to find, where so many come first? */
  isComplete(comeFirst: number): boolean {
    const { bad, good } = this
    return bad.length >= Math.min(comeFirst, shownResults) && bad.length + good.length >= shownResults
  }
}

/** Reads the results of an execution: of its upgrade, or of the phases of its rollout. Attempts are read until those that come first are all found. */
export async function resultsOf(services: Services, execution: ExecutionRow): Promise<ResourceResults> {
  const { upgrade, rollout, summary } = execution
  const upgrades = await upgradesOf(services.log, execution)
  const rollbacks = await sideBySide(upgrades, atOnce.upgrades, (id) => rollbacksOf(services, id))
  const sum = (figure: (one: Rollbacks) => number) => rollbacks.reduce((total, one) => total + figure(one), 0)
  const comeFirst = summary
    ? summary.counts.failed + summary.counts.unreachable + sum(({ byTarget }) => byTarget.size)
    : Number.POSITIVE_INFINITY
  const looked = new Looked()
  let complete = true
  for (const [place, id] of upgrades.entries()) {
    for await (const ended of lastTries(services.views.attemptsOf(id))) {
      if (looked.isComplete(comeFirst) || looked.seen === mostAttempts) {
        complete = false
        break
      }
      looked.see(ended, rollbacks[place]?.byTarget.get(ended.attempt.target))
    }
  }
  const shown = [...looked.bad, ...looked.good].slice(0, shownResults)
  const themselves = summary ? (summary.counts.tookThemselvesBack ?? 0) : sum((one) => one.themselves)
  const rest = rollout ? `/api/v1/rollouts/${upgrade}` : `/api/upgrades/${upgrade}/logs`
  return {
    rollbackCount: themselves + sum(({ taken }) => taken),
    more: !complete || looked.seen > shown.length ? rest : null,
    targets: shown.map(({ ended }) => ended.attempt.target),
    bodies: (types) => shown.map(({ ended, rollback }) => resultBody(ended, rollback, types)),
  }
}
