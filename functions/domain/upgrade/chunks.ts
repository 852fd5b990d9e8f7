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
import {
  type Attention,
  attentionOf,
  noAttention,
  type Placed,
  placedIn,
  sizeOfSparse,
  toSparse,
} from './sparse-chunk.ts'

/** A chunk at work: one character a member, and when they want attention. Who is through and no longer kept by name is `gone`. */
export interface OpenChunk extends Attention {
  readonly rows: string
}

/** The members of a plan in chunks, of which only those at work are kept: the state stays below 16 KB at any fleet size (design: #chunks). */
export interface Chunks {
  /** How many members the plan has. */
  readonly members: number
  /** The first member that was never admitted, skipped ones passed over: whoever is before it, and not kept below, is through. */
  readonly cursor: number
  readonly open: Readonly<Record<string, OpenChunk>>
  /** Chunks of which few are not as nearly all others: before the cursor who waits still, after it who was skipped ahead of time. */
  readonly sparse: Readonly<Record<string, string>>
}

type Data<Type extends UpgradeEvent['type']> = Extract<UpgradeEvent, { type: Type }>['data']

const pending = toCharacter(pendingMember)
const gone = '-'
const waits: ReadonlySet<MemberStatus> = new Set(['in_flight', 'retrying', 'deferred'])

/** A chunk that names as many, or fewer, is kept sparse: beyond that one character a member is shorter. */
const sparseAtMost = 100

/** About so many bytes of the state hold a chunk with one character a member, a sparse one, and each member of that. */
const bytes = { open: 512, sparse: 24, named: 3 }

/** So many bytes of the state are for chunks: 25 of them with all their members at work, who are 10,000. */
export const roomForChunks = 25 * bytes.open

/** Returns the chunks of a plan of so many members, none of them admitted. */
export function closedChunks(members: number): Chunks {
  return { members, cursor: 0, open: {}, sparse: {} }
}

/** Returns the number of the chunk that holds a member. */
export function chunkOf(member: number): number {
  return Math.floor(member / membersPerChunk)
}

/** Has every member of a chunk been admitted, or been passed over? */
function isBehind({ cursor, members }: Chunks, chunk: number): boolean {
  return (chunk + 1) * membersPerChunk <= cursor || cursor >= members
}

/** Returns when the members of a chunk want attention; undefined when nothing is kept of it. */
export function attentionTo({ open, sparse }: Chunks, chunk: number): Attention | undefined {
  const few = sparse[chunk]
  return open[chunk] ?? (few === undefined ? undefined : attentionOf(few))
}

/** Returns when each chunk at work wants attention. */
export function attentions({ open, sparse }: Chunks): Attention[] {
  return [...Object.values(open), ...Object.values(sparse).map(attentionOf)]
}

/** Returns where a member stands; undefined when it is not kept by name: it is through, or was never admitted. */
export function memberAt(chunks: Chunks, member: number): Member | undefined {
  const place = member % membersPerChunk
  return membersIn(chunks, chunkOf(member), place).next().value?.[1]
}

/** Yields the members of one chunk that are kept by name as [member, where it stands], in the order of the plan; the one at `place`, where given. */
function* membersIn({ open, sparse }: Chunks, chunk: number, place?: number): Generator<[number, Member]> {
  const named = open[chunk] ? charactersIn(open[chunk].rows, place) : placedIn(sparse[chunk] ?? '')
  for (const [at, character] of named) {
    if (place !== undefined && place !== at) continue
    yield [chunk * membersPerChunk + at, fromCode(character.charCodeAt(0))]
  }
}

function* charactersIn(rows: string, place = -1): Generator<Placed> {
  const end = place < 0 ? rows.length : Math.min(rows.length, place + 1)
  for (let at = Math.max(0, place); at < end; at++) if (rows[at] !== gone) yield [at, rows.charAt(at)]
}

/** Yields the members that are kept by name and have a status, in the order of the plan; of the chunks that `of` chooses, where it is given. */
export function* membersWith(
  chunks: Chunks,
  status: MemberStatus,
  of: (attention: Attention) => boolean = () => true,
): Generator<[number, Member]> {
  const kept = [...Object.keys(chunks.open), ...Object.keys(chunks.sparse)].map(Number)
  for (const chunk of kept.sort((left, right) => left - right)) {
    const attention = attentionTo(chunks, chunk)
    if (!attention || !of(attention)) continue
    for (const entry of membersIn(chunks, chunk)) if (entry[1].status === status) yield entry
  }
}

/** Returns the members in flight, each with the number of its admission. */
export function membersInFlight(chunks: Chunks): { member: number; n: number }[] {
  return [...membersWith(chunks, 'in_flight')].map(([member, { n }]) => ({ member, n }))
}

const isAhead = ({ cursor }: Chunks, chunk: number) => chunk > chunkOf(cursor)

/** Returns about how many bytes of the state hold the sparse chunks that `of` chooses. */
function bytesOfSparse({ sparse }: Chunks, of: (chunk: number) => boolean = () => true): number {
  let sum = 0
  for (const [chunk, text] of Object.entries(sparse))
    if (of(Number(chunk))) sum += bytes.sparse + bytes.named * sizeOfSparse(text)
  return sum
}

/** Returns the open chunks, those that the cursor has not come to apart. */
function openChunks(chunks: Chunks): { readonly begun: Set<number>; readonly ahead: number } {
  const all = Object.keys(chunks.open).map(Number)
  const begun = new Set(all.filter((chunk) => !isAhead(chunks, chunk)))
  return { begun, ahead: all.length - begun.size }
}

