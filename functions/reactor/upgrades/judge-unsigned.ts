import { systemActor } from '../../domain/actor.ts'
import {
  freezePolicy,
  judgeUnsigned,
  policyAggregate,
  type UnsignedReleases,
} from '../../domain/policy/policy.ts'
import type { Log } from '../../log/log.ts'

/** Notes what the deployment says of unsigned releases where every plan and hand-over reads it. Noting the same again changes nothing. */
export async function noteUnsignedReleases({
  log,
  unsignedReleases,
}: {
  readonly log: Log
  readonly unsignedReleases: UnsignedReleases
}): Promise<void> {
  const cause = { actor: systemActor, correlation: `unsigned-releases-${unsignedReleases}` }
  await log.of(policyAggregate, freezePolicy).carryOut(judgeUnsigned(unsignedReleases), cause)
}
