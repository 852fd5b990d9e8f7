import type { Told } from '../answers.ts'

/** What happened at one instant that can be looked back to. */
export interface Stop {
  readonly at: string
  readonly commit: number
  readonly sentence: string
}

/** What tells of clockwork alone. */
const clockwork = new Set(['WakeUpMoved', 'ExecutionStarting', 'ExecutionEnded'])

/** Returns what people read of a story: not when the next thing is due. */
export function readable(story: readonly Told[]): readonly Told[] {
  return story.filter(({ type }) => !clockwork.has(type))
}

/** Returns the instants of a story, in their order: one a commit, with the last that it says. */
export function stopsOf(story: readonly Told[]): readonly Stop[] {
  const byCommit = new Map(
    readable(story).map(({ at, commit, sentence }) => [commit, { at, commit, sentence }]),
  )
  return [...byCommit.values()]
}

/** Adds what was told since, each commit once. */
export function joined(known: readonly Told[], more: readonly Told[]): readonly Told[] {
  const last = known.at(-1)?.commit ?? 0
  const news = more.filter(({ commit }) => commit > last)
  return news.length === 0 ? known : [...known, ...news]
}
