import { hashOf } from '../../events/canonical.ts'
import type { PhaseDeclaration, PhasePlan, RolloutEvent, RolloutRequest } from '../../events/rollout.ts'
import { after, second } from '../../events/time.ts'

import type { Findings } from './finding.ts'
import type { History, Told } from './history.ts'

type Data<Type extends RolloutEvent['type']> = Extract<RolloutEvent, { type: Type }>['data']

/** What the stream of a rollout has said so far. */
class Course {
  readonly declared: PhaseDeclaration[] = []
  readonly plans = new Map<number, PhasePlan>()
  readonly begun = new Map<number, string | null>()
  readonly ended = new Map<number, { readonly passed: boolean; readonly at: string }>()
  readonly overtaken = new Set<number>()
  readonly accepted = new Set<number>()
  readonly approvers = new Set<string>()
  request: RolloutRequest | undefined
  requestedBy = ''
  planHash = ''
  needed = 0
  paused = false
  aborted = false

  /** Says why a phase may not begin at an instant; undefined: it may. */
  hindrance(phase: number, at: string): string | undefined {
    if (this.begun.has(phase)) return 'It had begun before.'
    if (this.planHash === '') return 'The rollout was not planned yet.'
    if (this.aborted) return 'The rollout was aborted.'
    if (this.paused) return 'The rollout was paused.'
    if (this.approvers.size < this.needed) return `${this.approvers.size} of ${this.needed} had approved it.`
    for (const other of this.declared[phase]?.dependsOn ?? []) {
      const end = this.ended.get(other)
      if (!end) return `Phase ${other}, on which it depends, had not ended.`
      const well = this.accepted.has(other) || (end.passed && !this.overtaken.has(other))
      if (!well) return `Phase ${other}, on which it depends, had not ended well.`
      const rested = after(end.at, (this.declared[other]?.pauseSeconds ?? 0) * second)
      if (rested > at) return `Phase ${other}, on which it depends, rests until ${rested}.`
    }
    return undefined
  }
}

/** Returns the hash over a rollout's settings, the order of its phases, and their plans. */
function rootOf({ request, declared, plans }: Course): string {
  const phases = declared.map(({ does, ...order }, number) => ({
    ...order,
    plan: does.kind === 'deploy' ? (plans.get(number)?.planHash ?? null) : does.upgrade,
  }))
  return hashOf({ request: request && hashOf(request), phases })
}

const ends: readonly string[] = [
  'PlanningFailed',
  'UpgradeRejected',
  'UpgradeExpired',
  'UpgradeAborted',
  'UpgradeCompleted',
]

/** Returns how an upgrade ended, in the words of the rollout; undefined: it had not. */
function endOf({ upgrades }: History, upgrade: string): string | undefined {
  for (const { told } of upgrades.get(upgrade) ?? []) {
    for (const event of told) {
      if (!ends.includes(event.type)) continue
      if (event.type === 'UpgradeCompleted')
        return event.data.exceptions ? 'completed_with_exceptions' : 'completed'
      if (event.type === 'PlanningFailed') return 'failed'
      return event.type.replace('Upgrade', '').toLowerCase()
    }
  }
  return undefined
}

/** Holds the end of a phase against the stream of its upgrade, and against what the plan file accepts (I18). */
function auditEnd(
  history: History,
  course: Course,
  commit: Told<RolloutEvent>,
  { phase, status, passed }: Data<'PhaseEnded'>,
  findings: Findings,
): void {
  const upgrade = course.begun.get(phase) ?? ''
  const declaration = course.declared[phase]
  const takesBack = declaration?.does.kind === 'rollback'
  const known = endOf(history, upgrade)
  // What takes back may find nothing to do, or be refused: then there is no upgrade.
  const without = takesBack && known === undefined && !history.upgrades.has(upgrade)
  const told = without ? status === 'nothing_to_do' || status === 'failed' : status === known
  findings.expect(told, 'I18', commit, `Phase ${phase} is ${status}, its upgrade ${upgrade} is ${known}.`)
  const well =
    status === 'completed' ||
    status === 'nothing_to_do' ||
    (status === 'completed_with_exceptions' && declaration?.exceptions === 'accept')
  findings.expect(passed === well, 'I18', commit, `Phase ${phase} is ${status}, and passed: ${passed}.`)
}

/** Holds the upgrade of a phase against what was planned with the rollout (I18). */
function auditUpgradeOf(
  { upgrades }: History,
  course: Course,
  commit: Told<RolloutEvent>,
  { phase, upgrade }: Data<'PhaseStarted'>,
  findings: Findings,
): void {
  const plan = course.plans.get(phase)
  for (const { told } of upgrades.get(upgrade) ?? []) {
    for (const event of told) {
      if (event.type !== 'UpgradePlanned' || course.declared[phase]?.does.kind !== 'deploy') continue
      const same = event.data.planHash === plan?.planHash
      const words = `Phase ${phase} was planned as ${plan?.planHash}, its upgrade has ${event.data.planHash}.`
      findings.expect(same, 'I18', commit, words)
    }
  }
}

