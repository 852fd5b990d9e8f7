import type { UpgradeEvent, UpgradeRequest } from '../../events/upgrade.ts'
import type { AuditedUpgrade } from './course.ts'
import type { History, Told } from './history.ts'
import { type Planned, plannedMember, rangeOf, wavesIn } from './plan.ts'

type Commit = Told<UpgradeEvent>

/** Returns where each percentage of a request ends in a plan of so many members; the last takes all. */
function endsOf(percentages: NonNullable<UpgradeRequest['percentages']>, members: number): number[] {
  return percentages.map(({ percent }, place) => {
    if (place + 1 === percentages.length) return members
    return Math.min(members, Math.ceil(Number(((members * percent) / 100).toFixed(9))))
  })
}

/** Returns the entries of a plan as runs: which entry, and where its last wave ends. Only the first may have two waves. */
function runsOf(plan: Planned, entries: readonly number[]): { entry: number; end: number; waves: number }[] {
  const runs: { entry: number; end: number; waves: number }[] = []
  for (const [wave, entry] of entries.entries()) {
    const [, end] = rangeOf(plan, wave)
    const last = runs.at(-1)
    if (last?.entry === entry) Object.assign(last, { end, waves: last.waves + 1 })
    else runs.push({ entry, end, waves: 1 })
  }
  return runs
}

/** Holds the waves of a plan against the percentages, or the groups in their order, that they are said to be of (I4). */
function auditEntries({ history, course, findings }: AuditedUpgrade, commit: Commit, plan: Planned): void {
  const { request } = course
  const asked = request?.percentages ?? request?.groups
  const { entries } = plan
  if (!request || !asked || !entries) {
    const same = (asked === undefined) === (entries === undefined)
    findings.expect(same, 'I4', commit, 'Its plan does not say what is asked of each wave.')
    return
  }
  const runs = runsOf(plan, entries)
  const rising = runs.every(({ entry, waves }, place) => {
    return entry > (runs[place - 1]?.entry ?? -1) && waves <= (place === 0 ? 2 : 1)
  })
  findings.expect(
    rising && entries.length === wavesIn(plan),
    'I4',
    commit,
    `Its waves are not in the order that was asked for: ${entries}.`,
  )
  if (request.percentages) {
    let before = 0
    const expected = endsOf(request.percentages, plan.members).flatMap((end, entry) => {
      const adds = end > before
      before = Math.max(before, end)
      return adds ? [`${entry} to ${end}`] : []
    })
    const found = runs.map(({ entry, end }) => `${entry} to ${end}`)
    findings.expect(
      found.join() === expected.join(),
      'I4',
      commit,
      `Its percentages end at ${found.join(', ')}, where ${expected.join(', ')} was asked for.`,
    )
  } else if (request.groups) auditGroups({ history, findings }, commit, plan, request.groups, entries)
}

/** Every value by which a target might have been put into a group until an instant: who planned may have seen an older one. */
function valuesUntil({ targets }: History, target: string, by: string, at: string): Set<string | null> {
  const values = new Set<string | null>()
  for (const commit of targets.get(target) ?? []) {
    if (commit.at > at) break
    for (const { type, data } of commit.told) {
      if (type !== 'TargetRegistered' && type !== 'TargetPatched') continue
      const { region, tags } = data.facts
      if (by === 'region' && region !== undefined) values.add(region)
      if (by !== 'region' && tags !== undefined)
        values.add(Object.hasOwn(tags, by) ? (tags[by] ?? null) : null)
    }
  }
  return values
}

function auditGroups(
  { history, findings }: Pick<AuditedUpgrade, 'history' | 'findings'>,
  commit: Commit,
  plan: Planned,
  { by, order, others }: NonNullable<UpgradeRequest['groups']>,
  entries: readonly number[],
): void {
  for (const [wave, entry] of entries.entries()) {
    const value = order[entry]
    const lastOfAll = entry === order.length && others === 'last'
    findings.expect(
      value !== undefined || lastOfAll,
      'I4',
      commit,
      `Wave ${wave} is of no group that was asked for.`,
    )
    const [from, to] = rangeOf(plan, wave)
    for (let member = from; member < to; member++) {
      const target = plannedMember(history, plan, member)?.target
      if (target === undefined) continue
      const values = [...valuesUntil(history, target, by, commit.at)]
      const fits = values.some((had) =>
        value === undefined ? had === null || !order.includes(had) : had === value,
      )
      findings.expect(
        fits,
        'I4',
        commit,
        `${target} is in wave ${wave}, of the ${by} ${value ?? 'of nobody else'}, and never was of that.`,
      )
    }
  }
}

/** Holds what a plan has made of a request's percentages, groups, limits and spacing against what was asked for (I3, I4). */
export function auditStrategy(audited: AuditedUpgrade, commit: Commit, plan: Planned): void {
  auditEntries(audited, commit, plan)
  const { course, findings } = audited
  const { rolling, spacingSeconds } = course.request ?? {}
  const spaced = plan.spacingSeconds === spacingSeconds
  findings.expect(
    spaced,
    'I3',
    commit,
    `It was planned with ${plan.spacingSeconds} seconds between attempts.`,
  )
  if (!rolling || !plan.rolling) {
    findings.expect(!rolling === !plan.rolling, 'I3', commit, 'It was planned without the limits asked for.')
    return
  }
  const { unavailable, surge } = rolling
  const down =
    'targets' in unavailable ? unavailable.targets : Math.floor((plan.members * unavailable.percent) / 100)
  const up = 'targets' in surge ? surge.targets : Math.ceil((plan.members * surge.percent) / 100)
  const one = down + up === 0
  findings.expect(
    plan.rolling.unavailable === (one ? 1 : down) && plan.rolling.surge === up,
    'I3',
    commit,
    `It was planned with ${plan.rolling.unavailable} unavailable and ${plan.rolling.surge} more in flight.`,
  )
}

/** Holds an admission, before it is counted, against the time since the last attempt and against what may be unavailable (I3). `others`: does it take anybody out of service? */
export function auditPace({ course, findings }: AuditedUpgrade, commit: Commit, others: boolean): void {
  const { plan, lastEnd } = course
  const spacing = plan?.spacingSeconds ?? 0
  const since = lastEnd === null ? Number.POSITIVE_INFINITY : Date.parse(commit.at) - Date.parse(lastEnd)
  findings.expect(
    since >= spacing * 1000,
    'I3',
    commit,
    `A target was admitted ${since / 1000} seconds after the last attempt, and not ${spacing}.`,
  )
  if (!plan?.rolling || !others) return
  const lost = course.unaccepted('unavailable') + course.total('retrying')
  const bears = course.allowed('unavailable')
  findings.expect(
    lost <= bears,
    'I3',
    commit,
    `Targets were taken out of service while ${lost} had failed or were unreachable, which uses up ${plan.rolling.unavailable}.`,
  )
}

/** Holds an admission, after it is counted, against how many may be out of service or in flight (I3). */
export function auditInFlight({ course, findings }: AuditedUpgrade, commit: Commit, others: boolean): void {
  const { rolling } = course.plan ?? {}
  if (!rolling) return
  const most = rolling.unavailable + rolling.surge
  const held = course.total('in flight') + course.total('retrying')
  const lost = others ? course.unaccepted('unavailable') : 0
  findings.expect(
    held + lost <= most,
    'I3',
    commit,
    `${held} were in flight or waiting to be tried again, and ${lost} lost: ${most} may be.`,
  )
}
