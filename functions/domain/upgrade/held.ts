import { type Chunks, memberAt } from './chunks.ts'
import type { MemberStatus } from './members.ts'

/** Returns where a member of a planned upgrade stands; one that is through is not kept by name. */
export function standsAt(chunks: Chunks, member: number): MemberStatus | 'finished' {
  return memberAt(chunks, member)?.status ?? (member < chunks.cursor ? 'finished' : 'pending')
}

/** Does an upgrade still hold a member that stands so: is it at work there, or going to be? */
export function isHeld(status: MemberStatus | 'finished'): boolean {
  return status === 'pending' || status === 'in_flight' || status === 'retrying' || status === 'deferred'
}
