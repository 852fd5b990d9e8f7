import type { Deployment } from '../../../contracts/deployment.ts'
import { type AmountAsked, waitsAfter } from '../../../contracts/strategies.ts'
import { instantOf } from '../../../events/time.ts'
import type { Amount, UpgradeRequest } from '../../../events/upgrade.ts'
import { unmeetable } from '../../domain/approval-rule.ts'
import { asProblem } from '../http/problem.ts'
import { metricsFrom } from './metrics.ts'

/** How long an attempt should take, in seconds, where nobody says and too few are known. */
const usually = 300

function amountOf(asked: AmountAsked): Amount {
  return typeof asked === 'number' ? { targets: asked } : { percent: Number.parseInt(asked, 10) }
}

/** Returns what only some strategies have. */
function strategyOf(
  deployment: Deployment,
): Pick<UpgradeRequest, 'percentages' | 'groups' | 'rolling' | 'spacingSeconds'> {
  const { strategy, percentages, groups, maxUnavailable, maxSurge = 0, spacingSeconds = 0 } = deployment
  if (percentages) {
    return {
      percentages: percentages.map((stage, place) => {
        const continueByHand = place + 1 < percentages.length && waitsAfter(stage, deployment)
        const bySecond = stage.continueRequiresSecondPerson ?? deployment.continueRequiresSecondPerson
        return {
          percent: stage.percent,
          bakeSeconds: stage.bakeSeconds ?? deployment.bakeSeconds,
          gate: stage.gate === undefined ? deployment.gate : stage.gate,
          ...{ continueByHand, continueBySecondPerson: continueByHand && bySecond },
        }
      }),
    }
  }
  if (groups) return { groups: { by: groups.by, order: groups.order, others: groups.others } }
  if (maxUnavailable !== undefined)
    return { rolling: { unavailable: amountOf(maxUnavailable), surge: amountOf(maxSurge) } }
  return strategy === 'serial' ? { spacingSeconds } : {}
}

/**
 * Returns what a deploy asks for, with every default filled in: the request as the log keeps it. Throws the problem that refuses approvals
 * which nobody could give where this person asks for them.
 */
export function requestFrom(deployment: Deployment, by: string): UpgradeRequest {
  const refused = unmeetable(deployment.approvals, by)
  if (refused)
    throw asProblem({
      code: 'validation-failed',
      detail: 'Nobody could approve it: see errors.',
      fields: [refused],
    })
  const { component, version, strategy, targets, window, retry, deadlines, gate } = deployment
  const metrics = metricsFrom(deployment.metrics)
  return {
    kind: 'deploy',
    parent: null,
    component,
    version,
    strategy,
    // Canaries that are named are the whole first wave, unless a percentage fills it up.
    canaryPercent:
      strategy === 'canary' ? (deployment.canaryPercent ?? (targets.canaries.length > 0 ? null : 10)) : null,
    batchSize: deployment.batchSize ?? null,
    ...strategyOf(deployment),
    selection: {
      targets: targets.ids ?? null,
      types: targets.types ?? null,
      regions: targets.regions ?? null,
      tags: targets.tags ?? null,
      canaries: targets.canaries,
    },
    parallel: strategy === 'serial' ? 1 : deployment.parallel,
    failures: deployment.failureThreshold,
    unreachable: deployment.unreachableThreshold,
    budget: deployment.failureBudget,
    approvals: deployment.approvals,
    // After a canary a person looks, unless the request says otherwise; all others go on to the next wave by themselves, unless it says so.
    continueByHand: !(deployment.autoContinue ?? strategy !== 'canary'),
    continueBySecondPerson: deployment.continueRequiresSecondPerson,
    window: window && { start: instantOf(window.start), end: instantOf(window.end) },
    calendars: deployment.calendars,
    bakeSeconds: deployment.groups?.pauseSeconds ?? deployment.bakeSeconds,
    gate,
    ...(metrics && { metrics: [...metrics] }),
    retry,
    deadlines: {
      accept: deadlines.acceptSeconds,
      attempt: deadlines.attemptSeconds,
      expected: deadlines.expectedSeconds ?? usually,
      continue: deadlines.continueSeconds,
      linger: deadlines.lingerSeconds,
    },
    ...(deadlines.expectedSeconds === undefined && { expectedByHistory: true }),
    ...(deployment.allowDowngrade && { allowDowngrade: true }),
    breakGlass: false,
    reason: deployment.reason,
  }
}
