import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { instantOf } from '../../../events/time.ts'
import type { Impact } from '../../domain/rollout/impact.ts'
import type { ExistingRollout } from '../../domain/rollout/state.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { lastAttempt } from '../../facts/attempt-story.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { unlessUnreadable } from '../../unreadable.ts'
import { InvalidCursor } from '../../views/cursor.ts'
import type { AttemptRow } from '../../views/rows.ts'
import type { Page, Paging } from '../../views/views.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import type { Services } from '../services.ts'
import { attemptWords, upgradeWords } from '../upgrades/statuses.ts'
import { rolloutAt } from './history.ts'

type Contracts = typeof rolloutContracts

/** An attempt of a phase. */
interface Node {
  readonly phase: string
  readonly upgrade: string
  readonly attempt: AttemptRow
}

/** Phases are fewer than a hundred. */
const placeText = (place: number) => String(place).padStart(2, '0')

/** Returns a page of the attempts of all phases that have begun, one phase after the other: its cursor is the number of the phase, and that of its own page. */
async function nodesOf(
  { views }: Services,
  { phases }: ExistingRollout,
  { limit, cursor: given = '00' }: Paging,
): Promise<Page<Node>> {
  const [, number, within = ''] = /^(\d\d)(.*)$/s.exec(given) ?? []
  if (number === undefined || Number(number) >= phases.length) throw new InvalidCursor()
  const rows: Node[] = []
  let cursor = within === '' ? undefined : within
  for (const [place, { name: phase, upgrade }] of phases.entries()) {
    if (place < Number(number) || upgrade === null) continue
    if (rows.length === limit) return { rows, cursor: placeText(place) }
    const page = await views.listAttempts(upgrade, { limit: limit - rows.length, cursor })
    rows.push(...page.rows.map((attempt) => ({ phase, upgrade, attempt })))
    if (page.cursor !== null) return { rows, cursor: `${placeText(place)}${page.cursor}` }
    cursor = undefined
  }
  return { rows, cursor: null }
}

/** The name under which steps save how many instances a node runs. */
const instancesName = 'instances'

/** Returns what a step of an attempt has saved last of the instances of its node; where another attempt has begun since, nothing. */
async function instancesOf({ log }: Services, { id, target }: AttemptRow) {
  const told = await unlessUnreadable(`target ${target}`, async () =>
    lastAttempt(log, target, await log.load(targetAggregate, target)),
  )
  const ended = told?.events.findLast(
    ({ event }) =>
      event.type === 'StepEnded' && event.data.attempt === id && instancesName in event.data.saved,
  )
  const saved = ended?.event.type === 'StepEnded' ? ended.event.data.saved[instancesName] : null
  const isTold = typeof saved === 'number' || typeof saved === 'string'
  return { instances: isTold ? saved : null, instancesAt: isTold && ended ? ended.at : null }
}

async function nodeBody(services: Services, { phase, upgrade: upgradeId, attempt }: Node) {
  const { target: targetId, status, from, to, startedAt, completedAt, code, step = null } = attempt
  return {
    ...{
      targetId,
      phase,
      upgradeId,
      status: attemptWords[status],
      from,
      to,
      startedAt,
      completedAt,
      code,
      step,
    },
    ...(await instancesOf(services, attempt)),
  }
}

/** Returns what was seen of the domains of a rollout's plan, in its order. */
async function domainsOf({ probes }: Services<'probes'>, id: string, { request }: ExistingRollout) {
  const { domains = [], everySeconds = 0 } = request.monitor ?? {}
  const noted = domains.length === 0 ? undefined : await probes.of(id)
  return domains.map(({ url }, number) => {
    const body = noted?.get(number)?.body
    const seen = body === undefined ? undefined : (JSON.parse(body) as Impact) // as it was noted
    const { latest = null, slowest = null, outages = [], history = [] } = seen ?? {}
    const last = outages.at(-1)
    return {
      ...{ url, everySeconds, latest, failingSince: last?.until === null ? last.since : null },
      ...{ probes: seen?.probes ?? 0, failed: seen?.failed ?? 0, slowest, outages, history },
    }
  })
}

/** Shows the nodes of a rollout, and what customers meet. */
export const getRolloutMonitor: Operate<Contracts['getRolloutMonitor'], 'probes'> = async (
  { params, query },
  services,
) => {
  const { limit, cursor } = query
  const { state } = await rolloutAt(services.log, params.id, undefined)
  const { rows, nextCursor } = await pageOf(nodesOf(services, state, { limit, cursor }))
  const [nodes, domains] = await Promise.all([
    sideBySide(rows, atOnce.upgrades, (row) => nodeBody(services, row)),
    domainsOf(services, params.id, state),
  ])
  return {
    status: 200,
    body: {
      rolloutId: params.id,
      at: instantOf(services.now()),
      status: upgradeWords[state.standing.status],
      ...{ nodes, count: nodes.length, nextCursor, domains },
    },
  }
}
