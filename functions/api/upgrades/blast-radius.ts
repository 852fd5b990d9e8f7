import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { instantOf } from '../../../events/time.ts'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { inFlightAtMost } from '../../domain/plan/rolling.ts'
import { allowedFailures, waveRange } from '../../domain/plan/waves.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { count, type MemberCounts, noCounts } from '../../domain/upgrade/counts.ts'
import { sizeOf } from '../../domain/upgrade/members.ts'
import type { AcceptedPlan } from '../../domain/upgrade/state.ts'
import type { Told } from '../../log/log.ts'
import type { Operate } from '../http/endpoint.ts'
import { pastOf } from '../http/story.ts'
import { upgradeNotFound } from './history.ts'
import { waveNumber } from './wave-number.ts'

interface Peak {
  readonly count: number
  readonly limit: number
  readonly commit: number
}

/** The largest figures of a wave, each with the limit that held and the commit at which it was reached. */
interface WaveExposure {
  readonly wave: number
  readonly size: number
  readonly largestInFlight: Peak
  readonly exposed: Peak
  readonly failures: { readonly count: number; readonly allowed: number; readonly commit: number }
}

const higher = (peak: Peak, figure: number, commit: number): Peak =>
  figure > peak.count ? { ...peak, count: figure, commit } : peak

function opened(wave: number, request: UpgradeRequest, plan: AcceptedPlan, commit: number): WaveExposure {
  const { from, to } = waveRange(plan.waves, plan.members, wave)
  const allowed = allowedFailures(request.failures, to - from, 0)
  return {
    wave: waveNumber(wave),
    size: to - from,
    largestInFlight: { count: 0, limit: inFlightAtMost(request, plan), commit },
    // Everything up to the end of this wave may have been touched by now, and nothing beyond it.
    exposed: { count: 0, limit: to, commit },
    failures: { count: 0, allowed, commit },
  }
}

/** Who let an upgrade run even while everything was stopped, and in spite of which stops it admitted targets. */
class BrokenGlass {
  #request: { readonly reason: string | null; readonly requestedBy: string } | null = null
  readonly #approvals: { by: string; at: string; commit: number }[] = []
  readonly #overrode: { freeze: string; since: string; commit: number }[] = []

  follow(event: UpgradeEvent, commit: number, at: string): void {
    if (event.type === 'UpgradeRequested' && event.data.request.breakGlass) {
      this.#request = { reason: event.data.request.reason, requestedBy: event.data.by }
      // What belongs to a rollout was approved with it: its request says so.
      for (const by of event.data.rollout?.approvedBy ?? []) this.#approvals.push({ by, at, commit })
    } else if (event.type === 'ApprovalGiven') {
      this.#approvals.push({ by: event.data.by, at, commit })
    } else if (event.type === 'FreezeOverridden') {
      const { freeze, since } = event.data
      this.#overrode.push({ freeze, since, commit })
    }
  }

  get told() {
    return this.#request && { ...this.#request, approvals: this.#approvals, overrode: this.#overrode }
  }
}

/** Returns how much was ever at risk, wave by wave, as the log alone shows it (N1). */
export async function exposureOf(past: AsyncIterable<Told<UpgradeEvent>>) {
  let request: UpgradeRequest | undefined
  let plan: AcceptedPlan | undefined
  let counts: MemberCounts = noCounts
  let failedBefore = 0
  let exposed = 0
  const waves: WaveExposure[] = []
  const glass = new BrokenGlass()
  for await (const { event, commit, at } of past) {
    glass.follow(event, commit, at)
    counts = count(counts, event)
    if (event.type === 'UpgradeRequested') request = event.data.request
    if (event.type === 'UpgradePlanned') plan = event.data
    if (event.type === 'TargetsAdmitted') {
      exposed += sizeOf(event.data.members)
    }
    if (event.type === 'WaveStarted' && request && plan) {
      failedBefore = counts.failed
      waves.push(opened(event.data.wave, request, plan, commit))
    }
    const present = waves.at(-1)
    if (!present) continue
    const failures = counts.failed - failedBefore
    waves[waves.length - 1] = {
      ...present,
      largestInFlight: higher(present.largestInFlight, counts.inFlight, commit),
      exposed: higher(present.exposed, exposed, commit),
      failures:
        failures > present.failures.count
          ? { ...present.failures, count: failures, commit }
          : present.failures,
    }
  }
  const proven = waves.every(
    ({ largestInFlight, exposed: reached }) =>
      largestInFlight.count <= largestInFlight.limit && reached.count <= reached.limit,
  )
  if (!request) return undefined
  const parallel = plan ? inFlightAtMost(request, plan) : request.parallel
  return { limits: { parallel }, proven, breakGlass: glass.told, waves }
}

/** Shows the blast radius of an upgrade. */
export const getBlastRadius: Operate<(typeof upgradeContracts)['getBlastRadius']> = async (
  { params, query },
  { log },
) => {
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const exposure = await exposureOf(pastOf(log, upgradeAggregate, params.id, at))
  if (!exposure) throw upgradeNotFound()
  return { status: 200, body: { upgradeId: params.id, ...exposure } }
}