/** Is there room for one more member that is skipped ahead of time? A third of what chunks may take is for those. */
export function hasRoomAhead(chunks: Chunks): boolean {
  const ahead = openChunks(chunks).ahead * bytes.open
  return ahead + bytesOfSparse(chunks, (chunk) => isAhead(chunks, chunk)) < roomForChunks / 3
}

/**
 * Yields never admitted members from the cursor on, before `end`, as far as the chunks that they open fit into so many bytes of the state. One
 * always does: however many others wait, the upgrade goes on.
 */
export function* freshMembers(chunks: Chunks, end: number, room: number): Generator<number> {
  const { begun: open, ahead } = openChunks(chunks)
  const most = Math.max(1, Math.floor((room - bytesOfSparse(chunks)) / bytes.open) - ahead)
  for (let member = chunks.cursor; member < end; member++) {
    const chunk = chunkOf(member)
    if (!open.has(chunk) && open.size >= most) return
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
  const kept = [...members].filter((member) => memberAt(chunks, member) !== undefined)
  return fold(change(chunks, kept, (member) => ({ ...member, status: 'failed' })))
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

/** Moves the cursor over members before `end` that were skipped ahead of it, and forgets whom nothing waits for any more. */
export function settle(chunks: Chunks, end: number): Chunks {
  let { cursor } = chunks
  while (cursor < end && memberAt(chunks, cursor)?.status === 'skipped') cursor++
  return fold({ ...chunks, cursor })
}

/** Keeps of each chunk what is needed: nothing when all are through, those who wait when nearly all are. */
function fold(chunks: Chunks): Chunks {
  const open: Record<string, OpenChunk> = {}
  const sparse: Record<string, string> = { ...chunks.sparse }
  for (const [key, chunk] of Object.entries(chunks.open)) {
    const from = Number(key) * membersPerChunk
    const passed = isBehind(chunks, Number(key))
    const statuses = new Set<MemberStatus | undefined>()
    const named: Placed[] = []
    for (const [place, character] of charactersIn(chunk.rows)) {
      const status = statusFrom(character.charCodeAt(0))
      statuses.add(status)
      if (passed ? status !== undefined && waits.has(status) : status !== 'pending')
        named.push([place, character])
    }
    const isAtWork = !passed && from <= chunks.cursor
    if (!isAtWork && named.length === 0) continue
    const attention = {
      askBy: statuses.has('in_flight') ? chunk.askBy : null,
      askAgain: statuses.has('in_flight') ? chunk.askAgain : null,
      retryAt: statuses.has('retrying') ? chunk.retryAt : null,
      deferredAt: statuses.has('deferred') ? chunk.deferredAt : null,
    }
    if (isAtWork || named.length > sparseAtMost) open[key] = { rows: chunk.rows, ...attention }
    else sparse[key] = toSparse(attention, named)
  }
  for (const [key, few] of Object.entries(sparse))
    if (isPassedOver(chunks, Number(key), few)) delete sparse[key]
  return { ...chunks, open, sparse }
}

/** Has the cursor gone over a chunk whose members were all skipped ahead of it? Of who waits none is skipped. */
function isPassedOver(chunks: Chunks, chunk: number, sparse: string): boolean {
  const { value } = placedIn(sparse).next()
  return isBehind(chunks, chunk) && (value === undefined || statusFrom(value[1].charCodeAt(0)) === 'skipped')
}

/** Changes members; chunks of which nothing or little was kept are opened. */
function change(
  chunks: Chunks,
  changed: Iterable<number>,
  to: (member: Member, index: number) => Member,
): Chunks {
  const open: Record<string, OpenChunk> = { ...chunks.open }
  const sparse: Record<string, string> = { ...chunks.sparse }
  for (const [chunk, members] of Map.groupBy(changed, chunkOf)) {
    const before = opened(chunks, chunk)
    const characters = [...before.rows]
    for (const index of members) {
      const place = index % membersPerChunk
      characters[place] = toCharacter(to(fromCode(before.rows.charCodeAt(place)), index))
    }
    open[chunk] = { ...before, rows: characters.join('') }
    delete sparse[chunk]
  }
  return { ...chunks, open, sparse }
}

/** Changes when chunks want attention. Of one that is through nothing is kept, and it wants none any more. */
function attend(
  chunks: Chunks,
  which: Iterable<number>,
  to: (attention: Attention) => Partial<Attention>,
): Chunks {
  const open: Record<string, OpenChunk> = { ...chunks.open }
  const sparse: Record<string, string> = { ...chunks.sparse }
  for (const chunk of which) {
    const before = open[chunk]
    const few = sparse[chunk]
    if (before) open[chunk] = { ...before, ...to(before) }
    else if (few !== undefined) {
      const attention = attentionOf(few)
      sparse[chunk] = toSparse({ ...attention, ...to(attention) }, [...placedIn(few)])
    }
  }
  return { ...chunks, open, sparse }
}

/** Returns a chunk with one character a member, however much is kept of it. */
function opened(chunks: Chunks, chunk: number): OpenChunk {
  const known = chunks.open[chunk]
  if (known) return known
  const size = Math.min(membersPerChunk, chunks.members - chunk * membersPerChunk)
  const few = chunks.sparse[chunk]
  if (few === undefined) return { rows: pending.repeat(size), ...noAttention }
  const characters = Array.from({ length: size }, () => (isBehind(chunks, chunk) ? gone : pending))
  for (const [place, character] of placedIn(few)) characters[place] = character
  return { rows: characters.join(''), ...attentionOf(few) }
}
