import type { UpgradeStatus } from './upgrade/status.ts'

/** The approvals that one policy asks for, and how many of them there are. */
export interface DemandedApprovals {
  readonly policy: string
  readonly revision: number
  readonly required: number
  readonly given: number
  readonly expiresInSeconds: number
}

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
    /** What policies ask for beside the request; left out: none ever did. */
    readonly demanded?: readonly DemandedApprovals[]
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
  const { needed, given, demanded = [] } = standing.approvals
  return given < needed || demanded.some((one) => one.given < one.required)
}

/** Returns for how many seconds approvals are waited for: the shortest of those that ask for any. */
export function waitedFor({ needed, withinSeconds, demanded = [] }: Life['approvals']): number {
  const asked = demanded.map(({ expiresInSeconds }) => expiresInSeconds)
  return Math.min(...(needed > 0 || asked.length === 0 ? [withinSeconds] : []), ...asked)
}

/** One approval more, which counts for what the request asks for, or for policies. */
export function approved<Standing extends Life>(
  before: Standing,
  counts: { readonly request: boolean; readonly policies: readonly string[] } = {
    request: true,
    policies: [],
  },
): Standing {
  const { given, demanded } = before.approvals
  const more = demanded?.map((one) =>
    counts.policies.includes(one.policy) ? { ...one, given: one.given + 1 } : one,
  )
  const approvals = {
    ...before.approvals,
    given: given + (counts.request ? 1 : 0),
    ...(more && { demanded: more }),
  }
  return scheduledWhenApproved({ ...before, approvals })
}

/** What no approval is lacking of any more is scheduled, as soon as nobody has paused it. */
export function scheduledWhenApproved<Standing extends Life>(standing: Standing): Standing {
  if (awaitsApproval({ standing })) return standing
  const go = <Status>(status: Status) => (status === 'pending_approval' ? 'scheduled' : status)
  return { ...standing, status: go(standing.status), resumesTo: go(standing.resumesTo) }
}

/** A pause remembers what it interrupted; a second one does not. */
export function interrupted<Standing extends Life>(standing: Standing): Standing {
  const { status } = standing
  const waits = status === 'pending_approval' || status === 'scheduled' || status === 'running'
  return { ...standing, status: 'paused', resumesTo: waits ? status : standing.resumesTo }
}
