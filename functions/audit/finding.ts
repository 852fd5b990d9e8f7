import type { Commit } from '../../events/envelope.ts'

/** The invariants that a log alone can show (design: #invariants; W: those of profiles and their windows, L: those of what proves the log), each with what it says. */
export const invariants = {
  I1: 'one active attempt per target',
  I2: 'no admission or hand-over outside the window, or inside a stop or closed calendar, or after a withdrawal, older than 5 s',
  I3: 'in flight and out of service within the limits, spaced as asked, and nothing new admitted while failures exceed theirs',
  I4: 'no wave before the gates and waves before it, each with what was asked of it, groups in their order',
  I5: 'counters equal the fold and are never negative',
  I9: 'no admission after a pause or abort, and no assignment later than one batch',
  I10: 'a rollback goes to the last confirmed version',
  I12: 'every execution acts for the present generation',
  I13: 'the hash chain verifies',
  I14: 'enough distinct approvers, none the requester, bound to the plan',
  I15: 'nothing withdrawn, untrusted, expired, blocked, pinned against or changed since planning is assigned or handed over',
  I16: 'a rollback of all takes back, or leaves out by name, all that the upgrade or its retries changed',
  I17: 'no phase of a rollout begins before all that it depends on has ended well and rested',
  I18: 'a phase is the upgrade that was planned with its rollout, and ends as that one does',
  I19: 'a step of a procedure is begun again only where it is known not to be done, may be repeated, or a person said so',
  I20: 'the steps of a procedure are taken in their order, and undone in the reverse of it',
  I21: 'nothing is admitted that a policy in force forbids, nor begun without the approvals that policies ask for',
  I22: 'no more is shared out than policies let all upgrades do together, and no upgrade uses more than its share',
  W1: 'no window of a profile is judged twice',
  W2: 'nothing of a profile opens or starts out of service, or runs outside a window that opened',
  W3: 'every execution of a profile is summarised once, as its upgrade ended',
  W4: 'what depends on a profile rolls out only what that one has rolled out well',
  L1: 'a snapshot holds what the commits up to it make',
  L2: 'the Catalogue lists each stream where it belongs',
  L3: 'heads are signed every day, each following from the one before',
  L4: 'no person acts under the name of the system or of an agent, and no agent under another',
} as const
export type Invariant = keyof typeof invariants

/** What one stream shows by itself: nothing that others say meanwhile makes it right. */
export const ofOneStream: ReadonlySet<Invariant> = new Set(['I13', 'L1', 'L2', 'L3', 'L4'])

/** A place where the log breaks an invariant. */
export interface Finding {
  readonly invariant: Invariant
  readonly stream: string
  readonly commit: number
  readonly words: string
}

/** Collects findings about one stream. */
export class Findings {
  readonly #found: Finding[]
  readonly #stream: string

  constructor(found: Finding[], stream: string) {
    this.#found = found
    this.#stream = stream
  }

  /** Notes a finding unless `holds`. */
  expect(holds: boolean, invariant: Invariant, { commit }: Pick<Commit, 'commit'>, words: string): void {
    if (!holds) this.#found.push({ invariant, stream: this.#stream, commit, words })
  }
}
