import type { PolicyAsked } from '../../../contracts/policies.ts'
import type { PolicyDocument } from '../../../events/rules.ts'

const day = 86_400
const unit = { s: 1, m: 60, h: 3600, d: day } as const

/** Returns the seconds of a length of time as `48h`. */
function secondsOf(text: string): number {
  const letter = text.slice(-1) as keyof typeof unit // the contract has checked it
  return Number.parseInt(text, 10) * unit[letter]
}

/** Returns a length of time in its largest unit. */
function durationOf(seconds: number): string {
  const [letter, size] = Object.entries(unit)
    .toReversed()
    .find(([, length]) => seconds % length === 0) ?? ['s', 1]
  return `${seconds / size}${letter}`
}

/** Returns what a policy asks for, with every default filled in: as the log keeps it. */
export function documentFrom(asked: PolicyAsked): PolicyDocument {
  const { description, selector, blockedVersions, allowedChannels, complianceChecks, freezes, parallel } =
    asked
  return {
    ...{ description, selector, blockedVersions, allowedChannels, complianceChecks, freezes, parallel },
    approvals: asked.approvalRequired
      ? {
          required: asked.requiredApprovals ?? 1,
          approvers: asked.approvers,
          role: asked.approverRole ?? 'approver',
          expiresInSeconds: asked.approvalExpiresInSeconds ?? 7 * day,
        }
      : null,
    ...(asked.together && { together: asked.together }),
    testing: asked.testingRequired
      ? {
          environments: asked.testEnvironments,
          minimumSeconds: secondsOf(asked.minimumTestDuration ?? '0s'),
        }
      : null,
  }
}

/** Returns a policy in the words of the API: what is sent so defines it. */
export function documentBody({ approvals, testing, ...document }: PolicyDocument) {
  return {
    ...document,
    together: document.together ?? null,
    approvalRequired: approvals !== null,
    ...(approvals && {
      requiredApprovals: approvals.required,
      approverRole: approvals.role,
      approvalExpiresInSeconds: approvals.expiresInSeconds,
    }),
    approvers: approvals?.approvers ?? null,
    testingRequired: testing !== null,
    testEnvironments: testing?.environments ?? [],
    ...(testing && { minimumTestDuration: durationOf(testing.minimumSeconds) }),
  }
}
