import { instantOf } from '../../events/time.ts'
import { isReady } from '../domain/target/readiness.ts'
import type { Telemetry } from '../work/telemetry.ts'

/** A target and the gateway that may speak for it. */
interface Reachable {
  readonly target: string
  readonly gateway: string | null
}

/** Returns which of some targets are not ready to be handed an attempt. Each target and gateway is looked up once, a hundred a request. */
export async function notReadyAmong(
  { telemetry, now }: { readonly telemetry: Pick<Telemetry, 'lastSeenOf'>; now(): number },
  targets: readonly Reachable[],
): Promise<ReadonlySet<string>> {
  const names = new Set(
    targets.flatMap(({ target, gateway }) => (gateway === null ? [target] : [target, gateway])),
  )
  const lastSeen = await telemetry.lastSeenOf([...names])
  const instant = instantOf(now())
  const heard = ({ target, gateway }: Reachable) => [
    lastSeen.get(target),
    gateway === null ? undefined : lastSeen.get(gateway),
  ]
  return new Set(targets.filter((one) => !isReady(heard(one), instant)).map(({ target }) => target))
}
