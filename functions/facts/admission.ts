import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import type { AdmissionFacts } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists, planOf, type UpgradeState } from '../domain/upgrade/state.ts'
import type { Loaded, Log } from '../log/log.ts'

/** By log, the releases of planned upgrades: a plan never changes, so a warm function need not read the upgrade to know its release. */
const releases = new WeakMap<Log, Map<string, string | null>>()
const releasesAtMost = 1000

/**
 * Returns what an admission of this upgrade is checked against now, read strongly: a stop or a withdrawal that was acknowledged
 * before the call is in it (design: #admission).
 */
export function admissionFacts(log: Log, state: UpgradeState): Promise<AdmissionFacts> {
  return factsAbout(log, releaseOf(state))
}

/** Returns an upgrade with what its admissions are checked against, read at once where its release is known. */
export async function loadWithFacts(
  log: Log,
  upgrade: string,
): Promise<{ readonly from: Loaded<UpgradeState>; readonly facts: AdmissionFacts }> {
  const known = releases.get(log) ?? new Map<string, string | null>()
  releases.set(log, known)
  const release = known.get(upgrade)
  if (release !== undefined) {
    const [from, facts] = await Promise.all([log.load(upgradeAggregate, upgrade), factsAbout(log, release)])
    return { from, facts }
  }
  const from = await log.load(upgradeAggregate, upgrade)
  if (known.size >= releasesAtMost) known.clear()
  if (planOf(from.state)) known.set(upgrade, releaseOf(from.state))
  return { from, facts: await admissionFacts(log, from.state) }
}

function releaseOf(state: UpgradeState): string | null {
  const plan = planOf(state)
  if (!plan || !exists(state) || state.request.kind === 'rollback') return null
  return releaseId(state.request.component, plan.version)
}

async function factsAbout(log: Log, release: string | null): Promise<AdmissionFacts> {
  const [policy, known] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    release === null ? null : log.load(releaseAggregate, release),
  ])
  return {
    policyVersion: policy.commit,
    freeze: policy.state.freeze,
    releaseVersion: known?.commit ?? 0,
    releaseWithdrawn: known?.state.withdrawn?.reason ?? null,
  }
}
