/** Returns a count with its noun, and with what agrees with it: `1 target`, `2 targets`. Where more than one is another word than with an s, that is brought along: `1 is`, `2 are`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}

/** Returns what has passed a limit, and how much it allows; `wave` is where it was counted, unless that is the whole upgrade. */
export function breachPhrase(
  {
    kind,
    count,
    allowed,
  }: {
    readonly kind: 'failures' | 'unreachable' | 'unavailable' | 'budget'
    readonly count: number
    readonly allowed: number
  },
  wave: string,
): string {
  const whole = 'the whole upgrade'
  if (kind === 'unavailable')
    return `${counted(count, 'target')} failed or unreachable use up what may be unavailable of ${whole}`
  const lost =
    kind === 'unreachable'
      ? `${counted(count, 'target was', 'targets were')} unreachable`
      : `${counted(count, 'target')} failed`
  return `${lost} in ${kind === 'budget' ? whole : wave}, ${counted(allowed, 'is', 'are')} allowed`
}

/** Why a plan leaves out a target, by its code: what follows "it was", and a count. */
export const leftOutPhrases = {
  retired: 'retired',
  component_missing: 'without the component',
  pinned: 'pinned',
  no_earlier_version: 'without a known version before',
  already_at_version: 'at the version already',
  newer_version: 'at a newer version',
  below_minimum_version: 'at a version too old for the release',
  version_unplaced: 'at a version that has no place among those of the component',
  incompatible: 'unfit for the release',
  not_entitled: 'without a licence for the release',
  update_in_progress: 'under way in another upgrade',
  not_ready: 'unheard of for 24 hours',
  after_canaries: 'none of the canaries, for whom alone it is',
  release_withdrawn: 'from a release that was withdrawn or is blocked',
  release_unpublished: 'from a version that nobody has published',
  release_distrusted: 'from a release that too few have signed who count',
  member_elsewhere: 'in another profile',
  critical: 'critical',
  canary_resource: 'left to canaries of another profile',
  rollback_unwanted: 'set to stay where it is',
  not_selected: 'not selected',
  moved_on: 'changed since by a newer upgrade',
  unreadable: 'unreadable, which somebody has to mend',
} as const

/** Returns why targets were left out, in words; a code that has none is what it is. */
export function leftOutPhrase(reason: string): string {
  const phrases: Readonly<Record<string, string>> = leftOutPhrases
  return (Object.hasOwn(phrases, reason) ? phrases[reason] : undefined) ?? reason.replaceAll('_', ' ')
}

/** Returns how many are left out for each reason, in the order of their codes; none where nobody is, or nobody knows yet. */
export function leftOutWords(counts: Readonly<Record<string, number>> | null | undefined): string[] {
  return Object.entries(counts ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([reason, count]) => `${count} ${leftOutPhrase(reason)}`)
}

/** Why an upgrade does not advance, by the code of its hold: what follows "it". */
export const upgradeHoldPhrases = {
  WINDOW_CLOSED: 'is outside of its window, or a calendar is closed',
  FREEZE: 'is stopped, as everything is',
  POLICY: 'does not meet a policy',
  BUDGET: 'waits for its share of a budget',
  GATE_FAILED: 'has not passed the gate of its wave',
  GATE_INCONCLUSIVE: 'has no data to judge its wave by',
  BAKING: 'watches its wave before the next',
  APPROVAL: 'waits for approval',
  CONTINUE: 'waits for a person to continue',
  OPERATOR: 'is paused',
  BUSY: 'waits for targets that another upgrade has under way',
  SPACING: 'waits before the next target',
} as const

/** The same of a rollout. */
export const rolloutHoldPhrases = {
  APPROVAL: upgradeHoldPhrases.APPROVAL,
  OPERATOR: upgradeHoldPhrases.OPERATOR,
  PHASE_FAILED: 'has a part that did not end well',
  PHASE_OVERTAKEN: 'has a part that was overtaken',
  RESTING: 'rests after a part',
} as const

/** Returns why something does not advance, as what follows "it"; undefined for a code that is no hold's. */
export function holdPhrase(code: string): string | undefined {
  const phrases: Readonly<Record<string, string>> = { ...upgradeHoldPhrases, ...rolloutHoldPhrases }
  return Object.hasOwn(phrases, code) ? phrases[code] : undefined
}

/** How a rollback stands, by its status, as what it takes back is called; what is not here is under way. */
const backPhrases: Readonly<Record<string, string>> = {
  ...{ completed: 'taken back by', completed_with_exceptions: 'taken back, with exceptions, by' },
  ...{ pending: 'to be taken back by', pending_approval: 'to be taken back by' },
  ...{ failed: 'not all taken back by', aborted: 'not all taken back by' },
  ...{ rejected: 'not taken back by', expired: 'not taken back by' },
}

/** Returns what is said of a run before the id of its rollback, by the status of that. */
export function backPhrase(status: string): string {
  return (Object.hasOwn(backPhrases, status) ? backPhrases[status] : undefined) ?? 'being taken back by'
}
