import type { TargetEvent } from '../../events/target.ts'
import type { Findings } from './finding.ts'
import { type History, inForce, type Told } from './history.ts'

type Assigned = Extract<TargetEvent, { type: 'AttemptAssigned' }>['data']

/** A freeze or a withdrawal binds this long after its acknowledgement (DESIGN §3), in milliseconds. */
export const bindsAfter = 5000

/** What a target was, as far as the rules ask. */
interface Place {
  active: string | null
  readonly begun: Set<string>
  readonly ended: Set<string>
  components: Record<string, string>
  pin: { component: string | null } | null
  retired: boolean
  /** What each component ran when an upgrade first assigned it here. */
  readonly beforeUpgrade: Map<string, string>
}

/** Returns the planned [target, from, to] of a member, as the approved plan holds it. */
export function plannedMember(
  history: History,
  upgrade: string,
  member: number,
): readonly [string, string, string] | undefined {
  const planned = history.upgrades
    .get(upgrade)
    ?.flatMap(({ told }) => told)
    .find(({ type }) => type === 'UpgradePlanned')
  if (planned?.type !== 'UpgradePlanned') return undefined
  const size = 500
  const chunk = history.plans.get(`${planned.data.planHash}#${Math.floor(member / size)}`)?.[0]?.told[0]?.data
  const row = chunk?.members[member % size]
  const from = row && chunk?.versions[row[1]]
  const to = row && chunk?.versions[row[2]]
  return row && from !== undefined && to !== undefined ? [row[0], from, to] : undefined
}

function auditRelease(history: History, data: Assigned, commit: Told<TargetEvent>, findings: Findings): void {
  if (data.kind === 'rollback') return
  const release = history.releases.get(`${data.component}@${data.to}`)
  const registered = release?.flatMap(({ told }) => told).find(({ type }) => type === 'ReleaseRegistered')
  const digest = registered?.type === 'ReleaseRegistered' ? registered.data.digest : null
  findings.expect(
    digest === data.digest,
    'I15',
    commit,
    `${data.component} ${data.to} has another digest than the one assigned.`,
  )
  const changes = (release ?? []).map(({ at, told }) => ({
    at,
    on: told.some(({ type }) => type === 'ReleaseWithdrawn'),
  }))
  const withdrawn = inForce(
    changes.filter(({ on }) => on),
    commit.at,
  )
  const bound = withdrawn !== null && Date.parse(commit.at) - Date.parse(withdrawn.since) > bindsAfter
  findings.expect(
    !bound,
    'I15',
    commit,
    `${data.component} ${data.to} had been withdrawn at ${withdrawn?.since}.`,
  )
}

function auditAssignment(
  history: History,
  id: string,
  place: Place,
  commit: Told<TargetEvent>,
  data: Assigned,
  findings: Findings,
): void {
  findings.expect(
    place.active === null,
    'I1',
    commit,
    `Attempt ${data.attempt} was assigned while ${place.active} was active.`,
  )
  findings.expect(!place.begun.has(data.attempt), 'I1', commit, `Attempt ${data.attempt} was assigned twice.`)
  const pinned =
    place.pin !== null && (place.pin.component === null || place.pin.component === data.component)
  findings.expect(!pinned, 'I15', commit, 'The target was pinned.')
  findings.expect(!place.retired, 'I15', commit, 'The target was retired.')
  const planned = plannedMember(history, data.upgrade, data.member)
  const asPlanned = planned?.[0] === id && planned[1] === data.from && planned[2] === data.to
  findings.expect(
    asPlanned,
    'I15',
    commit,
    `Member ${data.member} of the plan is ${planned?.join(' ') ?? 'nobody'}, not this assignment.`,
  )
  const runs = place.components[data.component]
  findings.expect(runs === data.from, 'I15', commit, `It ran ${runs}, while the plan says ${data.from}.`)
  auditRelease(history, data, commit, findings)
  if (data.kind === 'rollback') {
    const requested = history.upgrades
      .get(data.upgrade)?.[0]
      ?.told.find(({ type }) => type === 'UpgradeRequested')
    const parent = requested?.type === 'UpgradeRequested' ? requested.data.request.parent : null
    const confirmed = place.beforeUpgrade.get(parent ?? '')
    findings.expect(
      confirmed === data.to,
      'I10',
      commit,
      `It ran ${confirmed} before the upgrade, and was sent to ${data.to}.`,
    )
  }
  if (runs !== undefined && !place.beforeUpgrade.has(data.upgrade))
    place.beforeUpgrade.set(data.upgrade, runs)
}

/** Holds one target's stream against I1, I10 and I15. */
export function auditTarget(history: History, id: string, findings: Findings): void {
  const place: Place = {
    active: null,
    begun: new Set(),
    ended: new Set(),
    components: {},
    pin: null,
    retired: false,
    beforeUpgrade: new Map(),
  }
  for (const commit of history.targets.get(id) ?? []) {
    for (const event of commit.told) {
      switch (event.type) {
        case 'TargetRegistered':
          place.components = { ...event.data.components }
          break
        case 'TargetPinned':
          place.pin = event.data
          break
        case 'TargetUnpinned':
          place.pin = null
          break
        case 'TargetRetired':
          place.retired = true
          break
        case 'VersionReported':
          place.components[event.data.component] = event.data.version
          break
        case 'AttemptAssigned':
          auditAssignment(history, id, place, commit, event.data, findings)
          place.active = event.data.attempt
          place.begun.add(event.data.attempt)
          break
        case 'AttemptAccepted':
          findings.expect(
            place.active === event.data.attempt,
            'I1',
            commit,
            `Attempt ${event.data.attempt} was accepted without being active.`,
          )
          break
        case 'AttemptEnded': {
          const { attempt, component, version } = event.data
          findings.expect(!place.ended.has(attempt), 'I1', commit, `Attempt ${attempt} ended twice.`)
          place.ended.add(attempt)
          if (place.active === attempt) place.active = null
          if (version !== null) place.components[component] = version
          break
        }
        default:
          break
      }
    }
  }
}
