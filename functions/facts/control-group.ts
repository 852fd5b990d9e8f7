import { waveRange } from '../domain/plan/waves.ts'
import type { Watched } from '../domain/upgrade/measuring.ts'
import { sameVersion } from '../domain/version/identity.ts'
import type { Log } from '../log/log.ts'
import type { TargetRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'
import { planMembers } from './plan-members.ts'

/** Targets that are upgraded, and as many that are not yet, which are of the same regions and types. */
export interface Pairs {
  readonly upgraded: readonly string[]
  readonly control: readonly string[]
}

/** So many members are looked at for each pair that is wanted: some have failed, left, or have nobody like them on the other side. */
const lookedAtForEach = 4

/** Returns up to so many indexes of `[from, to)`, evenly spread, the same each time. */
function spread(from: number, to: number, most: number): number[] {
  const size = to - from
  const count = Math.min(size, most)
  return Array.from({ length: count }, (_, place) => from + Math.floor((place * size) / count))
}

const kindOf = ({ facts }: TargetRow) => `${facts.region ?? ''} ${facts.type}`

/**
 * Returns members of the waves so far that run the new version, each with a member of a later wave that does not and is of the same region and type: up to so many
 * pairs, the same each time while nothing has changed. By the view of targets, which may be seconds behind.
 */
export async function pairsIn(
  { log, views }: { readonly log: Log; readonly views: Pick<Views, 'getTarget'> },
  { plan, wave, request: { component } }: Watched,
  pairs: number,
): Promise<Pairs> {
  const { to } = waveRange(plan.waves, plan.members, wave.number)
  const looked = pairs * lookedAtForEach
  const rowsOf = async (from: number, until: number): Promise<TargetRow[]> => {
    const members = await planMembers(log, plan.planHash, spread(from, until, looked))
    const rows = await Promise.all([...members.values()].map(({ target }) => views.getTarget(target)))
    return rows.flatMap((read) => (read && !read.row.retired ? [read.row] : []))
  }
  const runsNew = ({ components }: TargetRow) => {
    const runs = components[component]
    return runs !== undefined && sameVersion(runs, plan.version)
  }
  const [before, after] = await Promise.all([rowsOf(0, to), rowsOf(to, plan.members)])
  const others = Map.groupBy(
    after.filter((row) => !runsNew(row)),
    kindOf,
  )
  const found: { readonly upgraded: string; readonly control: string }[] = []
  for (const row of before) {
    if (found.length >= pairs) break
    const control = runsNew(row) ? others.get(kindOf(row))?.shift() : undefined
    if (control) found.push({ upgraded: row.id, control: control.id })
  }
  return { upgraded: found.map(({ upgraded }) => upgraded), control: found.map(({ control }) => control) }
}
