import type { DeadLetter } from './deliveries.ts'
import type { AsynchronousInvocations } from './lambda/asynchronous.ts'
import { functionArn } from './lambda/declared.ts'
import type { Functions } from './lambda/functions.ts'
import type { Queues } from './queues/queue.ts'
import { isRecord } from './template/shapes.ts'
import type { Resource } from './template/stack.ts'

/** What rules and schedules of a template send to: its functions and queues. */
export interface Targets {
  /** Throws when the target of a rule or a schedule is neither. */
  check(resource: Resource, target: unknown): void
  deliver(targetArn: string, payload: unknown): Promise<void>
  deadLetter(queueArn: string, letter: DeadLetter): void
}

/** Connects the targets; an invocation is noted and answered for later, as AWS does. */
export function openTargets(parts: {
  readonly functions: Functions
  readonly asynchronous: AsynchronousInvocations
  readonly queues: Queues
}): Targets {
  const { functions, asynchronous, queues } = parts
  return {
    check({ logicalId, type }, target) {
      const arn = isRecord(target) ? String(target.Arn) : ''
      if (!functions.byArn.has(functionArn(arn)) && !queues.has(arn))
        throw new Error(
          `${logicalId} (${type}) has the target ${arn}; on one machine targets are functions and queues of the template.`,
        )
    },
    async deliver(targetArn, payload) {
      if (functions.byArn.has(functionArn(targetArn))) asynchronous.add(functionArn(targetArn), payload)
      else if (queues.has(targetArn)) queues.send(targetArn, payload)
      else throw new Error(`${targetArn} is neither a function nor a queue of the template.`)
    },
    deadLetter: (queueArn, { body, attributes }) => queues.send(queueArn, body, attributes),
  }
}
