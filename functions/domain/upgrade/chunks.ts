import { membersPerChunk } from '../../../events/plan.ts'
import { earliest } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { meaningOf } from '../target/outcome.ts'
import {
  eachMember,
  fromCode,
  type Member,
  type MemberStatus,
  pendingMember,
  type Ranges,
  statusFrom,
  toCharacter,
} from './members.ts'

/** What the upgrade keeps of an open chunk: one character a member, and when the chunk wants attention. */
export interface OpenChunk {
  readonly rows: string
  /** When the earliest member admitted since the last question may have run out. */
  readonly askBy: string | null
  /** When those asked before are to be asked again. */
  readonly askAgain: string | null
  readonly retryAt: string | null
  readonly deferredAt: string | null
}

/** The members of a plan in chunks, of which only those at work are open: the state stays below 16 KB at any fleet size. */
export interface Chunks {
  /** How many members the plan has. */
  readonly members: number
  /** The first member that was never admitted, skipped ones passed over: whoever is before it and not in an open chunk is through. */
  readonly cursor: number
  readonly open: Readonly<Record<string, OpenChunk>>
}

type Data<Type extends UpgradeEvent['type']> = Extract<UpgradeEvent, { type: Type }>['data']

const pending = toCharacter(pendingMember)

/** Returns the chunks of a plan of so many members, none of them admitted. */
export function closedChunks(members: number): Chunks {
  return { members, cursor: 0, open: {} }
}

/** Returns the number of the chunk that holds a member. */
export function chunkOf(member: number): number {
  return Math.floor(member / membersPerChunk)
}

/** Returns where a member stands; undefined when its chunk is not open. */
export function memberAt({ open }: Chunks, member: number): Member | undefined {
  const code = open[chunkOf(member)]?.rows.charCodeAt(member % membersPerChunk)
  return code === undefined || Number.isNaN(code) ? undefined : fromCode(code)
}

/** Yields the members of one chunk as [member, where it stands], in the order of the plan; none when it is not open. */
function* membersIn({ open }: Chunks, chunk: number): Generator<[number, Member]> {
  const rows = open[chunk]?.rows ?? ''
  for (let offset = 0; offset < rows.length; offset++) {
    yield [chunk * membersPerChunk + offset, fromCode(rows.charCodeAt(offset))]
  }
}

/** Yields the members of open chunks that have a status, in the order of the plan; of the chunks that `of` chooses, where it is given. */
export function* membersWith(
  chunks: Chunks,
  status: MemberStatus,
  of: (chunk: OpenChunk) => boolean = () => true,
): Generator<[number, Member]> {
  for (const [chunk, open] of Object.entries(chunks.open)) {
    if (!of(open)) continue
    for (const entry of membersIn(chunks, Number(chunk))) if (entry[1].status === status) yield entry
  }
}

/** Returns the members in flight, each with the number of its admission. */
export function membersInFlight(chunks: Chunks): { member: number; n: number }[] {
  return [...membersWith(chunks, 'in_flight')].map(([member, { n }]) => ({ member, n }))
}

/** Yields never admitted members from the cursor on, before `end`, as far as they lie in so many open chunks at most. */
export function* freshMembers(chunks: Chunks, end: number, openAtMost: number): Generator<number> {
  const open = new Set(Object.keys(chunks.open).map(Number))
  for (let member = chunks.cursor; member < end; member++) {
    const chunk = chunkOf(member)
    if (!open.has(chunk) && open.size >= openAtMost) return
    open.add(chunk)
    if ((memberAt(chunks, member)?.status ?? 'pending') === 'pending') yield member
  }
}

/** Returns the chunks with these members in flight, to be asked about at `askBy`; `end` is where the present wave ends. */
export function admitMembers(
  chunks: Chunks,
  { members, retried, readmitted }: Data<'TargetsAdmitted'>,
  askBy: string | null,
  end: number,
): Chunks {
  const all: Ranges = [...members, ...retried, ...readmitted]
  const entered = change(chunks, eachMember(all), (member) => ({
    ...member,
    status: 'in_flight',
    n: member.n + 1,
  }))
  const asked = new Set([...eachMember(all)].map(chunkOf))
  const attended = attend(entered, asked, (chunk) => ({ askBy: earliest(chunk.askBy, askBy) }))
  const cursor = members.reduce((reached, [, to]) => Math.max(reached, to), chunks.cursor)
  return settle({ ...attended, cursor }, end)
}

