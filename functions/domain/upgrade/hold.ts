import type { upgradeHoldPhrases } from '../../../events/phrases.ts'

export type HoldCode = keyof typeof upgradeHoldPhrases

/** A reason why the upgrade does not advance now. */
export interface Hold {
  readonly code: HoldCode
  readonly since: string
  readonly until: string | null
  readonly ref: string | null
  /** When the wait ends by itself, if nothing else has ended it; null: it does not. */
  readonly lapses: string | null
}

type Holds = readonly Hold[]

/** What ends each hold, in words for the person who reads it. */
const unblockedBy: Readonly<Record<HoldCode, string>> = {
  WINDOW_CLOSED: 'The window opens and no calendar closes it, or an operator resumes with another window.',
  FREEZE: 'Somebody lifts the stop with a reason.',
  POLICY: 'What the policy asks for is there, or an administrator changes the policy.',
  BUDGET:
    'Another upgrade gives back what it has of the budget, by itself, or an administrator changes the policy.',
  GATE_FAILED: 'An operator looks at the failures and resumes, aborts or rolls back.',
  GATE_INCONCLUSIVE: 'An operator judges the wave, since there is no data, and resumes or aborts.',
  BAKING: 'The bake time ends.',
  APPROVAL: 'Somebody entitled approves.',
  CONTINUE: 'Somebody entitled continues.',
  OPERATOR: 'An operator resumes or aborts.',
  BUSY: 'The attempt of the other upgrade on its targets ends.',
  SPACING: 'So long after the last attempt the next may begin.',
}

/** What a hold cites that waits for the second person of a break-glass. */
const breakGlassRef = 'break-glass'

/** What comes of a wait that lapses. */
const lapsedWords: Readonly<Partial<Record<HoldCode, string>>> = {
  WINDOW_CLOSED: 'Nothing opens any more: the rest is left out then',
  APPROVAL: 'Nobody has to wait for ever: it goes no further then',
  CONTINUE: 'Nobody has to wait for ever: it goes no further then',
}

/** Returns what ends a hold, in words for the person who reads it. */
export function unblockOf({ code, ref, lapses }: Pick<Hold, 'code' | 'ref' | 'lapses'>): string {
  const words =
    code === 'APPROVAL' && ref === breakGlassRef
      ? 'Somebody else than who asked approves (break-glass); it then runs even while everything is stopped.'
      : unblockedBy[code]
  const lapsed = lapsedWords[code]
  return lapses === null || lapsed === undefined ? words : `${words} ${lapsed}, at ${lapses}.`
}

/** Returns the holds with one more; one of its code takes the place of the one before. */
export function withHold(holds: Holds, code: HoldCode, hold: Omit<Hold, 'code'>): Holds {
  return [...holds.filter((present) => present.code !== code), { code, ...hold }]
}

/** Returns the holds without those of these codes. */
export function withoutHolds(holds: Holds, ...codes: readonly HoldCode[]): Holds {
  return holds.filter((present) => !codes.includes(present.code))
}

/** Returns the hold that waits for the approval of a plan. */
export function awaitingApproval(since: string, lapses: string, breakGlass: boolean): Omit<Hold, 'code'> {
  return { since, until: null, ref: breakGlass ? breakGlassRef : null, lapses }
}

/** Returns the hold of a code, where there is one. */
export function holdOf(holds: Holds, code: HoldCode): Hold | undefined {
  return holds.find((hold) => hold.code === code)
}

/** Do a closed window, a stop or a policy keep everybody out? */
export function keepsEverybodyOut(holds: Holds): boolean {
  return holds.some(({ code }) => code === 'WINDOW_CLOSED' || code === 'FREEZE' || code === 'POLICY')
}
