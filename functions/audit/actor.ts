import type { Commit } from '../../events/envelope.ts'
import type { Finding } from './finding.ts'

/** Names that are the system's, or begin as an agent's or a receiver's does. */
const notOfPeople = /^\s*(drydock\s*$|target:|gateway:|receiver:)/i

/** Says by the cause of a commit whether its actor may be the one who asked; undefined: it may, or nobody asked. */
function faultOf({ actor, causation = '' }: Commit): string | undefined {
  if (causation.startsWith('request:person:') && notOfPeople.test(actor))
    return `A person asked for it, and it is said to be of ${actor}.`
  if (/^request:(agent|enrolment):/.test(causation) && !actor.startsWith('target:'))
    return `An agent asked for it, and it is said to be of ${actor}.`
  if (causation.startsWith('request:capability:') && !actor.startsWith('receiver:'))
    return `The receiver of a message asked for it, and it is said to be of ${actor}.`
  return undefined
}

/** Holds the commits of a stream against L4: who asked for each is told by its cause, and has to fit its actor. Names every one that does not. */
export function auditActors(stream: string, commits: readonly Commit[]): Finding[] {
  return commits.flatMap((commit) => {
    const words = faultOf(commit)
    return words === undefined ? [] : [{ invariant: 'L4' as const, stream, commit: commit.commit, words }]
  })
}
