import { canonicalJson } from '../../../events/canonical.ts'
import type { Commit } from '../../../events/envelope.ts'
import { streamOf } from '../../../events/stream.ts'
import { chunkId, planAggregate } from '../../domain/plan/aggregate.ts'
import { procedureAggregate } from '../../domain/procedure/aggregate.ts'
import { releaseAggregate, releaseId } from '../../domain/release/release.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { rulesAggregate, upgradeRules } from '../../domain/rules/rules.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { releaseTrust, trustAggregate } from '../../domain/trust/trust.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { chunksIn, planMembers, targetsIn } from '../../facts/plan-members.ts'
import type { KeptHeads } from '../../log/heads.ts'
import type { Log } from '../../log/log.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import type { Course } from './course.ts'
import { type Cursor, type Place, type Section, sections } from './cursor.ts'
import { reportOf } from './report.ts'
import { commitsUntil, firstTold } from './target-commits.ts'

/** A piece of a file of the pack, which is never parted; `file` null: up to this place there was nothing, which took its time. */
export interface Item {
  readonly place: Place
  readonly file: string | null
  readonly text: string
}

/** What items are made from. */
export interface Source {
  readonly log: Log
  readonly keptHeads: KeptHeads
  readonly upgrade: string
  readonly course: Course
  readonly bounds: Pick<Cursor, 'commit' | 'until' | 'heads'>
}

const line = (value: unknown) => `${canonicalJson(value)}\n`

/** Yields commits of one stream as lines of a file, from one on. */
async function* linesOf(
  log: Log,
  { stream, file, to }: { readonly stream: string; readonly file: string; readonly to?: number },
  place: Place,
): AsyncGenerator<Item> {
  const range = { from: place.commit, ...(to !== undefined && { to }), consistent: true }
  for await (const commit of log.commits(stream, range))
    yield { place: { ...place, commit: commit.commit }, file, text: line(commit) }
}

async function* upgradeItems({ log, upgrade, bounds }: Source, from: Place): AsyncGenerator<Item> {
  const stream = streamOf(upgradeAggregate.name, upgrade)
  yield* linesOf(log, { stream, file: 'upgrade.jsonl', to: bounds.commit }, from)
}

async function* planItems({ log, course: { plan } }: Source, from: Place): AsyncGenerator<Item> {
  if (!plan) return
  for (let chunk = from.item; chunk < chunksIn(plan); chunk++) {
    const stream = streamOf(planAggregate.name, chunkId(plan.planHash, chunk))
    yield* linesOf(log, { stream, file: 'plan.jsonl' }, { section: 'plan', item: chunk, commit: 1 })
  }
}

/** Returns the streams that say what the upgrade rests on: whose word counts, what policies ask for, the releases, the rollout, the procedure. */
async function contextOf({ log, course: { request, rollout, plan } }: Source): Promise<string[]> {
  const streams = [streamOf(trustAggregate.name, releaseTrust), streamOf(rulesAggregate.name, upgradeRules)]
  const releases = new Set<string>()
  if (plan && request.kind !== 'rollback') releases.add(releaseId(request.component, plan.version))
  // Each member of a rollback goes to where it was.
  else if (plan)
    for (let chunk = 0; chunk < chunksIn(plan); chunk++) {
      const { state } = await log.load(planAggregate, chunkId(plan.planHash, chunk))
      for (const version of state.chunk?.versions ?? []) releases.add(releaseId(request.component, version))
    }
  streams.push(...[...releases].sort().map((release) => streamOf(releaseAggregate.name, release)))
  if (rollout !== null) streams.push(streamOf(rolloutAggregate.name, rollout))
  if (request.procedure) streams.push(streamOf(procedureAggregate.name, request.procedure.name))
  return streams
}

async function* contextItems(source: Source, from: Place): AsyncGenerator<Item> {
  const streams = await contextOf(source)
  for (const [item, stream] of streams.entries()) {
    if (item < from.item) continue
    const commit = item === from.item ? from.commit : 1
    yield* linesOf(source.log, { stream, file: 'context.jsonl' }, { section: 'context', item, commit })
  }
}

