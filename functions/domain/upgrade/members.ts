import { membersPerChunk } from '../../../events/plan.ts'

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

/** What the upgrade keeps of an open chunk: one character a member, and when the chunk wants attention. */
export interface OpenChunk {
  /** The character encodes status, failures and admissions, so that 25 open chunks stay below 16 KB of state. */
  readonly rows: string
  /** When the earliest member admitted since the last question may have run out. */
  readonly askBy: string | null
  /** When those asked before are to be asked again. */
  readonly askAgain: string | null
  readonly retryAt: string | null
  readonly deferredAt: string | null
}

export type OpenChunks = Readonly<Record<string, OpenChunk>>

/** A half-open range of members. */
export type Range = readonly [from: number, to: number]

const first = 48
const statusCount = memberStatuses.length
const failureCount = 8

function encode(member: Member): string {
  const failures = Math.min(member.failures, failureCount - 1)
  return String.fromCharCode(
    first + memberStatuses.indexOf(member.status) + statusCount * (failures + failureCount * member.n),
  )
}

function decode(code: number): Member {
  const value = code - first
  const status = memberStatuses[value % statusCount]
  if (status === undefined || value < 0) throw new Error(`Character code ${code} is no member of an upgrade.`)
  const rest = Math.floor(value / statusCount)
  return { status, failures: rest % failureCount, n: Math.floor(rest / failureCount) }
}

const pending = encode({ status: 'pending', n: 0, failures: 0 })

/** Returns the number of the chunk that holds a member. */
export function chunkOf(member: number): number {
  return Math.floor(member / membersPerChunk)
}

/** Returns an open chunk in which no member of a plan of `members` has been admitted. */
function untouchedChunk(chunk: number, members: number): OpenChunk {
  const size = Math.min(membersPerChunk, members - chunk * membersPerChunk)
  return { rows: pending.repeat(size), askBy: null, askAgain: null, retryAt: null, deferredAt: null }
}

/** Returns where a member stands; undefined when its chunk is not open. */
export function memberAt(chunks: OpenChunks, member: number): Member | undefined {
  const code = chunks[chunkOf(member)]?.rows.charCodeAt(member % membersPerChunk)
  return code === undefined || Number.isNaN(code) ? undefined : decode(code)
}

/** Returns the members of one chunk as [member, where it stands], in the order of the plan. */
export function* membersOf(chunks: OpenChunks, chunk: number): Generator<[number, Member]> {
  const rows = chunks[chunk]?.rows ?? ''
  for (let offset = 0; offset < rows.length; offset++) {
    yield [chunk * membersPerChunk + offset, decode(rows.charCodeAt(offset))]
  }
}

/** Returns the chunks with the given members changed; chunks that were not open yet are opened. */
export function changeMembers(
  chunks: OpenChunks,
  planMembers: number,
  changed: Iterable<number>,
  change: (member: Member, index: number) => Member,
): OpenChunks {
  const byChunk = new Map<number, number[]>()
  for (const member of changed) {
    const chunk = chunkOf(member)
    const offsets = byChunk.get(chunk)
    if (offsets) offsets.push(member % membersPerChunk)
    else byChunk.set(chunk, [member % membersPerChunk])
  }
  const result: Record<string, OpenChunk> = { ...chunks }
  for (const [chunk, offsets] of byChunk) {
    const open = chunks[chunk] ?? untouchedChunk(chunk, planMembers)
    const characters = [...open.rows]
    for (const offset of offsets) {
      characters[offset] = encode(
        change(decode(open.rows.charCodeAt(offset)), chunk * membersPerChunk + offset),
      )
    }
    result[chunk] = { ...open, rows: characters.join('') }
  }
  return result
}

/** Returns the statuses that the members of a chunk have. */
export function statusesIn(chunk: OpenChunk): ReadonlySet<MemberStatus> {
  const found = new Set<MemberStatus>()
  for (let offset = 0; offset < chunk.rows.length; offset++) {
    const status = memberStatuses[(chunk.rows.charCodeAt(offset) - first) % statusCount]
    if (status) found.add(status)
  }
  return found
}

/** Returns the members of half-open ranges, one by one. */
export function* eachMember(ranges: Iterable<readonly [number, number, ...unknown[]]>): Generator<number> {
  for (const [from, to] of ranges) for (let member = from; member < to; member++) yield member
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

/** Returns the earlier of two instants, where either may be missing. */
export function earlier(a: string | null, b: string | null): string | null {
  if (a === null) return b
  if (b === null) return a
  return a < b ? a : b
}
