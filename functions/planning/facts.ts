import { policyAggregate } from '../domain/policy/policy.ts'
import { releaseAggregate } from '../domain/release/release.ts'
import type { AdmissionFacts } from '../domain/upgrade/admission.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'

/** The one policy stream of today: the stop of everything. */
export const freezePolicy = 'freeze'

/**
 * For so long, in milliseconds, a decision that may admit goes on against other writers with the facts it has read: a stop binds within
 * five seconds of its acknowledgement (DESIGN §3), so after that the facts are read anew.
 */
export const factsAreGoodFor = 3000

/**
 * Returns what an admission of this upgrade is checked against now, read strongly: a stop or a withdrawal that was acknowledged
 * before the call is in it (DESIGN §3).
 */
export async function admissionFacts(log: Log, state: UpgradeState): Promise<AdmissionFacts> {
  const { request, plan } = state
  const release =
    request && plan && request.kind !== 'rollback' ? `${request.component}@${plan.version}` : null
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
