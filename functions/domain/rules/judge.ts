import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Rejection } from '../rejection.ts'
import { sameVersion } from '../version/identity.ts'
import type { Policy } from './rules.ts'

/** One rule that is not met: whose it is, what is wrong, and what would be right. */
export interface Unmet {
  readonly policy: string
  readonly code: 'version-blocked'
  readonly detail: string
  readonly satisfiedBy: string
}

/** What an upgrade goes to, as policies look at it. */
export interface Judged {
  readonly kind: UpgradeRequest['kind']
  readonly version: string
}

/**
 * Returns the rules of these policies that an upgrade does not meet now. A rollback goes to where its targets have been: it meets all of
 * them, or what is wrong could not be taken back.
 */
export function unmetRules(policies: readonly Policy[], { kind, version }: Judged): Unmet[] {
  if (kind === 'rollback') return []
  return policies.flatMap(({ name: policy, document }) => {
    const { blockedVersions } = document
    const unmet: Unmet[] = []
    if (blockedVersions.some((blocked) => sameVersion(blocked, version))) {
      const detail = `${version} is blocked by policy ${policy}`
      const satisfiedBy = 'another version, or an administrator who takes it out of blockedVersions'
      unmet.push({ policy, code: 'version-blocked', detail, satisfiedBy })
    }
    return unmet
  })
}

/** So many are told by name. */
const toldAtMost = 20

/** Returns the rejection that tells of rules that are not met, each in a field of its own; undefined: there are none. */
export function policyRejection(unmet: readonly Unmet[]): Rejection | undefined {
  if (unmet.length === 0) return undefined
  const rules = unmet.length === 1 ? 'A rule is' : `${unmet.length} rules are`
  const detail = `${rules} not met: ${wordsOf(unmet)}`
  const fields = unmet.slice(0, toldAtMost).map(({ policy, code, satisfiedBy }) => ({
    field: `policies.${policy}`,
    value: code,
    expected: satisfiedBy,
  }))
  return { code: 'policy-unmet', detail, fields }
}

/** As much as a hold and a failure keep. */
const longestWords = 500

/** Returns what is not met and what would be right, in words. */
export function wordsOf(unmet: readonly Unmet[]): string {
  return unmet
    .map(({ detail, satisfiedBy }) => `${detail} (would be right: ${satisfiedBy})`)
    .join('; ')
    .slice(0, longestWords)
}
