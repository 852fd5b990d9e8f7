import { rolesFor } from '../../../contracts/routes.ts'
import { afterWave } from '../../domain/plan/after-wave.ts'
import { authorsOf as authorsOfRollout } from '../../domain/rollout/approval.ts'
import { holdsOf } from '../../domain/rollout/holds.ts'
import { unpassed } from '../../domain/rollout/phases.ts'
import type { ExistingRollout } from '../../domain/rollout/state.ts'
import type { Demand } from '../../domain/rules/demands.ts'
import { awaitsApproval } from '../../domain/standing.ts'
import type { AgainstRelease, CitedAgainst } from '../../domain/target/explanation.ts'
import { drivenIn } from '../../domain/target/procedure.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { mayApproveNow } from '../../domain/upgrade/approval.ts'
import { authorsOf } from '../../domain/upgrade/approvers.ts'
import { holdOf } from '../../domain/upgrade/hold.ts'
import type { ExistingUpgrade, PlannedUpgrade } from '../../domain/upgrade/state.ts'
import { isEnd } from '../../domain/upgrade/status.ts'
import type { HeldStepRow, RolloutRow, UpgradeRow } from '../../views/rows.ts'
import type { Principal } from '../http/exchange.ts'
import { neededApprovals } from '../rollouts/exposure.ts'
import { approvingRole } from '../upgrades/command.ts'
import { approvalsBody } from '../upgrades/told.ts'

/** What a person is waited for in an upgrade, the hold that says so, and what they call to give it. */
const waits = [
  { waitsFor: 'approve', code: 'APPROVAL', operation: 'approveUpgrade' },
  { waitsFor: 'continue', code: 'CONTINUE', operation: 'continueUpgrade' },
] as const
type Wait = (typeof waits)[number]

/** Does an upgrade wait for a person? */
export function waitsForPerson({ holds }: UpgradeRow): boolean {
  return waits.some(({ code }) => holds.some((hold) => hold.code === code))
}

/** Who may give what is waited for: one of these roles, of these people where some are named, and none of those. */
interface May {
  readonly roles: readonly string[]
  readonly approvers: readonly string[] | null
  readonly except: readonly string[]
}

/** Is somebody among those who may, whatever their role? */
function isMeant({ approvers, except }: May, id: string): boolean {
  return (approvers === null || approvers.includes(id)) && !except.includes(id)
}

/** Returns what is said of who may, and to the caller of themselves. */
function mayBody(
  may: May,
  requestedBy: string,
  principal: Principal,
  meant: boolean = isMeant(may, principal.id),
) {
  const entitled =
    principal.kind === 'person' &&
    may.roles.some((role) => (principal.roles as ReadonlySet<string>).has(role))
  return { may, youMay: entitled && meant, yours: requestedBy === principal.id }
}

/** Is somebody meant by what an upgrade waits for? Of an approval who is named by one rule need not be by another: the rule that decides is asked. */
function isMeantBy(
  { waitsFor }: Wait,
  state: PlannedUpgrade,
  demands: readonly Demand[],
  may: May,
  principal: Principal,
): boolean {
  if (waitsFor === 'continue') return isMeant(may, principal.id)
  return mayApproveNow(state, demands, { by: principal.id, role: approvingRole(principal) })
}

function whoMay({ waitsFor, operation }: Wait, state: PlannedUpgrade, demands: readonly Demand[]): May {
  const roles = rolesFor(operation)
  if (waitsFor === 'continue') {
    const { continueBySecondPerson } = afterWave(state, state.standing.wave)
    const except = continueBySecondPerson ? [state.requestedBy] : []
    return { roles, approvers: null, except }
  }
  const given = state.approvals.map(({ by }) => by)
  const lacking = lackingRules(state, demands)
  const named = lacking.map(({ approvers }) => approvers)
  return {
    roles: lacking.every((rule) => rule.role === 'admin') ? ['admin'] : roles,
    approvers: named.some((approvers) => approvers === null)
      ? null
      : [...new Set(named.flatMap((approvers) => approvers ?? []))],
    except: [...authorsOf(state), ...given],
  }
}

/** Returns what asks for approvals that are lacking: the request, and policies. */
function lackingRules({ request, standing }: PlannedUpgrade, demands: readonly Demand[]) {
  const { needed, given, demanded = [] } = standing.approvals
  const own = { role: 'approver' as const, approvers: request.approvals.approvers }
  const lacking = new Set(demanded.flatMap((one) => (one.given < one.required ? [one.policy] : [])))
  const ofPolicies = demands.filter(({ policy }) => lacking.has(policy))
  return given < needed || ofPolicies.length === 0 ? [own, ...ofPolicies] : ofPolicies
}

/** Returns how many people have to approve, at the least, and how many of these there are. */
function countedOf({ standing }: PlannedUpgrade): { readonly needed: number; readonly given: number } {
  const { needed, given, demanded = [] } = standing.approvals
  const most = Math.max(needed, ...demanded.map(({ required }) => required))
  const missing = Math.max(needed - given, ...demanded.map((one) => one.required - one.given))
  return { needed: most, given: most - Math.max(0, missing) }
}

const noPlan = { leftOutCounts: null, againstRelease: [] as AgainstRelease[] }
const noStep = { targetId: null, attempt: null, step: null, ask: null }
const noPhases = { phases: null }

