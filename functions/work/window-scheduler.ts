import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
} from '@aws-sdk/client-scheduler'
import type { WindowSchedules } from './window-schedules.ts'

/** Where schedules are kept, what they call and as whom, and where a firing goes that could not be delivered. */
export interface ScheduleTarget {
  readonly group: string
  readonly functionArn: string
  readonly roleArn: string
  readonly deadLetterArn: string
}

/** MaximumEventAgeInSeconds is from a minute to a day (AWS). */
const [youngest, oldest] = [60, 86_400]

/** Opens the schedules of windows with EventBridge Scheduler. */
export function openWindowSchedules(client: SchedulerClient, target: ScheduleTarget): WindowSchedules {
  const { group: GroupName } = target
  return {
    async list(prefix) {
      const names: string[] = []
      let NextToken: string | undefined
      do {
        const page = await client.send(new ListSchedulesCommand({ GroupName, NamePrefix: prefix, NextToken }))
        for (const { Name } of page.Schedules ?? []) if (Name !== undefined) names.push(Name)
        NextToken = page.NextToken
      } while (NextToken !== undefined)
      return names
    },
    async create({ name, at, input, maximumAge }) {
      // Its name is what makes it one. A token of ours would make one that was deleted look as if it were there for a while: the
      // client gives each call its own, and sends that one again when it tries again.
      await unless(
        'ConflictException',
        client.send(
          new CreateScheduleCommand({
            GroupName,
            Name: name,
            ScheduleExpression: `at(${new Date(at).toISOString().slice(0, 19)})`,
            ScheduleExpressionTimezone: 'UTC',
            ActionAfterCompletion: 'DELETE',
            FlexibleTimeWindow: { Mode: 'OFF' },
            Target: {
              Arn: target.functionArn,
              RoleArn: target.roleArn,
              Input: JSON.stringify(input),
              DeadLetterConfig: { Arn: target.deadLetterArn },
              RetryPolicy: {
                MaximumEventAgeInSeconds: Math.max(youngest, Math.min(oldest, Math.floor(maximumAge))),
                MaximumRetryAttempts: 185,
              },
            },
          }),
        ),
      )
    },
    async remove(name) {
      await unless(
        'ResourceNotFoundException',
        client.send(new DeleteScheduleCommand({ GroupName, Name: name })),
      )
    },
  }
}

/** The same, with a client of its own. */
export function openWindowScheduler(target: ScheduleTarget): WindowSchedules {
  return openWindowSchedules(new SchedulerClient({ maxAttempts: 5 }), target)
}

/** Waits for a call; an error of that name says that what was wanted is so already. */
async function unless(name: string, call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof Error && error.name === name)) throw error
  }
}
