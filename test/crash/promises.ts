import { routes } from '../../contracts/routes.ts'
import { hashOf } from '../../events/canonical.ts'
import type { ProfileEvent } from '../../events/profile.ts'
import type { RolloutEvent } from '../../events/rollout.ts'
import type { TargetEvent } from '../../events/target.ts'
import type { UpgradeEvent } from '../../events/upgrade.ts'
import type { Past } from './verdict.ts'
import type { Answered } from './witness.ts'

interface Reported {
  readonly target: string
  readonly attempt: string | null
  readonly outcome: string | null
}

interface Updated {
  readonly changes_applied: readonly string[]
}

interface Assigned {
  readonly assignment_results: readonly { readonly resource_id: string; readonly status: string }[]
}

/** Which event of an upgrade's story each command leaves. */
const leaves: Readonly<Record<string, UpgradeEvent['type']>> = {
  continueUpgrade: 'ContinueGiven',
  pauseUpgrade: 'UpgradePaused',
  resumeUpgrade: 'UpgradeResumed',
}

/** The same of a rollout's story. */
const leavesInRollout: Readonly<Record<string, RolloutEvent['type']>> = {
  approveRollout: 'ApprovalGiven',
  continueRollout: 'PhaseAccepted',
  pauseRollout: 'RolloutPaused',
  resumeRollout: 'RolloutResumed',
}

/** Returns the operation of a request and the id in its path. */
export function operationOf({ method, path }: Pick<Answered, 'method' | 'path'>): {
  readonly operation: string
  readonly id: string
} {
  for (const route of routes) {
    const pattern = new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '([^/?]+)')}(?:\\?|$)`)
    const match = pattern.exec(path)
    if (match && route.method === method) return { operation: route.operation, id: match[1] ?? '' }
  }
  return { operation: 'unknown', id: '' }
}

/** Returns the person of a bearer token, unchecked. */
function personOf(authorization: string): string {
  const [, claims = ''] = authorization.split('.')
  const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as { readonly sub?: string } // a JWT
  return sub ?? ''
}

/** Returns a request's idempotency key as the log keeps it, scoped to its person, operation and path; null without a key. */
export function scopedKey({ method, path, authorization, key }: Answered): string | null {
  if (key === null) return null
  return hashOf(['person', personOf(authorization), operationOf({ method, path }).operation, path, key])
}

/** Returns what the runtime acknowledged and the log does not hold, or refused and the log holds (I8). */
export function unkept(journal: readonly Answered[], told: Past): string[] {
  const keys = new Map(told.commits.map((commit) => [commit.idempotency?.key, commit]))
  const has = (
    happened:
      | readonly { readonly event: TargetEvent | UpgradeEvent | RolloutEvent | ProfileEvent }[]
      | undefined,
    type: string,
  ) => happened?.some(({ event }) => event.type === type) === true
  return journal.flatMap((answered) => {
    const { operation, id } = operationOf(answered)
    const lost = (words: string) => [
      `acknowledged and lost: ${operation} ${id} (${answered.status}): ${words}`,
    ]
    if (answered.status >= 400) {
      if (answered.status >= 500 || answered.key === null) return []
      const kept = keys.get(scopedKey(answered) ?? '')
      return kept
        ? [`refused and kept: ${operation} ${id} (${answered.status}) in ${kept.stream}@${kept.commit}`]
        : []
    }
    const answer = answered.answer as Record<string, string> // a JSON object, by the API's contract
    switch (operation) {
      case 'registerTargets':
        return has(told.targets.get(answer.id ?? ''), 'TargetRegistered')
          ? []
          : lost(`no target ${answer.id}`)
      case 'enrolAgent':
        return has(told.targets.get(answer.target ?? ''), 'AgentEnrolled')
          ? []
          : lost(`${answer.target} is not enrolled`)
      case 'deployUpgrade':
      case 'rollBackUpgrade':
        return has(told.upgrades.get(answer.upgradeId ?? ''), 'UpgradeRequested')
          ? []
          : lost(`no upgrade ${answer.upgradeId}`)
      case 'startRollout':
      case 'rollBackRollout':
        return has(told.rollouts.get(answer.rolloutId ?? ''), 'RolloutRequested')
          ? []
          : lost(`no rollout ${answer.rolloutId}`)
      case 'registerRelease': {
        // A leading v makes no other release.
        const stream = `release#${answer.component}@${answer.version?.replace(/^v/, '')}`
        return told.commits.some((commit) => commit.stream === stream) ? [] : lost(`no ${stream}`)
      }
      case 'createUpgradeProfile':
        return has(told.profiles.get(answer.id ?? ''), 'ProfileCreated')
          ? []
          : lost(`no profile ${answer.id}`)
      case 'deleteUpgradeProfile':
        return has(told.profiles.get(id), 'ProfileDeleted') ? [] : lost('it is not deleted')
      case 'updateUpgradeProfile': {
        const { changes_applied: changes } = answered.answer as Updated // by the API's contract
        return changes.length === 0 || keys.has(scopedKey(answered) ?? '') ? [] : lost(`no ${changes.join()}`)
      }
      case 'startProfileExecution':
        return startedBy(told, id, answer.execution_id ?? '')
          ? []
          : lost(`no execution ${answer.execution_id}`)
      case 'assignUpgradeProfile': {
        const { assignment_results: results } = answered.answer as Assigned // by the API's contract
        return results.flatMap(({ resource_id: target, status }) =>
          status === 'failed' || isAssigned(told, target, id) ? [] : lost(`${target} is not assigned`),
        )
      }
      case 'storeProcedure':
        return told.commits.some(({ stream }) => stream === `procedure#${id}`) ? [] : lost('it is not stored')
      case 'settleStep':
        return saidOfStep(told, id, answer.attempt ?? '', answer.step ?? '') ? [] : lost('nobody said so')
      case 'reportUpdateStatus':
        return hasReport(told, answered.answer as Reported) ? [] : lost(JSON.stringify(answered.answer)) // by the API's contract
      default: {
        const ofRollout = leavesInRollout[operation]
        if (ofRollout !== undefined)
          return has(told.rollouts.get(id), ofRollout) ? [] : lost(`no ${ofRollout} in the story`)
        const type = leaves[operation]
        if (type === undefined) return lost('nothing says what this leaves in the log')
        return has(told.upgrades.get(id), type) ? [] : lost(`no ${type} in the story`)
      }
    }
  })
}

/** Did a person say something of a step, as the stream of its target tells? */
function saidOfStep({ targets }: Past, target: string, attempt: string, step: string): boolean {
  return (targets.get(target) ?? []).some(
    ({ event }) =>
      (event.type === 'StepReleased' || (event.type === 'StepEnded' && event.data.by !== undefined)) &&
      event.data.attempt === attempt &&
      event.data.step === step,
  )
}

function startedBy({ profiles }: Past, profile: string, upgrade: string): boolean {
  return (profiles.get(profile) ?? []).some(
    ({ event }) => event.type === 'ExecutionStarted' && event.data.upgrade === upgrade,
  )
}

function isAssigned({ targets }: Past, target: string, profile: string): boolean {
  return (targets.get(target) ?? []).some(
    ({ event }) => event.type === 'ProfileJoined' && event.data.profile === profile,
  )
}

function hasReport(told: Past, { target, attempt, outcome }: Reported): boolean {
  return (told.targets.get(target) ?? []).some(({ event }) => {
    if (outcome === null) return event.type === 'AttemptAccepted' && event.data.attempt === attempt
    return event.type === 'AttemptEnded' && event.data.attempt === attempt && event.data.outcome === outcome
  })
}
