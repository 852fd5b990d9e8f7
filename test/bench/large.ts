import { minute, second } from '../../events/time.ts'
import type { UpgradeEvent } from '../../events/upgrade.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import type { UpgradeDecision } from '../../functions/domain/upgrade/draft.ts'
import { startWave } from '../../functions/domain/upgrade/execution.ts'
import { eachMember } from '../../functions/domain/upgrade/members.ts'
import { type ReportedOutcome, recordOutcomes } from '../../functions/domain/upgrade/outcomes.ts'
import { recordPlan, requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { tick } from '../../functions/domain/upgrade/tick.ts'
import { memoryLog } from '../../functions/log/memory.ts'
import { calm, existing, planOf, requestOf, start } from '../domain/upgrade/world.ts'
import { randomFrom } from '../views/random.ts'
import { counted, type Judged } from './bars.ts'

const parallel = 4000
/** One target in so many never answers; its slot is given back when its time to accept is over. */
const silentOneIn = 100
const accept = 3600
/** How often outcomes reach the upgrade, in milliseconds: what the reactor reads at once. */
const batchEvery = 2 * second

/** Returns when the last of all ends, in milliseconds, where each takes the next slot that is free: what the limit alone implies. */
function impliedBy(durations: readonly number[]): number {
  const freed: number[] = [parallel]
  let next = 0
  let step = 0
  for (let free = 0; step < freed.length; step++) {
    free += freed[step] ?? 0
    for (; free > 0 && next < durations.length; free--, next++) {
      const until = step + Math.ceil((durations[next] ?? 0) / batchEvery)
      freed[until] = (freed[until] ?? 0) + 1
    }
  }
  return (step - 1) * batchEvery
}

/**
 * Runs one upgrade of so many targets through a log in memory, with a clock of its own: one in a hundred never answers, the others take some
 * minutes each. Judges that it ends, within its limit, in the time that the limit implies, and with a small state all along.
 */
export async function judgeLarge(members: number): Promise<Judged[]> {
  const random = randomFrom(members)
  const isSilent = (member: number) => member % silentOneIn === 7
  const durations = Array.from({ length: members }, (_, member) =>
    isSilent(member) ? accept * second : (120 + random.below(480)) * second,
  )
  let now = Date.parse(start)
  const log = memoryLog({ now: () => now })
  const request = requestOf({
    parallel,
    deadlines: { ...requestOf().deadlines, accept, attempt: 2 * accept },
    unreachable: { percent: 5, absolute: null },
  })
  const ends = new Map<number, ReportedOutcome[]>()
  let largestState = 0
  let mostInFlight = 0
  let state = upgradeAggregate.initial
  const endOf = (member: number, n: number): ReportedOutcome => {
    const outcome = isSilent(member) ? 'unreachable' : 'succeeded'
    return { member, n, outcome, code: null, retryable: false, commit: 1 }
  }
  const happen = (event: UpgradeEvent) => {
    if (event.type !== 'TargetsAdmitted') return
    for (const member of eachMember(event.data.members)) {
      const at = Math.ceil((now + (durations[member] ?? 0)) / batchEvery) * batchEvery
      ends.set(at, [...(ends.get(at) ?? []), endOf(member, 1)])
    }
  }
  const carryOut = async (decision: UpgradeDecision) => {
    const cause = { actor: 'bench', correlation: 'large' }
    const outcome = await log.execute(upgradeAggregate, 'large', decision, cause)
    if (outcome.kind !== 'committed' && outcome.kind !== 'unchanged') throw new Error(outcome.kind)
    state = outcome.loaded.state
    largestState = Math.max(largestState, Buffer.byteLength(JSON.stringify(state)))
    mostInFlight = Math.max(mostInFlight, existing(state).standing.counts.inFlight)
    if (outcome.kind === 'committed') for (const event of outcome.events) happen(event)
  }
  await carryOut(requestUpgrade({ request, by: 'bench' }))
  await carryOut(recordPlan({ plan: planOf(members), facts: calm }))
  const { generation } = existing(state).standing
  await carryOut(startWave({ wave: 0, generation }, calm))
  const began = now
  while (existing(state).standing.counts.inFlight > 0) {
    const wakeUp = existing(state).wakeUp.at
    const ticks = wakeUp === null ? Number.POSITIVE_INFINITY : Math.ceil(Date.parse(wakeUp) / minute) * minute
    const next = Math.min(...ends.keys())
    now = Math.max(now, Math.min(ticks, next))
    if (ticks <= next) await carryOut(tick(calm))
    const due = ends.get(next) ?? []
    if (next > now) continue
    ends.delete(next)
    for (let from = 0; from < due.length; from += 100)
      await carryOut(recordOutcomes(due.slice(from, from + 100), calm))
  }
  const { counts } = existing(state).standing
  const took = now - began
  const name = `(one upgrade of ${members}, 1 % silent)`
  return [
    counted(`members through ${name}`, counts.succeeded + counts.unreachable, {
      least: members,
      most: members,
    }),
    counted('  at once', mostInFlight, { most: parallel }),
    counted('  time / what the limit implies', took / impliedBy(durations), { most: 1.15 }),
    counted('  bytes of state, at most', largestState, { most: 16_384 }),
  ]
}
