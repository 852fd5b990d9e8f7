import { randomUUID } from 'node:crypto'
import type { TargetEvent } from '../../events/target.ts'
import type { Aggregate } from '../../functions/domain/aggregate.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { assignAttempt, attemptId } from '../../functions/domain/target/attempt.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt } from '../../functions/domain/target/report.ts'
import type { TargetDecision, TargetState } from '../../functions/domain/target/state.ts'
import { emptyFold } from '../../functions/log/fold.ts'
import type { Loaded } from '../../functions/log/log.ts'
import { nextCommit } from '../../functions/log/next-commit.ts'
import { sizeOf, writeUnits } from '../../functions/log/size.ts'

const component = 'api'
const young = 25
const counted = 50

/**
 * Returns the log units of one upgrade in the stream of a target that has had many: its snapshots then carry as many attempts as a
 * state keeps, which a fleet's first upgrades do not show. Counted from the commits' sizes, without a table.
 */
export function unitsInLongLife(): number {
  const aggregate: Aggregate<TargetState, TargetEvent> = targetAggregate
  const id = 'cust_000001'
  let fold: Loaded<TargetState> = emptyFold(aggregate)
  const write = (decide: TargetDecision): number => {
    const at = new Date().toISOString()
    const decision = decide(fold.state, at)
    if (!('events' in decision)) throw new Error('An act of a long life was refused.')
    const cause = {
      correlation: randomUUID(),
      causation: `upgrade#${randomUUID()}@12`,
      commitId: randomUUID(),
    }
    const next = nextCommit(aggregate, id, fold, decision.events, { actor: 'drydock', ...cause }, at)
    fold = next.fold
    return writeUnits(sizeOf(next.commit))
  }
  const facts = { type: 'customer-instance', region: 'eu-central', tags: {}, critical: false }
  write(
    registerTarget({
      facts: { ...facts, namespace: id, gateway: 'gateway-1' },
      components: { [component]: 'v1.0.0' },
      enrolment: null,
    }),
  )
  let units = 0
  for (let number = 0; number < young + counted; number++) {
    const upgrade = randomUUID()
    const to = `v1.${number + 1}.0`
    const assigned = assignAttempt({
      attempt: attemptId({ upgrade, target: id, n: 1 }),
      upgrade,
      member: number,
      n: 1,
      kind: 'deploy',
      component,
      from: `v1.${number}.0`,
      to,
      digest: `sha256:${'4b'.repeat(32)}`,
      acceptBy: new Date(Date.now() + 3_600_000).toISOString(),
      seconds: 3600,
    })
    const ended = finishAttempt({
      status: 'completed',
      version: to,
      code: null,
      retryable: false,
      output: null,
    })
    const spent = write(assigned) + write(acceptAttempt({})) + write(ended)
    if (number >= young) units += spent
  }
  return units / counted
}
