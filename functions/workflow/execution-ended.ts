import * as z from 'zod'
import { cut } from '../../events/cut.ts'
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
    input: z.string().nullish(),
  }),
})

/** In characters. */
const longestCause = 512

/** Returns how an execution ended, as EventBridge tells it; the input is missing where it is long (AWS: 248 KB). */
export function endIn(event: unknown) {
  const { error, cause: why, ...detail } = statusChange.parse(event).detail
  return { ...detail, cause: cut([error, why].filter(Boolean).join(': '), longestCause) || null }
}

/** Tells the log that an execution ended before its work did; the log decides when the next generation starts. Throws Contended. */
export async function noteEnd<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  { log }: { readonly log: Log },
  event: unknown,
): Promise<void> {
  const { name, status, cause } = endIn(event)
  const execution = executionOf(name)
  if (!execution) return
  const { id, generation } = execution
  const ended = workflow.endExecution({ generation, status, cause })
  await log.of(workflow.aggregate, id).carryOut(ended, { actor: systemActor, correlation: name })
}
