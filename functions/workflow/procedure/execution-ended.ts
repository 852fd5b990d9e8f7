import * as z from 'zod'
import { systemActor } from '../../domain/actor.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { endExecution } from '../../domain/target/procedure.ts'
import type { Log } from '../../log/log.ts'
import { endIn } from '../execution-ended.ts'

const driven = z.object({ target: z.string(), attempt: z.string(), generation: z.int().positive() })

/** Tells the log that the execution of a procedure ended before its attempt did; the next one follows from that. Throws Contended. */
export async function noteEndOfProcedure({ log }: { readonly log: Log }, event: unknown): Promise<void> {
  const { name, status, cause, input } = endIn(event)
  const { target, attempt, generation } = driven.parse(JSON.parse(input ?? ''))
  const ended = endExecution({ attempt, generation, status, cause })
  await log.of(targetAggregate, target).carryOut(ended, { actor: systemActor, correlation: name })
}
