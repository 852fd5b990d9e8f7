import type { TargetRow } from '../../views/rows.ts'
import type { Views } from '../../views/views.ts'
import type { Services } from '../services.ts'

/** So long a list of members is taken as it was, in milliseconds. */
const membersKnownFor = 60_000
/** A gateway that serves more members than this is told of the rest through `after`. */
export const mostMembers = 100
/** So many targets are looked at for one call: the next goes on with them. */
const lookedAtMost = 10_000

type ByGateway = Map<string, string[]>

/** What this instance knows of members: a whole list, and one that is being made from the rest of the targets. */
let whole: { readonly at: number; readonly byGateway: ByGateway } | undefined
let walk: { readonly rows: AsyncIterator<TargetRow>; readonly byGateway: ByGateway } | undefined
let walking: Promise<void> = Promise.resolve()

async function goOn(views: Pick<Views, 'everyTarget'>, now: () => number): Promise<void> {
  if (isRecent(now())) return
  walk ??= { rows: views.everyTarget()[Symbol.asyncIterator](), byGateway: new Map() }
  const { rows, byGateway } = walk
  for (let looked = 0; looked < lookedAtMost; looked++) {
    const next = await rows.next()
    if (next.done === true) {
      whole = { at: now(), byGateway }
      walk = undefined
      return
    }
    const { id, facts, retired } = next.value
    if (facts.gateway === null || retired !== null) continue
    const members = byGateway.get(facts.gateway) ?? []
    members.push(id)
    byGateway.set(facts.gateway, members)
  }
}

function isRecent(now: number): boolean {
  return whole !== undefined && now - whole.at < membersKnownFor && now >= whole.at
}

/**
 * Returns the ids of a gateway's members, as the view of targets knows them; asked anew once a minute. A fleet of more than 10,000 targets is
 * looked through by several calls: until they are done the list is the one before, or, in an instance that has just begun, what was found so far.
 */
export async function membersOf(
  { views, now }: Pick<Services, 'views' | 'now'>,
  gateway: string,
): Promise<readonly string[]> {
  // One at a time; one that fails begins anew with the next call.
  const turn = walking.then(() => goOn(views, now))
  walking = turn.catch(() => {
    walk = undefined
  })
  await turn
  return (whole ?? walk)?.byGateway.get(gateway) ?? []
}

/** Forgets what is known of members. */
export function forgetMembers(): void {
  whole = undefined
  walk = undefined
}
