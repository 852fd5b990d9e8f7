import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Rejection } from '../rejection.ts'
import type { Candidate } from './candidate.ts'
import type { CandidateList } from './candidate-list.ts'
import type { PlannedWaves } from './waves.ts'

type Groups = NonNullable<UpgradeRequest['groups']>

/** What groups by regions rather than by a tag. */
const byRegion = 'region'

/** So many targets are named where more are refused. */
const namedAtMost = 100
/** So many of them in the sentence too. */
const toldAtMost = 10

/** Returns the value by which a target is put into a group; null: it has none. */
export function groupValue(
  { by }: Groups,
  { region, tags }: Pick<Candidate, 'region' | 'tags'>,
): string | null {
  if (by === byRegion) return region
  return Object.hasOwn(tags, by) ? (tags[by] ?? null) : null
}

/** Returns the number of the group of each candidate, by its place; those whom no group means have the number after the last. */
function numbersOf({ order }: Groups, candidates: CandidateList): (place: number) => number {
  const numbers = new Map<string | null | undefined, number>(order.map((value, number) => [value, number]))
  return (place) => numbers.get(candidates.groupAt(place)) ?? order.length
}

/** Sorts members by their number, those of one number as they were. */
function sortByNumber(members: Uint32Array, numberOf: (place: number) => number, numbers: number): void {
  const next = new Uint32Array(numbers + 1)
  for (const place of members) next[numberOf(place) + 1] = (next[numberOf(place) + 1] ?? 0) + 1
  for (let number = 1; number <= numbers; number++)
    next[number] = (next[number] ?? 0) + (next[number - 1] ?? 0)
  const before = members.slice()
  for (const place of before) {
    const number = numberOf(place)
    const at = next[number] ?? 0
    members[at] = place
    next[number] = at + 1
  }
}

/** Names the targets whom no group means, and how many they are. */
function refuseOthers({ by }: Groups, others: Uint32Array, candidates: CandidateList): Rejection {
  const named = Array.from(others.subarray(0, namedAtMost), (place) => {
    const value = candidates.groupAt(place)
    return { target: candidates.targetAt(place), value }
  })
  const words = named
    .slice(0, toldAtMost)
    .map(({ target, value }) => `${target} (${value ?? `no ${by}`})`)
    .join(', ')
  const more = others.length > toldAtMost ? ` and ${others.length - toldAtMost} more` : ''
  const who = others.length === 1 ? '1 target is' : `${others.length} targets are`
  return {
    code: 'outside-groups',
    detail: `${who} in none of the groups: ${words}${more}. Add the values to groups.order, select without them, or send groups.others "last".`,
    fields: named.map(({ target, value }) => ({
      field: 'groups.order',
      value: `${target} ${value ?? ''}`.trim(),
      expected: `a group for each ${by} of the targets selected`,
    })),
  }
}

/**
 * Sorts members, places of candidates in the order in which they are upgraded, into the groups of a request: one wave each, in the order given, and
 * inside of each the order of before. The critical targets of the first group are a wave of their own after its others. Whom no group means refuses
 * the plan by name, or goes last, as the request says; a first group of critical targets alone is refused where others are not (design: #groups).
 */
export function putInGroups(
  groups: Groups,
  members: Uint32Array,
  candidates: CandidateList,
): PlannedWaves | { readonly rejected: Rejection } {
  const numberOf = numbersOf(groups, candidates)
  const others = members.filter((place) => numberOf(place) === groups.order.length)
  if (others.length > 0 && groups.others === 'refuse')
    return { rejected: refuseOthers(groups, others, candidates) }
  sortByNumber(members, numberOf, groups.order.length + 1)
  const cuts: number[] = []
  const entries: number[] = []
  let uncriticalFirst = 0
  let uncritical = 0
  for (const [at, place] of members.entries()) {
    const number = numberOf(place)
    if (entries.at(-1) !== number) {
      if (at > 0) cuts.push(at)
      entries.push(number)
    }
    if (candidates.at(place).critical) continue
    uncritical++
    if (entries.length === 1) uncriticalFirst++
  }
  cuts.push(members.length)
  const [first = 0] = cuts
  if (uncriticalFirst === 0 && uncritical > 0)
    return { rejected: refuseCriticalFirst(groups, entries[0] ?? 0) }
  const [firstEntry = 0] = entries
  return uncriticalFirst > 0 && uncriticalFirst < first
    ? {
        waves: { kind: 'cuts', cuts: [uncriticalFirst, ...cuts] },
        droppedWaves: [],
        entries: [firstEntry, ...entries],
      }
    : { waves: { kind: 'cuts', cuts }, droppedWaves: [], entries }
}

function refuseCriticalFirst({ by, order }: Groups, number: number): Rejection {
  const value = order[number] ?? null
  const who = value === null ? `without a group` : `of the ${by} ${value}`
  return {
    code: 'critical-targets-first',
    detail: `All targets ${who} are critical, and they would be the first wave while others are not. Put another group first.`,
    fields: [
      {
        field: 'groups.order.0',
        value: value ?? '',
        expected: 'a group in which not every target is critical',
      },
    ],
  }
}

/** Returns the values of a request that no member of its plan has: their waves would have been empty. */
export function emptyGroups(
  { groups }: Pick<UpgradeRequest, 'groups'>,
  { entries = [] }: Pick<PlannedWaves, 'entries'>,
): string[] {
  const taken = new Set(entries)
  return groups?.order.filter((_, number) => !taken.has(number)) ?? []
}
