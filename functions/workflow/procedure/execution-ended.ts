import * as z from 'zod'
import { cut } from '../../../events/cut.ts'
import { systemActor } from '../../domain/actor.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { endExecution } from '../../domain/target/procedure.ts'
import type { Log } from '../../log/log.ts'

const statusChange = z.object({
  detail: z.object({
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    input: z.string(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
})
const driven = z.object({ target: z.string(), attempt: z.string(), generation: z.int().positive() })
const longestCause = 512

/** Tells the log that the execution of a procedure ended before its attempt did; the next one follows from that. Throws Contended. */
export async function noteEndOfProcedure({ log }: { readonly log: Log }, event: unknown): Promise<void> {
  const { name, status, input, error, cause: why } = statusChange.parse(event).detail
  const { target, attempt, generation } = driven.parse(JSON.parse(input))
  const cause = cut([error, why].filter(Boolean).join(': '), longestCause) || null
  const ended = endExecution({ attempt, generation, status, cause })
  await log.of(targetAggregate, target).carryOut(ended, { actor: systemActor, correlation: name })
}
