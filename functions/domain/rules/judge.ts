import { cut } from '../../../events/cut.ts'
import { after, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Rejection } from '../rejection.ts'
import type { ReleaseState } from '../release/release.ts'
import { sameVersion } from '../version/identity.ts'
import type { Policy } from './rules.ts'

/** One rule that is not met: whose it is, what is wrong, and what would be right. */
export interface Unmet {
  readonly policy: string
  readonly code:
    | 'version-blocked'
    | 'channel-not-allowed'
    | 'not-tested'
    | 'check-missing'
    | 'check-failed'
    | 'approvers-missing'
  readonly detail: string
  readonly satisfiedBy: string
  /** When it is met by waiting alone; null: by somebody's doing. */
  readonly from: string | null
}

/** What an upgrade goes to, as policies look at it. */
export interface Judged {
  readonly kind: UpgradeRequest['kind']
  readonly component: string
  readonly release: Pick<ReleaseState, 'version' | 'channel' | 'verdicts'>
  /** Since when it is proven in an environment, by an upgrade that came to a good end there and was not taken back. */
  readonly proven: ReadonlyMap<string, string>
}

type Rule = (policy: Policy, judged: Judged, now: string) => Unmet[]

const blocked: Rule = ({ name: policy, document: { blockedVersions } }, { release: { version } }) => {
  if (!blockedVersions.some((one) => sameVersion(one, version))) return []
  const detail = `${version} is blocked`
  const satisfiedBy = 'another version, or an administrator who takes it out of blockedVersions'
  return [{ policy, code: 'version-blocked', detail, satisfiedBy, from: null }]
}

const onChannel: Rule = ({ name: policy, document: { allowedChannels } }, { release }) => {
  const { version, channel } = release
  if (allowedChannels === null || allowedChannels.includes(channel)) return []
  const detail = `${version} is on the channel ${channel}`
  const satisfiedBy = `a release on the channel ${allowedChannels.join(' or ')}; an operator may promote this one`
  return [{ policy, code: 'channel-not-allowed', detail, satisfiedBy, from: null }]
}

const tested: Rule = ({ name: policy, document: { testing } }, { component, release, proven }, now) => {
  if (testing === null) return []
  const { version } = release
  return testing.environments.flatMap((environment): Unmet[] => {
    const since = proven.get(environment)
    const from = since === undefined ? null : after(since, testing.minimumSeconds * second)
    if (from !== null && from <= now) return []
    const long = testing.minimumSeconds === 0 ? '' : ` for ${testing.minimumSeconds} s`
    const detail = `${component} ${version} is not proven in the environment ${environment}${long}`
    const satisfiedBy =
      from === null
        ? `an upgrade of targets.tags.environment ${environment} that completes without exceptions and is not taken back${long}`
        : `waiting until ${from}, if nobody takes it back there`
    return [{ policy, code: 'not-tested', detail, satisfiedBy, from }]
  })
}

const checked: Rule = ({ name: policy, document: { complianceChecks } }, { component, release }) =>
  complianceChecks.flatMap((check): Unmet[] => {
    const verdict = release.verdicts.find((one) => one.check === check)
    if (verdict?.passed) return []
    const path = `POST /api/v1/releases/${component}/${release.version}/verdicts`
    const satisfiedBy = `a verdict of ${check} that it has passed: ${path}`
    if (!verdict) {
      const detail = `the check ${check} has said nothing of ${release.version}`
      return [{ policy, code: 'check-missing', detail, satisfiedBy, from: null }]
    }
    const detail = `the check ${check} has failed ${release.version}`
    return [{ policy, code: 'check-failed', detail, satisfiedBy, from: null }]
  })

const rules: readonly Rule[] = [blocked, onChannel, tested, checked]

/**
 * Returns the rules of these policies that an upgrade does not meet now. A rollback goes to where its targets have been: it meets all of
 * them, or what is wrong could not be taken back.
 */
export function unmetRules(policies: readonly Policy[], judged: Judged, now: string): Unmet[] {
  if (judged.kind === 'rollback') return []
  return policies.flatMap((policy) => rules.flatMap((rule) => rule(policy, judged, now)))
}

/** Returns the environments in which these policies want a release to be proven. */
export function environmentsOf(policies: readonly Policy[]): ReadonlySet<string> {
  return new Set(policies.flatMap(({ document }) => document.testing?.environments ?? []))
}

/** Returns when all of these rules are met by waiting alone; null: never. */
export function metFrom(unmet: readonly Unmet[]): string | null {
  const instants = unmet.flatMap(({ from }) => (from === null ? [] : [from]))
  return instants.length < unmet.length ? null : (instants.sort().at(-1) ?? null)
}

/** So many are told by name, as many as a problem holds. */
const toldAtMost = 100

/** Returns the rejection that tells of rules that are not met, each in a field of its own; undefined: there are none. */
export function policyRejection(unmet: readonly Unmet[]): Rejection | undefined {
  if (unmet.length === 0) return undefined
  const count = unmet.length === 1 ? 'A rule is' : `${unmet.length} rules are`
  const detail = `${count} not met: ${wordsOf(unmet)}`
  const fields = unmet.slice(0, toldAtMost).map(({ policy, code, satisfiedBy }) => ({
    field: `policies.${policy}`,
    value: code,
    expected: satisfiedBy,
  }))
  return { code: 'policy-unmet', detail, fields }
}

/** As much as a hold and a failure keep, in characters. */
const longestWords = 480

/** Returns what is not met and what would be right, in words: each rule as a whole as long as there is room, and how many more there are. */
export function wordsOf(unmet: readonly Unmet[]): string {
  let told = ''
  for (const [place, { policy, detail, satisfiedBy }] of unmet.entries()) {
    const rule = `${detail} (policy ${policy}; would be right: ${satisfiedBy})`
    const longer = told === '' ? rule : `${told}; ${rule}`
    const left = unmet.length - place - 1
    const more = left === 0 ? '' : `; and ${left} more`
    if (longer.length + more.length <= longestWords) told = longer
    else if (told === '') return `${cut(rule, longestWords - more.length)}${more}`
    else return `${told}; and ${left + 1} more`
  }
  return told
}
