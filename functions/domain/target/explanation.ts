import type { Group } from '../plan/after-wave.ts'
import type { Hold } from '../upgrade/hold.ts'
import type { MemberStatus } from '../upgrade/members.ts'
import type { UpgradeStatus } from '../upgrade/status.ts'

/** In one word: an attempt runs, is offered, waits its turn, is kept from it, would be taken, or has nothing to do. */
export type Verdict = 'updating' | 'offered' | 'waiting' | 'blocked' | 'eligible' | 'done'

/** One fact in the log that bears on whether a target is upgraded. */
export interface Reason {
  readonly code: string
  readonly detail: string
  /** The stream and commit that say so. */
  readonly ref: string
  readonly since?: string
  /** What would change it. */
  readonly unblock?: string
}

/** A reason together with the verdict that it would give alone. */
export interface Finding extends Reason {
  readonly verdict: Verdict
}

/** What stands against a release, and what ends that; `unblock` is null: nothing does. */
export interface AgainstRelease {
  readonly code: 'withdrawn' | 'blocked' | 'held_back'
  readonly detail: string
  readonly unblock: string | null
}

/** The same, with the commit in which it stands. */
export interface CitedAgainst extends AgainstRelease {
  readonly ref: string
}

/** What an upgrade says about one target, folded at the instant that is asked about. */
export interface UpgradeAsked {
  readonly id: string
  readonly ref: string
  readonly component: string
  readonly version: string
  readonly status: UpgradeStatus
  readonly holds: readonly Hold[]
  readonly failure: { readonly code: string; readonly detail: string } | null
  /** The present wave, from 0; -1 before the first. */
  readonly wave: number
  /** Since when the stop was in force in spite of which it last admitted targets. */
  readonly overrode: string | null
  /** What it makes of the target; null: it has no plan, `not-a-member`: the plan does not name it. */
  readonly member: MemberAsked | 'not-a-member' | null
  /** Of one that the plan does not name: why; left out: nobody knows. */
  readonly leftOut?: { readonly reason: string; readonly detail?: string } | undefined
  /** What stands against its release. */
  readonly release?: readonly CitedAgainst[]
  /** How many the plan leaves out, by reason. */
  readonly leftOutCounts?: Readonly<Record<string, number>>
}

/** Where a target stands in an upgrade. */
export interface MemberAsked {
  readonly wave: number
  /** The group of that wave; left out: the upgrade has none. */
  readonly group?: Group
  readonly status: MemberStatus | 'finished'
  /** From when on a member that waits for another try may have it. */
  readonly again: string | null
}

/** The answer to "why has (not) this target been upgraded?" (N3). */
export interface Explanation {
  readonly verdict: Verdict
  readonly sentence: string
  readonly reasons: readonly Reason[]
}
