import type { operationsContracts } from '../../../contracts/operations.ts'
import { instantOf } from '../../../events/time.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { exists } from '../../domain/rollout/state.ts'
import { boundOf } from '../../domain/rules/binding.ts'
import { demandsOf } from '../../domain/rules/demands.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { isPlanned, exists as upgradeExists } from '../../domain/upgrade/state.ts'
import { againstReleaseOf } from '../../facts/release.ts'
import { bindingNow } from '../../facts/rules.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { unlessUnreadable } from '../../unreadable.ts'
import type { Operate } from '../http/endpoint.ts'
import type { Principal } from '../http/exchange.ts'
import { invalidCursor, type Paged, pageOf } from '../http/page.ts'
import type { Services } from '../services.ts'
import {
  entriesOfRollout,
  entriesOfStep,
  entriesOfUpgrade,
  mayWaitForPerson,
  waitsForPerson,
} from './approval-entry.ts'

/** Pages of the views that one request looks through at most. */
const mostPages = 10

type Entry = ReturnType<typeof entriesOfRollout | typeof entriesOfUpgrade | typeof entriesOfStep>[number]
interface Looking {
  readonly limit: number
  readonly cursor?: string | undefined
}
type LookThrough = (services: Services, looking: Looking, principal: Principal) => Promise<Paged<Entry>>

/** Returns the entries of each row, read from its stream, which knows who may; one that cannot be read hides no other. */
async function entriesOf<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  read: (row: Row) => Promise<readonly Entry[]>,
): Promise<Entry[]> {
  const entries = await sideBySide(rows, atOnce.targets, (row) =>
    unlessUnreadable(nameOf(row), () => read(row)),
  )
  return entries.flatMap((found) => found ?? [])
}

const inRollouts: LookThrough = async ({ log, views, now }, looking, principal) => {
  const { rows, nextCursor } = await pageOf(views.listRollouts(looking))
  const waiting = rows.filter(mayWaitForPerson)
  const nameOf = ({ rolloutId }: (typeof rows)[number]) => `rollout ${rolloutId}`
  const entries = await entriesOf(waiting, nameOf, async (row) => {
    const { state } = await log.load(rolloutAggregate, row.rolloutId)
    return exists(state) ? entriesOfRollout(row, state, instantOf(now()), principal) : []
  })
  return { rows: entries, nextCursor }
}

const inUpgrades: LookThrough = async ({ log, views }, looking, principal) => {
  const { rows, nextCursor } = await pageOf(views.listUpgrades(looking))
  const nameOf = ({ upgradeId }: (typeof rows)[number]) => `upgrade ${upgradeId}`
  const entries = await entriesOf(rows.filter(waitsForPerson), nameOf, async (row) => {
    const { state } = await log.load(upgradeAggregate, row.upgradeId)
    if (!isPlanned(state)) return []
    const { policies } = await bindingNow(log, boundOf(state.request))
    const demands = demandsOf(policies, state.request.kind)
    return entriesOfUpgrade(row, state, demands, await againstReleaseOf(log, state), principal)
  })
  return { rows: entries, nextCursor }
}

const inTargets: LookThrough = async ({ log, views }, looking, principal) => {
  const { rows, nextCursor } = await pageOf(views.listHeldSteps(looking))
  const nameOf = ({ target, upgrade }: (typeof rows)[number]) => `target ${target}, upgrade ${upgrade}`
  const entries = await entriesOf(rows, nameOf, async (row) => {
    const [{ state: target }, { state: upgrade }] = await Promise.all([
      log.load(targetAggregate, row.target),
      log.load(upgradeAggregate, row.upgrade),
    ])
    return upgradeExists(upgrade) ? entriesOfStep(row, target, upgrade, principal) : []
  })
  return { rows: entries, nextCursor }
}

/** The lists that are looked through, in this order; a cursor names its list by the letter. */
const lists = { r: inRollouts, u: inUpgrades, s: inTargets } as const
type List = keyof typeof lists
const order: readonly List[] = ['r', 'u', 's']

/** Returns where a cursor goes on. Throws where it names no list: taken for another, whole lists would be passed over. */
function placeOf(cursor: string): { readonly list: List; readonly cursor?: string } {
  const within = cursor.slice(1)
  const list = order.find((letter) => cursor.startsWith(letter))
  if (list === undefined) throw invalidCursor()
  return { list, ...(within !== '' && { cursor: within }) }
}

/**
 * Lists what waits for a person, rollouts before upgrades, each newest first, paused or not, and at last the steps that are held, by their targets;
 * `yours` marks what the caller asked for. The phases of a rollout are approved with it; a phase that asks for an approval of its own is an upgrade that waits
 * for one.
 */
export const listApprovals: Operate<(typeof operationsContracts)['listApprovals']> = async (
  { query: { limit, cursor: given }, principal },
  services,
) => {
  const approvals: Entry[] = []
  let cursor: string | null = given ?? 'r'
  for (let page = 0; page < mostPages && cursor !== null && approvals.length === 0; page++) {
    const { list, ...within } = placeOf(cursor)
    const found = await lists[list](services, { limit, ...within }, principal)
    approvals.push(...found.rows)
    const afterList = order[order.indexOf(list) + 1] ?? null
    cursor = found.nextCursor === null ? afterList : `${list}${found.nextCursor}`
  }
  return { status: 200, body: { approvals, count: approvals.length, nextCursor: cursor } }
}
