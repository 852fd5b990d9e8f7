import type { HeadsDocument } from '../../../events/heads.ts'
import type { KeptHeads } from '../../log/heads.ts'

/** The documents of one day's round over all streams, by their numbers. */
export interface KeptRound {
  readonly first: number
  readonly last: number
  /** When its last document was made. */
  readonly at: string
  /** Did all of it begin after the instant that was asked for? */
  readonly covers: boolean
}

type Ask = (number: number) => Promise<HeadsDocument>

/** Returns the smallest number within a range, its end left out, whose document is so; the end where none is. What is so stays so. */
async function firstWhere(
  numbered: Ask,
  [from, end]: readonly [number, number],
  is: (document: HeadsDocument) => boolean,
): Promise<number> {
  let [low, high] = [from, end]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (is(await numbered(middle))) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Returns the first round over all streams that began after an instant, or the last whole one where none has; undefined: there is none.
 * Documents are numbered without a gap, and their days do not fall: it takes some dozen reads, however many there are. Where a clock was wrong and days
 * do fall, what is found may be no whole round: then there is none.
 */
export async function roundAfter(
  { newest, numbered }: KeptHeads,
  instant: string,
): Promise<KeptRound | undefined> {
  const last = await newest()
  if (!last) return undefined
  const end = last.number + 1
  /** The round of the day of a document, where it is whole. */
  const roundOf = async (day: string, covers: boolean): Promise<KeptRound | undefined> => {
    const from = await firstWhere(numbered, [1, end], (one) => one.day >= day)
    const next = await firstWhere(numbered, [from, end], (one) => one.day > day)
    if (from === next) return undefined
    const [before, closing] = [from === 1 ? undefined : await numbered(from - 1), await numbered(next - 1)]
    const whole = closing.through === null && (before === undefined || before.through === null)
    return whole ? { first: from, last: next - 1, at: closing.at, covers } : undefined
  }
  const later = await firstWhere(numbered, [1, end], ({ at }) => at >= instant)
  if (later < end) {
    // What this one says was read before it was made, perhaps before the instant: the round after its own was not.
    // Its own day is a later one too: by that alone the pack shows that it was begun afterwards.
    const { day } = await numbered(later)
    const next = await firstWhere(
      numbered,
      [later, end],
      (one) => one.day > day && one.day > instant.slice(0, day.length),
    )
    const found = next < end ? await roundOf((await numbered(next)).day, true) : undefined
    if (found) return found
  }
  const whole = last.through === null ? last.number : last.number - 1
  for (let number = whole, days = 0; number >= 1 && days < 2; days++) {
    const { day } = await numbered(number)
    const found = await roundOf(day, false)
    if (found) return found
    number = (await firstWhere(numbered, [1, end], (one) => one.day >= day)) - 1
  }
  return undefined
}
