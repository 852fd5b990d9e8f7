/** Where one member of the plan stands. `pending` members were never admitted; the last four are ends. */
export const memberStatuses = [
  'pending',
  'in_flight',
  'retrying',
  'deferred',
  'succeeded',
  'failed',
  'unreachable',
  'skipped',
] as const
export type MemberStatus = (typeof memberStatuses)[number]

export interface Member {
  readonly status: MemberStatus
  /** How often it was admitted. */
  readonly n: number
  /** How many of its attempts failed: retries are counted by these, not by admissions. */
  readonly failures: number
}

/** A member that was never admitted. */
export const pendingMember: Member = { status: 'pending', n: 0, failures: 0 }

/** A half-open range of members. */
export type Range = readonly [from: number, to: number]

/** Ranges of members, perhaps with more said about each. */
export type Ranges = readonly (readonly [from: number, to: number, ...unknown[]])[]

const first = 48
const statusCount = memberStatuses.length
const failureCount = 8

/** Returns a member as one character: status, failures and admissions, so that the chunks that are open stay below 16 KB of state. */
export function toCharacter({ status, n, failures }: Member): string {
  const counted = Math.min(failures, failureCount - 1)
  return String.fromCharCode(
    first + memberStatuses.indexOf(status) + statusCount * (counted + failureCount * n),
  )
}

/** Returns the member that a character's code stands for. Throws an Error when it stands for none. */
export function fromCode(code: number): Member {
  const value = code - first
  const status = memberStatuses[value % statusCount]
  if (status === undefined || value < 0) throw new Error(`Character code ${code} is no member of an upgrade.`)
  const rest = Math.floor(value / statusCount)
  return { status, failures: rest % failureCount, n: Math.floor(rest / failureCount) }
}

/** Returns the status alone that a character's code stands for. */
export function statusFrom(code: number): MemberStatus | undefined {
  return memberStatuses[(code - first) % statusCount]
}

/** Returns the members of half-open ranges, one by one. */
export function* eachMember(ranges: Iterable<Ranges[number]>): Generator<number> {
  for (const [from, to] of ranges) for (let member = from; member < to; member++) yield member
}

/** Returns how many members ranges hold. */
export function sizeOf(ranges: Ranges): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0)
}

/** Returns ascending members as half-open ranges. */
export function toRanges(members: Iterable<number>): [number, number][] {
  const ranges: [number, number][] = []
  for (const member of members) {
    const last = ranges.at(-1)
    if (last && last[1] === member) last[1] = member + 1
    else ranges.push([member, member + 1])
  }
  return ranges
}

/** So many ranges fit into one event whatever their members, with as many digits as members have: 44 KB of 64 (design: #sizes). */
export const rangesPerEvent = 2000

/** Yields ranges so many at a time, in their order. */
export function* inParts<Part>(ranges: readonly Part[], most: number): Generator<Part[]> {
  for (let start = 0; start < ranges.length; start += most) yield ranges.slice(start, start + most)
}