/** Only a rollback may run while everything is stopped, with a reason and a second person (design: #break-glass). */
function auditBreakGlass(
  commit: Told<RolloutEvent>,
  { breakGlass, kind, reason, approvals }: RolloutRequest,
  findings: Findings,
): void {
  if (!breakGlass) return
  findings.expect(kind === 'rollback', 'I14', commit, `A ${kind} was asked for in spite of a stop.`)
  findings.expect(reason !== null && reason !== '', 'I14', commit, 'The glass was broken without a reason.')
  findings.expect(approvals.required > 0, 'I14', commit, 'The glass was broken without a second person.')
}

/** Holds a rollout against I17 and I18: the order of its phases, and that each is the upgrade that was planned and approved. */
export function auditRollout(history: History, id: string, findings: Findings): void {
  const course = new Course()
  for (const commit of history.rollouts.get(id) ?? []) {
    for (const event of commit.told) {
      switch (event.type) {
        case 'RolloutRequested':
          course.request = event.data.request
          course.requestedBy = event.data.by
          course.needed = event.data.request.approvals.required
          auditBreakGlass(commit, event.data.request, findings)
          break
        case 'PhaseDeclared':
          course.declared[event.data.phase] = event.data.declaration
          break
        case 'PhasePlanned':
          course.plans.set(event.data.phase, event.data.plan)
          break
        case 'RolloutPlanned': {
          const { planHash, exposure } = event.data
          course.planHash = planHash
          course.needed = Math.max(course.needed, exposure?.approvals ?? 0)
          const root = rootOf(course)
          const words = `The hash over its phases is ${root}, not ${planHash}.`
          findings.expect(root === planHash, 'I18', commit, words)
          break
        }
        case 'ApprovalGiven': {
          const { by, planHash } = event.data
          const authors = [course.requestedBy, ...(course.request?.authors ?? [])]
          const right = planHash === course.planHash && !authors.includes(by)
          findings.expect(
            right,
            'I14',
            commit,
            `${by} approved ${planHash}, and asked for it, has edited it, or meant another.`,
          )
          if (right) course.approvers.add(by)
          break
        }
        case 'PhaseStarted':
        case 'PhaseSkipped': {
          const { phase } = event.data
          const hindrance = course.hindrance(phase, commit.at)
          findings.expect(hindrance === undefined, 'I17', commit, `Phase ${phase} began. ${hindrance}`)
          course.begun.set(phase, event.type === 'PhaseStarted' ? event.data.upgrade : null)
          if (event.type === 'PhaseStarted') auditUpgradeOf(history, course, commit, event.data, findings)
          else course.ended.set(phase, { passed: true, at: commit.at })
          break
        }
        case 'PhaseEnded':
          auditEnd(history, course, commit, event.data, findings)
          course.ended.set(event.data.phase, { passed: event.data.passed, at: commit.at })
          break
        case 'PhaseOvertaken':
          course.overtaken.add(event.data.phase)
          break
        case 'PhaseAccepted':
          course.accepted.add(event.data.phase)
          break
        case 'RolloutPaused':
          course.paused = true
          break
        case 'RolloutResumed':
          course.paused = false
          break
        case 'AbortRequested':
          course.aborted = true
      }
    }
  }
}

/** Holds an upgrade that says to be a phase against the stream of its rollout (I18). */
export function auditPhase({ rollouts, upgrades }: History, id: string, findings: Findings): void {
  const [first] = upgrades.get(id) ?? []
  const requested = first?.told.find((event) => event.type === 'UpgradeRequested')
  if (!first || requested?.type !== 'UpgradeRequested' || !requested.data.rollout) return
  const { id: rollout, phase, approvedBy = [] } = requested.data.rollout
  const known = rollouts
    .get(rollout)
    ?.some(({ told }) =>
      told.some(
        (event) => event.type === 'PhaseStarted' && event.data.phase === phase && event.data.upgrade === id,
      ),
    )
  findings.expect(known === true, 'I18', first, `Rollout ${rollout} never began phase ${phase} by it.`)
  const approvers = new Set<string>()
  let broken = false
  for (const { told } of rollouts.get(rollout) ?? []) {
    for (const event of told) {
      if (event.type === 'ApprovalGiven') approvers.add(event.data.by)
      if (event.type === 'RolloutRequested') broken = event.data.request.breakGlass === true
    }
  }
  const unknown = approvedBy.filter((by) => !approvers.has(by))
  findings.expect(
    unknown.length === 0,
    'I14',
    first,
    `${unknown.join(', ')} never approved rollout ${rollout}.`,
  )
  const glass = requested.data.request.breakGlass
  findings.expect(!glass || broken, 'I14', first, `Rollout ${rollout} was not asked for in spite of a stop.`)
}
