/** Returns a count with its noun: `1 target`, `2 targets`. Nouns whose plural is another word bring it along. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
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
  incompatible: 'unfit for the release',
  not_entitled: 'without a licence for the release',
  update_in_progress: 'under way in another upgrade',
  not_ready: 'unheard of for 24 hours',
  after_canaries: 'none of the canaries, for whom alone it is',
  release_withdrawn: 'from a release that was withdrawn or is blocked',
  release_distrusted: 'from a release that too few have signed who count',
  member_elsewhere: 'in another profile',
  critical: 'critical',
  canary_resource: 'left to canaries of another profile',
  rollback_unwanted: 'set to stay where it is',
  not_selected: 'not selected',
  moved_on: 'changed since by a newer upgrade',
} as const

/** Returns why targets were left out, in words; a code that has none is what it is. */
export function leftOutPhrase(reason: string): string {
  const phrases: Readonly<Record<string, string>> = leftOutPhrases
  return phrases[reason] ?? reason.replaceAll('_', ' ')
}
