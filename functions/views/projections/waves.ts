import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { waveCount, waveOf, waveRange } from '../../domain/plan/waves.ts'
import { meaningOf } from '../../domain/target/outcome.ts'
import type { MemberCounts } from '../../domain/upgrade/counts.ts'
import { eachMember } from '../../domain/upgrade/members.ts'
import type { UpgradeBody, UpgradeRow, WaveRow, WaveTally } from '../rows.ts'

/** So many waves are told apart; of the rest there is a sum, so that a thousand batches fit in one row. */
const wavesToldApart = 10

const nothing: WaveTally = [0, 0, 0, 0]

function plus(a: WaveTally, b: WaveTally): WaveTally {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
}

function one(kind: ReturnType<typeof meaningOf>['counts']): WaveTally {
  return [
    kind === 'succeeded' ? 1 : 0,
    kind === 'failed' ? 1 : 0,
    kind === 'unreachable' ? 1 : 0,
    kind === 'skipped' ? 1 : 0,
  ]
}

/** Returns what an event adds, as [member, tally]. A member that waits for another try is in no tally yet. */
function* additions(event: UpgradeEvent): Generator<readonly [number, WaveTally]> {
  if (event.type === 'OutcomesRecorded') {
    for (const { member, outcome, again } of event.data.outcomes) {
      if (again === null) yield [member, one(meaningOf(outcome).counts)]
    }
  }
  if (event.type === 'RetriesGivenUp') {
    for (const member of eachMember(event.data.members)) yield [member, one('failed')]
  }
  if (event.type === 'MembersRegressed') {
    for (const { member } of event.data.members) yield [member, [-1, 1, 0, 0]]
  }
  if (event.type === 'MembersSkipped') {
    for (const member of eachMember(event.data.members)) yield [member, one('skipped')]
  }
}

/** Returns the row with a wave that has begun. */
export function beginWave(body: UpgradeBody, wave: number): UpgradeBody {
  return { ...body, waves: { [wave]: nothing, ...body.waves } }
}

/** Returns the row with an event counted in the waves of its members. */
export function tally(body: UpgradeBody, event: UpgradeEvent): UpgradeBody {
  const { plan } = body
  if (!plan) return body
  const waves: Record<string, WaveTally> = { ...body.waves }
  for (const [member, added] of additions(event)) {
    const wave = waveOf(plan.waves, plan.members, member)
    waves[wave] = plus(waves[wave] ?? nothing, added)
  }
  return bounded({ ...body, waves })
}

/**
 * Gives up the oldest wave before the present one until there are few enough; without such, the one farthest ahead. Nothing is lost: what
 * the waves that are left do not account for is the sum over the others.
 */
function bounded(body: UpgradeBody): UpgradeBody {
  const { plan, standing } = body
  const { wave } = standing
  if (!plan || waveCount(plan.waves, plan.members) <= wavesToldApart) return body
  const known = Object.keys(body.waves)
    .map(Number)
    .sort((a, b) => a - b)
  while (known.length > wavesToldApart) {
    if ((known[0] ?? wave) < wave) known.shift()
    else known.pop()
  }
  const kept = known.map((number) => [number, body.waves[number] ?? nothing] as const)
  return { ...body, waves: Object.fromEntries(kept) }
}

/** Returns the waves as they are shown, and the sum over those that are not. */
export function shownWaves(
  body: UpgradeBody,
  counts: MemberCounts,
): Pick<UpgradeRow, 'waveCount' | 'waves' | 'otherWaves'> {
  if (!body.plan) return { waveCount: 0, waves: [], otherWaves: null }
  const { waves: cuts, members } = body.plan
  const count = waveCount(cuts, members)
  const known = Object.keys(body.waves).map(Number)
  const shown = count <= wavesToldApart ? Array.from({ length: count }, (_, wave) => wave) : known
  const waves = shown.map((wave): WaveRow => {
    const { from, to } = waveRange(cuts, members, wave)
    const group = body.groups?.[wave] ?? null
    return { wave, group, size: to - from, ...named(body.waves[wave] ?? nothing) }
  })
  if (shown.length === count) return { waveCount: count, waves, otherWaves: null }
  const rest = (all: number, name: keyof Omit<WaveRow, 'wave' | 'group'>) =>
    waves.reduce((left, wave) => left - wave[name], all)
  return {
    waveCount: count,
    waves,
    otherWaves: {
      size: rest(members, 'size'),
      succeeded: rest(counts.succeeded, 'succeeded'),
      failed: rest(counts.failed, 'failed'),
      unreachable: rest(counts.unreachable, 'unreachable'),
      skipped: rest(counts.skipped, 'skipped'),
    },
  }
}

function named([succeeded, failed, unreachable, skipped]: WaveTally) {
  return { succeeded, failed, unreachable, skipped }
}