/** So much of a stream is read ahead, in characters: the streams of many targets are read at once. */
const aheadAtMost = 64 * 1024

/** Begins with an iteration, and returns all that it yields. */
async function begun<Value extends { readonly text: string }>(
  values: AsyncGenerator<Value>,
): Promise<AsyncGenerator<Value>> {
  const ahead: Value[] = []
  for (let length = 0; length < aheadAtMost; ) {
    const next = await values.next()
    if (next.done) break
    ahead.push(next.value)
    length += next.value.text.length
  }
  return (async function* () {
    yield* ahead
    yield* values
  })()
}

async function* memberItems(
  { log, upgrade, course, bounds }: Source,
  { target, place }: { readonly target: string; readonly place: Place },
): AsyncGenerator<Item> {
  const file = 'targets.jsonl'
  const item = (commit: Commit): Item => ({
    place: { ...place, commit: commit.commit },
    file,
    text: line(commit),
  })
  let from = place.commit
  if (from === 1) {
    const known = course.cited[place.item] ?? 0
    const wanted = { target, upgrade, known, from: course.from, until: bounds.until }
    const found = await firstTold(log, wanted)
    if (!found) return
    from = found.first
    const stream = streamOf(targetAggregate.name, target)
    if (from > 1) yield { place, file, text: line({ after: { stream, ...found.before } }) }
  }
  for await (const commit of commitsUntil(log, { target, until: bounds.until }, from)) yield item(commit)
}

async function* targetItems(source: Source, from: Place): AsyncGenerator<Item> {
  const { log, course } = source
  const { plan, admitted } = course
  if (!plan) return
  const { members } = plan
  for (let start = from.item; start < members; start += atOnce.targets) {
    const batch = []
    for (let member = start; member < Math.min(members, start + atOnce.targets); member++)
      if (admitted[member] === 1) batch.push(member)
    const known = await planMembers(log, plan.planHash, batch)
    const streams = await sideBySide(batch, atOnce.targets, async (member) => {
      const commit = member === from.item ? from.commit : 1
      const { target = '' } = known.get(member) ?? {}
      return begun(memberItems(source, { target, place: { section: 'targets', item: member, commit } }))
    })
    for (const items of streams) yield* items
  }
}

async function* headItems(source: Source, from: Place): AsyncGenerator<Item> {
  const { log, keptHeads, upgrade, course, bounds } = source
  if (!bounds.heads) return
  const streams = new Set([streamOf(upgradeAggregate.name, upgrade), ...(await contextOf(source))])
  if (course.plan)
    for (let chunk = 0; chunk < chunksIn(course.plan); chunk++)
      for (const target of await targetsIn(log, course.plan, chunk))
        streams.add(streamOf(targetAggregate.name, target))
  for (let number = Math.max(from.item, bounds.heads.first); number <= bounds.heads.last; number++) {
    const document = await keptHeads.numbered(number)
    const place: Place = { section: 'heads', item: number, commit: 1 }
    const file = `heads/${String(number).padStart(10, '0')}.json`
    if (document.heads.some(([stream]) => streams.has(stream)))
      yield { place, file, text: canonicalJson(document) }
    else yield { place: { ...place, item: number + 1 }, file: null, text: '' }
  }
}

async function* reportItems({ log, upgrade, course, bounds }: Source): AsyncGenerator<Item> {
  const text = await reportOf(log, upgrade, course, bounds.commit)
  yield { place: { section: 'report', item: 0, commit: 1 }, file: 'report.md', text }
}

const makers: Readonly<Record<Section, (source: Source, from: Place) => AsyncGenerator<Item>>> = {
  upgrade: upgradeItems,
  plan: planItems,
  context: contextItems,
  targets: targetItems,
  heads: headItems,
  report: reportItems,
}

/** Yields what a pack holds, in its order, from a place on. What is in memory at a time is a few streams of targets, or one document. */
export async function* itemsFrom(source: Source, from: Place): AsyncGenerator<Item> {
  for (const section of sections.slice(sections.indexOf(from.section)))
    yield* makers[section](source, section === from.section ? from : { section, item: 0, commit: 1 })
}
