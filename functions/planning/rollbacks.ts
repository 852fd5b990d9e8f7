import type { PhaseDeclaration, RolloutEvent, RolloutRequest } from '../../events/rollout.ts'
import type { ChildSettings } from '../../events/upgrade.ts'
import type { Rejection } from '../domain/rejection.ts'
import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { inTheWay, requestChild } from '../domain/rollout/control.ts'
import { wayBackOrder } from '../domain/rollout/order.ts'
import { ownRollback } from '../domain/rollout/outcome.ts'
import { requestRollout } from '../domain/rollout/request.ts'
import { type ExistingRollout, exists } from '../domain/rollout/state.ts'
import { familyOf } from '../facts/family.ts'
import { livingAmong, rollbacksOf } from '../facts/rollout-children.ts'
import type { Log, Metadata } from '../log/log.ts'
import { Contended, isCarriedOut, refusalOf } from '../log/outcome.ts'
import { nothingTakenBack } from './children.ts'
import type { PlanningServices } from './planning.ts'
import { unplanned } from './rollouts.ts'

type Noted = Extract<RolloutEvent, { type: 'ChildRequested' }>['data']

/** Who asks for a rollout to be taken back, which of its phases, and how it is to go. */
export interface RollbackAsked {
  readonly rollout: string
  /** The id of the rollout that takes back. */
  readonly child: string
  /** By name; null: all that have begun. */
  readonly phases: readonly string[] | null
  readonly by: string
  readonly reason: string
  readonly settings: ChildSettings
  /** Shall it go on even while everything is stopped, for that reason? It then waits for the approval of a second person. */
  readonly breakGlass?: true
  readonly idempotency?: Metadata['idempotency']
}

export type RollbackResult =
  | { readonly child: string; readonly phases: readonly string[] }
  | { readonly rejected: Rejection }

const notFound = { rejected: { code: 'rollout-not-found', detail: 'There is no such rollout.' } }
const longestName = 512

/** Returns the phases of the way back: each takes one phase back, after all that depended on it. */
function declarationsOf(
  { phases }: ExistingRollout,
  { phases: chosen, settings }: Pick<Noted, 'phases' | 'settings'>,
): PhaseDeclaration[] {
  const orders = wayBackOrder(phases, chosen)
  return chosen.flatMap((number, place) => {
    const { name, upgrade } = phases[number] ?? {}
    if (!name || !upgrade) return []
    const does = { kind: 'rollback', upgrade, settings } as const
    return [{ name, dependsOn: orders[place] ?? [], pauseSeconds: 0, exceptions: 'hold', does }]
  })
}

/** Begins the rollout that was noted to take another back. Twice is once. Throws Contended. */
export async function beginRollback(
  log: Log,
  rollout: string,
  parent: ExistingRollout,
  noted: Noted,
  cause: Metadata,
): Promise<void> {
  const { child, by, reason, breakGlass, settings } = noted
  const phases = declarationsOf(parent, noted)
  // As for the rollback of an upgrade: any second person, as those named for the deploy may all be away.
  const { approvals } = parent.request
  const second = breakGlass || settings.toWithdrawn !== undefined
  const request: RolloutRequest = {
    ...{
      kind: 'rollback',
      parent: rollout,
      name: `Rollback of ${parent.request.name}`.slice(0, longestName),
    },
    approvals: second ? { ...approvals, required: 1, approvers: null } : { ...approvals, required: 0 },
    onFailure: 'hold',
    ...(breakGlass && { breakGlass }),
    ...(parent.request.monitor && { monitor: parent.request.monitor }),
    reason,
  }
  const asked = { request, phases, by, planned: unplanned(request, phases) }
  const outcome = await log.execute(rolloutAggregate, child, requestRollout(asked), cause)
  if (!isCarriedOut(outcome)) throw new Contended(child)
}

