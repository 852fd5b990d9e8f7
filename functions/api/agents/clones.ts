import { targetAggregate } from '../../domain/target/aggregate.ts'
import { tellClone } from '../../domain/target/clone.ts'
import type { Metadata } from '../../log/log.ts'
import type { Booted, NoticedClone } from '../../work/machines.ts'
import type { Services } from '../services.ts'

/** Who calls, and why: nothing of the call itself is repeated by what is noted about it. */
type Caller = Pick<Metadata, 'actor' | 'correlation'>

/**
 * Keeps that two machines speak with a target's credential, and tells integrations at most once a day. Nobody is refused an update because
 * a note about them could not be taken.
 */
export async function noteClone(
  { log, telemetry }: Pick<Services<'telemetry'>, 'log' | 'telemetry'>,
  target: string,
  noticed: NoticedClone,
  { actor, correlation }: Caller,
): Promise<void> {
  const sign = 'bootIds' in noticed ? 'boot-ids' : 'contradicting-reports'
  try {
    await telemetry.cloned(target, noticed)
    await log.execute(targetAggregate, target, tellClone({ sign }), { actor, correlation })
  } catch (error) {
    console.warn('two machines with one credential were not noted', error)
  }
}

/** Notes from which machine an agent calls; returns who else speaks with its credential, null where it does not say which it is. */
export async function noteMachine(
  services: Pick<Services<'telemetry'>, 'log' | 'telemetry'>,
  target: string,
  boot: string | undefined,
  caller: Caller,
): Promise<Booted | null> {
  if (boot === undefined) return null
  const booted = await services.telemetry.booted(target, boot).catch((error: unknown) => {
    console.warn('the machine of an agent was not noted', error)
    return null
  })
  if (booted?.alternating) await noteClone(services, target, { bootIds: booted.alternating }, caller)
  return booted
}
