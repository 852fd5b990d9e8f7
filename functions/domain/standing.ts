import type { UpgradeStatus } from './upgrade/status.ts'

/** The part of a standing that upgrades and rollouts share: the life from the request over approvals and pauses to an end. */
export interface Life {
  readonly status: UpgradeStatus
  /** What a pause interrupted. */
  readonly resumesTo: 'pending_approval' | 'scheduled' | 'running'
  readonly approvals: {
    readonly needed: number
    readonly given: number
    /** How long they are waited for, from the plan on. */
    readonly withinSeconds: number
  }
  /** The present execution. */
  readonly generation: number
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** Why it failed, was rejected or expired. */
  readonly failure: { readonly code: string; readonly detail: string } | null
}

/** Returns the life of what has just been requested. */
export function requestedLife(approvals: {
  readonly required: number
  readonly expiresInSeconds: number
}): Life {
  return {
    status: 'requested',
    resumesTo: 'scheduled',
    approvals: { needed: approvals.required, given: 0, withinSeconds: approvals.expiresInSeconds },
    generation: 0,
    startedAt: null,
    endedAt: null,
    failure: null,
  }
}

/** Does it need approvals that nobody has given, begun or not, paused or not? */
export function awaitsApproval({ standing }: { readonly standing: Pick<Life, 'approvals'> }): boolean {
  return standing.approvals.given < standing.approvals.needed
}

/** The last approval that is needed lets it be scheduled, as soon as nobody has paused it. */
export function approved<Standing extends Life>(before: Standing): Standing {
  const given = before.approvals.given + 1
  const standing = { ...before, approvals: { ...before.approvals, given } }
  if (awaitsApproval({ standing })) return standing
  const go = <Status>(status: Status) => (status === 'pending_approval' ? 'scheduled' : status)
  return { ...standing, status: go(before.status), resumesTo: go(before.resumesTo) }
}

/** A pause remembers what it interrupted; a second one does not. */
export function interrupted<Standing extends Life>(standing: Standing): Standing {
  const { status } = standing
  const waits = status === 'pending_approval' || status === 'scheduled' || status === 'running'
  return { ...standing, status: 'paused', resumesTo: waits ? status : standing.resumesTo }
}