/** Returns the chunks after these ends, and the most failed tries of any member that is to be tried again. */
export function endMembers(
  chunks: Chunks,
  { outcomes, due }: Data<'OutcomesRecorded'>,
  end: number,
): { readonly chunks: Chunks; readonly failedTries: number } {
  const ends = new Map(outcomes.map((outcome) => [outcome.member, outcome]))
  let failedTries = 0
  const ended = change(chunks, ends.keys(), (member, index) => {
    const outcome = ends.get(index)
    if (!outcome) return member
    if (outcome.again !== 'retry')
      return { ...member, status: outcome.again ?? meaningOf(outcome.outcome).counts }
    const failures = member.failures + 1
    failedTries = Math.max(failedTries, failures)
    return { ...member, status: 'retrying', failures }
  })
  const waiting = due.reduce(
    (open, { chunk, kind, at }) =>
      attend(open, [chunk], () => (kind === 'retry' ? { retryAt: at } : { deferredAt: at })),
    ended,
  )
  return { chunks: settle(waiting, end), failedTries }
}

/** Returns the chunks with these members failed after all; those that are through are not kept by name. */
export function regressMembers(chunks: Chunks, members: Iterable<number>): Chunks {
  const kept = [...members].filter((member) => chunks.open[chunkOf(member)] !== undefined)
  return change(chunks, kept, (member) => ({ ...member, status: 'failed' }))
}

/** Returns the chunks with these members skipped. */
export function skipMembers(chunks: Chunks, members: Ranges, end: number): Chunks {
  return settle(
    change(chunks, eachMember(members), (member) => ({ ...member, status: 'skipped' })),
    end,
  )
}

/** Returns the chunks with these members failed, who waited for another try. */
export function failMembers(chunks: Chunks, members: Ranges, end: number): Chunks {
  return settle(
    change(chunks, eachMember(members), (member) => ({ ...member, status: 'failed' })),
    end,
  )
}

/** Returns the chunks after these members were asked about; they are asked again at an instant unless they have ended by then. */
export function askMembers(chunks: Chunks, members: Ranges, again: string): Chunks {
  return attend(chunks, new Set([...eachMember(members)].map(chunkOf)), () => ({
    askBy: null,
    askAgain: again,
  }))
}

/** Returns the chunks with the next question to one of them moved, as its targets answered. */
export function moveQuestion(chunks: Chunks, chunk: number, until: string): Chunks {
  return attend(chunks, [chunk], () => ({ askAgain: until }))
}

/** Moves the cursor over members before `end` that were skipped ahead of it, and forgets the rows of chunks that are through. */
export function settle(chunks: Chunks, end: number): Chunks {
  let { cursor } = chunks
  while (cursor < end && memberAt(chunks, cursor)?.status === 'skipped') cursor++
  const kept: Record<string, OpenChunk> = {}
  for (const [chunk, open] of Object.entries(chunks.open)) {
    const has = statusesIn(open)
    const waiting = has.has('pending') || has.has('in_flight') || has.has('retrying') || has.has('deferred')
    const through = (Number(chunk) + 1) * membersPerChunk <= cursor || cursor >= chunks.members
    if (through && !waiting) continue
    kept[chunk] = {
      rows: open.rows,
      askBy: has.has('in_flight') ? open.askBy : null,
      askAgain: has.has('in_flight') ? open.askAgain : null,
      retryAt: has.has('retrying') ? open.retryAt : null,
      deferredAt: has.has('deferred') ? open.deferredAt : null,
    }
  }
  return { ...chunks, cursor, open: kept }
}

function statusesIn({ rows }: OpenChunk): ReadonlySet<MemberStatus> {
  const found = new Set<MemberStatus>()
  for (let offset = 0; offset < rows.length; offset++) {
    const status = statusFrom(rows.charCodeAt(offset))
    if (status) found.add(status)
  }
  return found
}

/** Changes members; chunks that were not open yet are opened. */
function change(
  chunks: Chunks,
  changed: Iterable<number>,
  to: (member: Member, index: number) => Member,
): Chunks {
  const open: Record<string, OpenChunk> = { ...chunks.open }
  for (const [chunk, members] of Map.groupBy(changed, chunkOf)) {
    const before = open[chunk] ?? untouched(chunk, chunks.members)
    const characters = [...before.rows]
    for (const index of members) {
      const offset = index % membersPerChunk
      characters[offset] = toCharacter(to(fromCode(before.rows.charCodeAt(offset)), index))
    }
    open[chunk] = { ...before, rows: characters.join('') }
  }
  return { ...chunks, open }
}

/** Changes when chunks want attention. One that is through is not kept, and wants none any more. */
function attend(
  chunks: Chunks,
  which: Iterable<number>,
  to: (chunk: OpenChunk) => Partial<Omit<OpenChunk, 'rows'>>,
): Chunks {
  const open: Record<string, OpenChunk> = { ...chunks.open }
  for (const chunk of which) {
    const before = open[chunk]
    if (before) open[chunk] = { ...before, ...to(before) }
  }
  return { ...chunks, open }
}

function untouched(chunk: number, members: number): OpenChunk {
  const size = Math.min(membersPerChunk, members - chunk * membersPerChunk)
  return { rows: pending.repeat(size), askBy: null, askAgain: null, retryAt: null, deferredAt: null }
}
