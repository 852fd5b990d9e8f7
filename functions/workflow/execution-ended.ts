import * as z from 'zod'
import { systemActor } from '../domain/actor.ts'
import type { DomainEvent } from '../domain/aggregate.ts'
import type { Log } from '../log/log.ts'
import { executionOf, type Workflow } from './workflow.ts'

const statusChange = z.object({
  detail: z.object({
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
})
const longestCause = 512

/** Tells the log that an execution ended before its work did; the log decides when the next generation starts. Throws Contended. */
export async function noteEnd<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  { log }: { readonly log: Log },
  event: unknown,
): Promise<void> {
  const { name, status, error, cause: why } = statusChange.parse(event).detail
  const execution = executionOf(name)
  if (!execution) return
  const { id, generation } = execution
  const cause = [error, why].filter(Boolean).join(': ').slice(0, longestCause) || null
  const ended = workflow.endExecution({ generation, status, cause })
  await log.of(workflow.aggregate, id).carryOut(ended, { actor: systemActor, correlation: name })
}
