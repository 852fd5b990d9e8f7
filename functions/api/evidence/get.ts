import type { evidenceContracts } from '../../../contracts/evidence.ts'
import { after, hour, instantOf } from '../../../events/time.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { Answer, Input } from '../http/answer.ts'
import type { Services } from '../services.ts'
import { upgradeNotFound } from '../upgrades/history.ts'
import { courseOf } from './course.ts'
import { type Cursor, cursorOf, noSuchPart, textOf } from './cursor.ts'
import { roundAfter } from './kept-round.ts'
import { partOf, usualLimits } from './part.ts'

type Contract = (typeof evidenceContracts)['getEvidence']

/** What evidence is made from: the log and the heads, and no view. */
export type EvidenceServices = Pick<Services<'keptHeads'>, 'log' | 'keptHeads' | 'now'>

/** How much later than a document of heads, or than now, a commit may seem to be that was there before: clocks of functions differ. */
const clocksDiffer = hour

/** Returns where a pack begins: what it is about, up to which commit, and under which heads. */
async function beginning({ log, keptHeads, now }: EvidenceServices, id: string): Promise<Cursor> {
  const { commit, at } = await log.load(upgradeAggregate, id)
  if (commit === 0) throw upgradeNotFound()
  const round = await roundAfter(keptHeads, at)
  return {
    ...{ part: 1, previous: '', commit },
    until: after(round?.covers ? round.at : instantOf(now()), clocksDiffer),
    heads: round ? { first: round.first, last: round.last } : null,
    place: { section: 'upgrade', item: 0, commit: 1 },
  }
}

/** Answers with one part of what proves an upgrade (N6). Whoever asks brings along all that it has to know of the parts before. */
export async function getEvidence(
  { params, query }: Pick<Input<Contract>, 'params' | 'query'>,
  services: EvidenceServices,
  limits = usualLimits,
): Promise<Answer> {
  const { log, keptHeads, now } = services
  const cursor = query.part === undefined ? await beginning(services, params.id) : cursorOf(query.part)
  const { commit, until, heads } = cursor
  if (query.part !== undefined && heads && heads.last > ((await keptHeads.newest())?.number ?? 0))
    throw noSuchPart(query.part)
  const course = await courseOf(log, params.id, commit)
  if (!course) throw upgradeNotFound()
  const source = { log, keptHeads, upgrade: params.id, course, bounds: { commit, until, heads } }
  const { bytes, next } = await partOf(source, cursor, now, limits)
  const name = `evidence-${params.id}-${String(cursor.part).padStart(4, '0')}.zip`
  const path = `/api/upgrades/${encodeURIComponent(params.id)}/evidence`
  return {
    status: 200,
    body: {},
    zip: { name: name.replaceAll(':', '_'), bytes },
    ...(next && { next: `${path}?part=${textOf(next)}` }),
  }
}
