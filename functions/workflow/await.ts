import * as z from 'zod'
import type { Connections } from '../connections.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { positionOf } from './positions.ts'

const input = z.strictObject({
  wait: z.enum(['approval', 'window', 'wave', 'bake', 'gate']),
  wave: z.int().min(0),
  upgradeId: z.string(),
  generation: z.int().positive(),
  token: z.string().min(1),
})

/** A token is kept a little longer than Step Functions takes it, in seconds. */
const margin = 3600

/**
 * Keeps the token of a wait, then asks the log, read strongly, whether the wait is over already: what was decided before the token
 * was kept is seen here, what is decided after it is seen by the reactor, so no wake-up is lost.
 */
export async function keepToken(
  { log, tokens, redemption, now }: Pick<Connections, 'log' | 'tokens' | 'redemption' | 'now'>,
  event: unknown,
): Promise<void> {
  const { token, upgradeId: upgrade, ...wait } = input.parse(event)
  const before = positionOf(
    (await log.load(upgradeAggregate, upgrade)).state,
    { upgradeId: upgrade, ...wait },
    isoNow(now),
  )
  await tokens.store({ upgrade, ...wait, token }, before.timeoutSeconds + margin)
  const { state } = await log.load(upgradeAggregate, upgrade)
  const present = positionOf(state, { upgradeId: upgrade, ...wait }, isoNow(now))
  if (present.move === wait.wait && present.wave === wait.wave) return
  await redemption.succeed(token, present)
  await tokens.remove({ upgrade, ...wait, token })
}

function isoNow(now: () => number): string {
  return new Date(now()).toISOString()
}