/** Returns the numbers of the phases that are meant and have begun; refuses names that are not there. */
function chosenOf(
  { phases }: ExistingRollout,
  names: RollbackAsked['phases'],
): { readonly chosen: number[] } | { readonly rejected: Rejection } {
  const unknown = names?.find((name) => phases.every((phase) => phase.name !== name))
  if (unknown !== undefined)
    return { rejected: { code: 'phase-not-found', detail: `The rollout has no phase "${unknown}".` } }
  const chosen = phases.flatMap(({ name, upgrade }, number) =>
    upgrade !== null && (names?.includes(name) ?? true) ? [number] : [],
  )
  return { chosen }
}

/**
 * Starts a rollout that takes another back, or some of its phases: in the reverse order of what depends on what, each phase by a child of its upgrade. What
 * must refuse it is found before anything is appended. Then the rollout notes it, which decides whether it may be; then its stream begins. Throws Contended.
 */
export async function startRollback(
  services: PlanningServices,
  { rollout, child, phases: names, by, reason, settings, breakGlass, idempotency }: RollbackAsked,
  correlation: string,
): Promise<RollbackResult> {
  const { log } = services
  const { state } = await log.load(rolloutAggregate, rollout)
  if (!exists(state)) return notFound
  const found = chosenOf(state, names)
  if ('rejected' in found) return found
  const known = state.children.some((one) => one.child === child)
  const nothing = known
    ? undefined
    : await nothingTakenBackOf(services, state, { by, settings }, found.chosen)
  if (nothing) return { rejected: nothing }
  const noted = { child, phases: found.chosen, by, reason, settings, ...(breakGlass && { breakGlass }) }
  const cause: Metadata = { actor: by, correlation, causation: log.of(rolloutAggregate, rollout).name }
  const outcome = await log.execute(
    rolloutAggregate,
    rollout,
    requestChild({
      ...{
        ...noted,
        living: inTheWay(livingAmong(await rollbacksOf(log, state)), { breakGlass: breakGlass === true }),
      },
      seen: state.children.map(({ child }) => child),
    }),
    { ...cause, ...(idempotency && { idempotency }) },
  )
  if (outcome.kind === 'contended') throw new Contended(rollout)
  if (!isCarriedOut(outcome)) return { rejected: refusalOf(outcome) }
  await beginRollback(log, rollout, state, noted, cause)
  return { child, phases: found.chosen.flatMap((number) => state.phases[number]?.name ?? []) }
}

/** Returns why taking phases of a rollout back would take nothing back; undefined: it would, or nobody knows yet. */
export async function nothingTakenBackOf(
  services: PlanningServices,
  { phases, request }: ExistingRollout,
  { by, settings }: Pick<RollbackAsked, 'by' | 'settings'>,
  chosen: readonly number[],
): Promise<Rejection | undefined> {
  // That one is refused for what it is.
  if (request.kind === 'rollback') return undefined
  for (const number of chosen) {
    const { upgrade } = phases[number] ?? {}
    const family = upgrade && (await familyOf(services.log, upgrade))
    if (!family) continue
    const asked = { parent: upgrade, kind: 'rollback', by, settings } as const
    if (!(await nothingTakenBack(services, asked, family))) return undefined
  }
  const detail = 'None of these phases has changed anything that could be taken back.'
  return { code: 'nothing-to-roll-back', detail }
}

/**
 * Starts the rollback that the abort of a rollout asked for. It is never refused: where there is nothing to take back, its phases end at once. Throws
 * Contended.
 */
export async function startOwnRollback(
  { log }: Pick<PlanningServices, 'log'>,
  rollout: string,
): Promise<void> {
  const { state } = await log.load(rolloutAggregate, rollout)
  if (!exists(state) || !state.abort) return
  const { by, reason, rollback, settings = {}, breakGlass } = state.abort
  const phases = state.phases.flatMap(({ upgrade }, number) => (upgrade === null ? [] : [number]))
  const how = breakGlass === undefined ? { reason } : { reason: breakGlass, breakGlass: true as const }
  const noted = { child: rollback ?? ownRollback(rollout), phases, by, settings, ...how }
  const cause: Metadata = {
    actor: by,
    correlation: rollout,
    causation: log.of(rolloutAggregate, rollout).name,
  }
  await log.of(rolloutAggregate, rollout).carryOut(requestChild({ ...noted, living: [] }), cause)
  await beginRollback(log, rollout, state, noted, cause)
}
