import type { PhaseDeclaration, PhasePlan } from '../../events/rollout.ts'
import { between, second } from '../../events/time.ts'
import { type Forecast, forecastOf, type Part, type Prospects } from '../domain/forecast/forecast.ts'
import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { holdsOf } from '../domain/rollout/holds.ts'
import { type ExistingRollout, exists, type Phase } from '../domain/rollout/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { isPlanned } from '../domain/upgrade/state.ts'
import type { Past } from '../facts/durations.ts'
import { prospectsOf, prospectsOfPlan } from '../facts/forecast.ts'
import { type TrackRecord, tally, verdictOn } from '../facts/track-record.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { declaredIn, type PhaseProspect } from './rollouts.ts'

/** What the forecast of a rollout is read from. */
interface Sources {
  readonly log: Log
  readonly past: Past
}

/** Of which instant a forecast is; `at` where that is the past, undefined: whatever the log holds is known. */
interface Moment {
  readonly now: string
  readonly at: string | undefined
}

/** Returns when a rollout ends that has a plan and is not over; null: a phase of it is planned when it begins, and nobody knows how much that is. */
export async function forecastRollout(
  sources: Sources,
  id: string,
  state: ExistingRollout,
  moment: Moment,
): Promise<Forecast | null> {
  const { now } = moment
  const { phases: declared, plans } = await declaredIn(sources.log, id)
  const parts = await sideBySide(state.phases, atOnce.upgrades, async (phase): Promise<Part | null> => {
    const number = state.phases.indexOf(phase)
    const prospects = await prospectsOfPhase(
      sources,
      state,
      phase,
      declared[number],
      plans.get(number),
      moment,
    )
    const { dependsOn, pauseSeconds, end } = phase
    return prospects === 'unknown' ? null : { dependsOn, pauseSeconds, endedAt: end?.at ?? null, prospects }
  })
  const known = parts.filter((part) => part !== null)
  if (known.length < parts.length) return null
  const waitsFor = holdsOf(state, now).flatMap(({ code, until }) =>
    until === null ? [{ code, times: 1 }] : [],
  )
  return forecastOf({ now, seed: state.planHash ?? id, parts: known, waitsFor })
}

async function prospectsOfPhase(
  { log, past }: Sources,
  { window: moved, paused }: ExistingRollout,
  { upgrade, end }: Phase,
  declaration: PhaseDeclaration | undefined,
  plan: PhasePlan | undefined,
  { now, at }: Moment,
): Promise<Prospects | 'unknown' | null> {
  if (end !== null) return null
  if (upgrade !== null) {
    const { state, commit } = await log.load(upgradeAggregate, upgrade, at === undefined ? {} : { at })
    if (isPlanned(state)) {
      if (state.abort) return null
      const prospects = await prospectsOf(log, past, upgrade, { state, commit }, now)
      return paused === null ? prospects : withoutPause(prospects)
    }
    if (state.stage === 'ended') return null
  }
  if (declaration?.does.kind !== 'deploy') return 'unknown'
  // Everybody runs the version already.
  if (!plan) return null
  const { request } = declaration.does
  return prospectsOfPlan(log, past, { request, plan, window: moved ?? request.window }, now)
}

/** The pause of a rollout is in each phase that runs: it is one. */
function withoutPause({ rest, ...prospects }: Prospects): Prospects {
  const waitsFor = rest.waitsFor.filter(({ code }) => code !== 'OPERATOR')
  return { ...prospects, rest: { ...rest, waitsFor } }
}

/** So many rollouts that ran to their end are looked at, the newest first: one page. */
const rolloutsLookedAt = 10

/**
 * Returns how often the forecasts of the last rollouts came true that ran to their end: each is made again as the log was when its first phase began. One
 * that waited for somebody by its plan is not judged.
 */
export async function trackRecordOfRollouts(
  { log, past }: Sources,
  views: Pick<Views, 'listRollouts'>,
): Promise<TrackRecord> {
  const { rows } = await views.listRollouts({ limit: rolloutsLookedAt, status: 'completed' })
  return tally(
    log,
    rows,
    ({ rolloutId }) => rolloutId,
    async ({ rolloutId, standing: { startedAt, endedAt } }) => {
      if (startedAt === null || endedAt === null) return 'not-judged'
      const { state } = await log.load(rolloutAggregate, rolloutId, { at: startedAt })
      if (!exists(state) || state.stage !== 'planned') return 'not-judged'
      const made = await forecastRollout({ log, past }, rolloutId, state, {
        now: startedAt,
        at: startedAt,
      })
      if (made === null || made.waitsFor.length > 0) return 'not-judged'
      return verdictOn(made, between(startedAt, endedAt) / second)
    },
  )
}

/** Returns when a rollout ends that is started now, by what its phases are planned to be. */
export async function forecastPlannedRollout(
  { log, past }: Sources,
  {
    declared,
    phases,
    planHash,
    needsApproval,
  }: {
    readonly declared: readonly PhaseDeclaration[]
    readonly phases: readonly PhaseProspect[]
    readonly planHash: string
    readonly needsApproval: boolean
  },
  now: string,
): Promise<Forecast> {
  const parts = await sideBySide(declared, atOnce.upgrades, async (declaration): Promise<Part> => {
    const { request, plan = null } = phases[declared.indexOf(declaration)] ?? {}
    const { dependsOn, pauseSeconds } = declaration
    const prospects =
      request && plan
        ? await prospectsOfPlan(log, past, { request, plan, window: request.window }, now)
        : null
    return { dependsOn, pauseSeconds, endedAt: null, prospects }
  })
  const waitsFor = needsApproval ? [{ code: 'APPROVAL', times: 1 }] : []
  return forecastOf({ now, seed: planHash, parts, waitsFor })
}
