import type { BodyOf } from '../../../contracts/bodies.ts'
import { counted, lasting } from '../words.ts'

type Policy = BodyOf<'definePolicy'>

/** A rule of a policy: what it is about, and what it says. */
export type Rule = readonly [about: string, says: string]

const either = new Intl.ListFormat('en', { type: 'disjunction' })
const all = new Intl.ListFormat('en', { type: 'conjunction' })

/** Returns the length of a time that is written as 48h, in words. */
function written(time: string): string {
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
  return lasting(Number.parseInt(time, 10) * (units[time.slice(-1)] ?? 1))
}

/** Returns which upgrades a policy binds, in words. */
function boundBy({
  components,
  types,
  regions,
  environments,
  tags,
}: NonNullable<Policy['selector']>): string {
  const said = [
    ...(components ? [`of ${either.format(components)}`] : []),
    ...(types ? [`of the type ${either.format(types)}`] : []),
    ...(regions ? [`in ${either.format(regions)}`] : []),
    ...(environments ? [`in the environment ${either.format(environments)}`] : []),
    ...Object.entries(tags ?? {}).map(([name, value]) => `with ${name} ${value}`),
  ]
  return said.length === 0 ? 'Every upgrade' : `Upgrades that may take targets ${said.join(', ')}`
}

/** Returns who has to approve, in words. */
function approvedBy({
  requiredApprovals = 1,
  approvers,
  approverRole,
  approvalExpiresInSeconds,
}: Policy): string {
  const who =
    approvers != null
      ? either.format(approvers)
      : approverRole === 'admin'
        ? 'administrators'
        : 'approvers, or administrators'
  const within = lasting(approvalExpiresInSeconds ?? 604_800)
  return `${counted(requiredApprovals, 'approval')} by ${who}, within ${within}; nobody approves what they asked for`
}

/** Returns what a policy asks for, rule by rule, in words; what it does not ask for is left out. */
export function rulesOf(policy: Policy): readonly Rule[] {
  const { selector = {}, minimumTestDuration: proven, together, parallel, allowedChannels } = policy
  const { testEnvironments = [], blockedVersions = [], complianceChecks = [], freezes = [] } = policy
  const { atOnce = null, perHour = null } = together ?? {}
  return [
    ['Binds', boundBy(selector)],
    ...(policy.approvalRequired ? ([['Approval', approvedBy(policy)]] as const) : []),
    ...(policy.testingRequired
      ? ([
          [
            'Tests',
            `Proven in ${all.format(testEnvironments)} before${proven === undefined ? '' : `, for ${written(proven)}`}`,
          ],
        ] as const)
      : []),
    ...(complianceChecks.length > 0
      ? ([['Checks', `Passed by ${all.format(complianceChecks)}`]] as const)
      : []),
    ...(allowedChannels
      ? ([['Channels', `Releases on ${either.format(allowedChannels)} alone`]] as const)
      : []),
    ...(blockedVersions.length > 0
      ? ([['Blocked', `Nothing goes to ${either.format(blockedVersions)}`]] as const)
      : []),
    ...(freezes.length > 0
      ? ([['Freezes', `Nobody is handed anything while ${either.format(freezes)} is closed`]] as const)
      : []),
    ...(parallel != null
      ? ([['At once', `${counted(parallel, 'target')} of one upgrade at the most`]] as const)
      : []),
    ...(atOnce !== null
      ? ([['Together', `${counted(atOnce, 'target')} of all of them at once at the most`]] as const)
      : []),
    ...(perHour !== null
      ? ([['An hour', `${counted(perHour, 'target')} of all of them are begun at the most`]] as const)
      : []),
  ]
}
