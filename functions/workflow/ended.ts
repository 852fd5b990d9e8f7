import * as z from 'zod'
import type { Connections } from '../connections.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { endExecution } from '../domain/upgrade/lifecycle.ts'

const statusChange = z.object({
  detail: z.object({
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
})

/** Returns the upgrade and generation that an execution's name tells: `<upgradeId>-<generation>`. */
function executionOf(name: string): { upgradeId: string; generation: number } | undefined {
  const match = /^(.+)-(\d+)$/.exec(name)
  return match?.[1] === undefined ? undefined : { upgradeId: match[1], generation: Number(match[2]) }
}

/** Tells the log that an execution ended before its upgrade did; the log decides when the next generation starts. */
export async function noteEnd({ log }: Pick<Connections, 'log'>, event: unknown): Promise<void> {
  const { detail } = statusChange.parse(event)
  const execution = executionOf(detail.name)
  if (!execution) return
  const { generation } = execution
  const cause = [detail.error, detail.cause].filter(Boolean).join(': ').slice(0, 512) || null
  const outcome = await log.execute(
    upgradeAggregate,
    execution.upgradeId,
    endExecution({ generation, status: detail.status, cause }),
    { actor: systemActor, correlation: detail.name },
    { retryFor: 5000 },
  )
  if (outcome.kind === 'contended')
    throw new Error(`upgrade#${execution.upgradeId} is contended: the event is delivered again.`)
}
