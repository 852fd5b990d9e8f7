import * as z from 'zod'
import { instantOf } from '../../events/time.ts'
import type { DomainEvent } from '../domain/aggregate.ts'
import { samePlace } from '../domain/position.ts'
import type { Log } from '../log/log.ts'
import type { Redemption } from '../work/redemption.ts'
import type { Tokens, Wait } from '../work/tokens.ts'
import { positionOf, type Workflow } from './workflow.ts'

const input = z.strictObject({
  position: z.strictObject({
    move: z.string(),
    place: z.int().min(0),
    timeoutSeconds: z.int().positive(),
  }),
  id: z.string(),
  generation: z.int().positive(),
  token: z.string().min(1),
})

/** What waits need. */
export interface Waits {
  readonly log: Log
  readonly tokens: Tokens
  readonly redemption: Redemption
  now(): number
}

/** A token is kept a little longer than Step Functions takes it, in seconds. */
const margin = 3600

/**
 * Keeps the token of a wait, then asks the log, read strongly, whether the wait is over already: what was decided before the token
 * was kept is seen here, what is decided after it is seen by `endWaits`, so no wake-up is lost.
 */
export async function beginWait<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  { log, tokens, redemption, now }: Waits,
  event: unknown,
): Promise<void> {
  const { token, id, generation, position } = input.parse(event)
  const { move, place, timeoutSeconds } = position
  const stored = { stream: log.of(workflow.aggregate, id).name, generation, move, place, token }
  await tokens.store(stored, timeoutSeconds + margin)
  const { state } = await log.load(workflow.aggregate, id)
  const present = positionOf(workflow, state, { generation }, instantOf(now()))
  if (samePlace(present, position)) return
  await redemption.succeed(token, present)
  await tokens.remove(stored)
}

/** Is a stored wait over: does its execution act no more, or stand elsewhere? */
function isOver<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  state: State,
  now: string,
  stored: Wait,
): boolean {
  return stored.generation < workflow.generation(state) || !samePlace(workflow.position(state, now), stored)
}

/** Returns whether an execution waits for what is over already: its token was not redeemed when it might have been. */
export async function waitsInVain<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  { log, tokens, now }: Pick<Waits, 'log' | 'now'> & { readonly tokens: Pick<Tokens, 'list'> },
  id: string,
): Promise<boolean> {
  const waiting = await tokens.list(log.of(workflow.aggregate, id).name)
  if (waiting.length === 0) return false
  const { state } = await log.load(workflow.aggregate, id)
  return waiting.some((stored) => isOver(workflow, state, instantOf(now()), stored))
}

/** Redeems the tokens of waits that are over with where the execution goes on. Tokens of older generations are void. */
export async function endWaits<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  { log, tokens, redemption, now }: Waits,
  id: string,
): Promise<void> {
  // The tokens first: a wait that began after the log was read would look over, and be sent back to where it came from.
  const waiting = await tokens.list(log.of(workflow.aggregate, id).name)
  if (waiting.length === 0) return
  const { state } = await log.load(workflow.aggregate, id)
  const instant = instantOf(now())
  for (const stored of waiting) {
    if (!isOver(workflow, state, instant, stored)) continue
    if (stored.generation < workflow.generation(state))
      await redemption.fail(stored.token, 'Superseded', 'Another execution has taken over.')
    else await redemption.succeed(stored.token, workflow.position(state, instant))
    await tokens.remove(stored)
  }
}