/** Returns the entry of a step that is held on a target; none where it is so no more. */
export function entriesOfStep(
  { target: targetId, attempt, component, version, upgrade: upgradeId }: HeldStepRow,
  state: TargetState,
  upgrade: ExistingUpgrade,
  principal: Principal,
) {
  const active = drivenIn(state)
  const { running } = active?.procedure ?? {}
  if (!running?.held || active?.attempt !== attempt) return []
  const { step, name, deadline, held } = running
  // That is for whoever got its message, or its command.
  if (held.why === 'callback' || held.why === 'agent') return []
  const waitsFor = held.why === 'acknowledgement' ? ('acknowledge' as const) : ('settle' as const)
  const { requestedBy, requestedAt, request } = upgrade
  const may = { roles: rolesFor(`${waitsFor}Step`), approvers: null, except: [] }
  return [
    {
      kind: 'step' as const,
      ...{ upgradeId, rolloutId: upgrade.rollout?.id ?? null, profileId: request.selection.profile ?? null },
      ...{ component, version, planHash: null, requestedBy, requestedAt, name },
      ...{ targetId, attempt, step, ask: held.ask, total: 1, waitsFor, window: null },
      // Nobody knows what became of it: that is waited for as long as the attempt is.
      ...{ since: held.since, lapses: waitsFor === 'acknowledge' ? deadline : null, needed: 1, given: 0 },
      reason: null,
      ...noPlan,
      ...noPhases,
      ...mayBody(may, requestedBy, principal),
    },
  ]
}

/** Returns the entries of an upgrade: what of it waits for a person. */
export function entriesOfUpgrade(
  row: UpgradeRow,
  state: PlannedUpgrade,
  demands: readonly Demand[],
  against: readonly CitedAgainst[],
  principal: Principal,
) {
  const { upgradeId, rolloutId, component, version, planHash, requestedBy, requestedAt } = row
  const profileId = state.request.selection.profile ?? null
  const { needed, given } = countedOf(state)
  return waits.flatMap((wait) => {
    const hold = holdOf(state.standing.holds, wait.code)
    if (!hold) return []
    const may = whoMay(wait, state, demands)
    const { reason } = approvalsBody(state.request, state.plan, state.standing.approvals.demanded ?? [])
    return [
      {
        kind: profileId === null ? ('upgrade' as const) : ('profile' as const),
        ...{ upgradeId, rolloutId, profileId, component, version, planHash, requestedBy, requestedAt },
        ...{ name: null, ...noStep, ...noPhases },
        total: row.total,
        waitsFor: wait.waitsFor,
        window: state.window,
        ...{ since: hold.since, lapses: hold.lapses, needed, given },
        reason: wait.waitsFor === 'approve' ? reason : null,
        ...{ leftOutCounts: state.plan.leftOut, againstRelease: against.map(({ ref: _, ...one }) => one) },
        ...mayBody(may, requestedBy, principal, isMeantBy(wait, state, demands, may, principal)),
      },
    ]
  })
}

/** May somebody be waited for in a rollout, as its row says: to approve it, or to continue it after a phase that is over? */
export function mayWaitForPerson({ standing }: Pick<RolloutRow, 'standing'>): boolean {
  return !isEnd(standing.status) && (awaitsApproval({ standing }) || standing.over > 0)
}

/**
 * Returns the entries of a rollout: one where it waits for approval, with which its phases are approved, and one where it waits for somebody to
 * continue it after phases that did not end well, or were overtaken.
 */
export function entriesOfRollout(
  { rolloutId, name, requestedAt }: RolloutRow,
  state: ExistingRollout,
  now: string,
  principal: Principal,
) {
  const { requestedBy, planHash, phases, request, standing } = state
  const holds = holdsOf(state, now)
  const nameOf = (number: number) => phases[number]?.name ?? ''
  const common = {
    kind: 'rollout' as const,
    ...{ upgradeId: null, rolloutId, profileId: null, component: null, version: null },
    ...{ planHash, requestedBy, requestedAt, name, ...noStep, ...noPlan, window: null },
    total: phases.reduce((sum, { members }) => sum + members, 0),
  }
  const approval = holds.find(({ code }) => code === 'APPROVAL')
  const approvers: May = {
    roles: rolesFor('approveRollout'),
    approvers: request.approvals.approvers,
    except: [...authorsOfRollout(state), ...state.approvals.map(({ by }) => by)],
  }
  const { needed, given } = standing.approvals
  const toApprove = approval && {
    ...common,
    ...{ waitsFor: 'approve' as const, ...noPhases },
    ...{ since: approval.since, lapses: approval.lapses, needed, given },
    reason: neededApprovals(request.approvals.required, state.exposed.map(nameOf)).reason,
    ...mayBody(approvers, requestedBy, principal),
  }
  const [first] = holds.filter(({ code }) => code === 'PHASE_FAILED' || code === 'PHASE_OVERTAKEN')
  const anybody: May = { roles: rolesFor('continueRollout'), approvers: null, except: [] }
  const toContinue = first && {
    ...common,
    ...{ waitsFor: 'continue' as const, phases: unpassed(state).map(nameOf) },
    ...{ since: first.since, lapses: null, needed: 0, given: 0, reason: null },
    ...mayBody(anybody, requestedBy, principal),
  }
  return [toApprove, toContinue].filter((entry) => entry !== undefined)
}
