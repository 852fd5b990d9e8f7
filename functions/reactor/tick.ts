import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { tick } from '../domain/upgrade/tick.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { factsAreGoodFor, loadWithFacts } from '../planning/facts.ts'

/** Tells an upgrade what time it is. Telling it twice changes nothing. */
export async function tickUpgrade(
  log: Log,
  upgrade: string,
  cause: { correlation: string; causation?: string },
): Promise<void> {
  const { from, facts } = await loadWithFacts(log, upgrade)
  const metadata = { actor: systemActor, ...cause }
  const options = { retryFor: factsAreGoodFor, from }
  settled(`upgrade#${upgrade}`, await log.execute(upgradeAggregate, upgrade, tick(facts), metadata, options))
}
