import { between, earlier } from '../../events/time.ts'
import { type Durations, fewest } from '../domain/forecast/durations.ts'
import { waveRange } from '../domain/plan/waves.ts'
import { meaningOf } from '../domain/target/outcome.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { eachMember } from '../domain/upgrade/members.ts'
import { hasBegun, type PlannedUpgrade } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import type { AttemptRow, UpgradeRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'

type Told = Pick<Views, 'listUpgrades' | 'listAttempts'>

/** So many upgrades of a component are looked at, the newest first: one page. */
const upgradesLookedAt = 20
/** Attempts of so many of them are read, the first of each: one page each. How upgrades differ says more than one upgrade in full. */
const upgradesRead = 10
const attemptsOfEach = 50

/** So many of an upgrade's last commits are read at most: who has been in flight for longer was admitted then, so far as is known. */
const commitsRead = 1000

/** What the log tells of the members that were admitted in the present wave. All times are in milliseconds. */
export interface Present {
  /** How long those took who have ended, from their first admission. */
  readonly took: readonly number[]
  /** How long those have taken who are in flight. */
  readonly inFlight: readonly number[]
}

/** Reads from an upgrade's own stream what is known of its present wave, as it was after a commit, at an instant. */
export async function presentWave(
  log: Log,
  id: string,
  { state, commit }: { readonly state: PlannedUpgrade; readonly commit: number },
  now: string,
): Promise<Present> {
  if (!hasBegun(state)) return { took: [], inFlight: [] }
  const from = Math.max(state.wave.commit, commit - commitsRead)
  const admitted = new Map<number, { readonly since: string; readonly isUnder: boolean }>()
  const took: number[] = []
  let first = now
  const told = log
    .of(upgradeAggregate, id)
    .events({ from, to: commit, consistent: true }, ['TargetsAdmitted', 'OutcomesRecorded'])
  for await (const { event, at } of told) {
    first = earlier(first, at)
    if (event.type === 'TargetsAdmitted') {
      const { members, retried, readmitted } = event.data
      for (const member of eachMember([...members, ...retried, ...readmitted]))
        admitted.set(member, { since: admitted.get(member)?.since ?? at, isUnder: true })
    } else {
      for (const { member, outcome, again } of event.data.outcomes) {
        const known = admitted.get(member)
        if (again !== null && known) admitted.set(member, { ...known, isUnder: false })
        if (again !== null) continue
        if (known && meaningOf(outcome).counts !== 'skipped') took.push(between(known.since, at))
        admitted.delete(member)
      }
    }
  }
  const under = [...admitted.values()].flatMap(({ since, isUnder }) => (isUnder ? [since] : []))
  const unknown = Math.max(0, state.wave.counts.inFlight - under.length)
  const since = [...under, ...Array<string>(unknown).fill(first)]
  return { took, inFlight: since.map((one) => Math.max(0, between(one, now))) }
}

/** Returns how long members took who had ended by an instant, from the first try to the last. */
function tookIn(attempts: readonly AttemptRow[], by: string): number[] {
  const members = new Map<number, { readonly from: string; readonly to: string }>()
  for (const { member, status, startedAt, completedAt } of attempts) {
    if (status === 'assigned' || status === 'accepted' || meaningOf(status).counts === 'skipped') continue
    if (completedAt !== null && completedAt <= by)
      members.set(member, { from: members.get(member)?.from ?? startedAt, to: completedAt })
  }
  return [...members.values()].map(({ from, to }) => Math.max(0, between(from, to)))
}

/** What earlier upgrades took. The views tell it, and may lag; each upgrade is read once. */
export class Past {
  readonly #views: Told
  readonly #upgrades = new Map<string, Promise<readonly UpgradeRow[]>>()
  readonly #attempts = new Map<string, Promise<readonly AttemptRow[]>>()
  readonly #durations = new Map<string, Promise<Durations>>()

  constructor(views: Told) {
    this.#views = views
  }

  /** Returns the last upgrades of a component, the newest first: rollbacks alone, or all others, as these take another time. */
  upgrades(component: string, kind: UpgradeRow['kind']): Promise<readonly UpgradeRow[]> {
    const isBack = kind === 'rollback'
    return once(this.#upgrades, `${isBack} ${component}`, async () => {
      const { rows } = await this.#views.listUpgrades({ limit: upgradesLookedAt, filters: { component } })
      return rows.filter((row) => (row.kind === 'rollback') === isBack)
    })
  }

  /** Returns how long those members of one upgrade took that had ended by an instant, of the first so many of its plan. */
  async earlier(upgrade: string, members: number, by: string): Promise<readonly number[]> {
    if (members === 0) return []
    return tookIn(
      (await this.#attemptsOf(upgrade)).filter(({ member }) => member < members),
      by,
    )
  }

  /** Returns how long members of the last upgrades of a component took that had ended by an instant. */
  durations(component: string, kind: UpgradeRow['kind'], by: string): Promise<Durations> {
    return once(this.#durations, `${by} ${kind === 'rollback'} ${component}`, async () => {
      const begun = (await this.upgrades(component, kind)).filter((row) => (row.startedAt ?? by) < by)
      const read = begun.slice(0, upgradesRead).map((row) => this.#attemptsOf(row.upgradeId))
      const took = (await Promise.all(read)).map((rows) => tookIn(rows, by))
      return { isOwn: false, took: took.filter(({ length }) => length > 0) }
    })
  }

  #attemptsOf(upgrade: string): Promise<readonly AttemptRow[]> {
    return once(this.#attempts, upgrade, async () => {
      const { rows } = await this.#views.listAttempts(upgrade, { limit: attemptsOfEach })
      return rows
    })
  }
}

function once<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  read: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key) ?? read()
  known.set(key, found)
  return found
}

/**
 * Reads how long members take of an upgrade that is in some wave: by those of this wave, once ten have ended and no fewer than are in flight, as the first
 * to end are the fastest; else by those of the waves before, else by the last upgrades of its component.
 */
export async function durationsFor(
  past: Past,
  id: string,
  state: PlannedUpgrade,
  { took, inFlight }: Present,
  now: string,
): Promise<Durations> {
  if (took.length >= Math.max(fewest, inFlight.length)) return { isOwn: true, took: [took] }
  const { plan, request } = state
  const before = hasBegun(state) ? waveRange(plan.waves, plan.members, state.wave.number).from : 0
  const earlier = await past.earlier(id, before, now)
  if (earlier.length >= fewest) return { isOwn: true, took: [earlier] }
  return past.durations(request.component, request.kind, now)
}
