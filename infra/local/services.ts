import { dataFile } from './data-files.ts'
import type { ArchiveProperties } from './events/archive.ts'
import { type EventBridge, openEventBridge } from './events/bus.ts'
import type { RuleProperties } from './events/rules.ts'
import type { MachineClock } from './machine-clock.ts'
import { openScheduler, type Scheduler } from './schedules/scheduler.ts'
import { declaredDefinition } from './stepfunctions/declared.ts'
import { openStepFunctions, type StepFunctions } from './stepfunctions/engine.ts'
import type { Targets } from './targets.ts'
import type { CloudAssembly } from './template/cloud-assembly.ts'
import type { Resource } from './template/stack.ts'
import { account, region } from './template/types/type.ts'

/** The services that handlers reach by the AWS SDK, beside DynamoDB. */
export interface Services {
  readonly events: EventBridge
  readonly stepFunctions: StepFunctions
  readonly scheduler: Scheduler
}

/** Opens the services on their files, with what the template declares of each. Nothing moves before they are resumed. */
export async function openServices(parts: {
  readonly resources: readonly Resource[]
  readonly assembly: CloudAssembly
  readonly data: string
  readonly clock: MachineClock
  readonly targets: Targets
  invoke(functionName: string, payload: unknown): Promise<unknown>
}): Promise<Services> {
  const { resources, assembly, data, clock, targets, invoke } = parts
  const { deliver, deadLetter } = targets
  const place = { clock, region, account }
  const events = openEventBridge({ file: dataFile(data, 'events.sqlite'), ...place, deliver, deadLetter })
  const stepFunctions = openStepFunctions({
    file: dataFile(data, 'stepfunctions.sqlite'),
    ...place,
    invoke,
    emit: (event) => events.put(event),
  })
  const scheduler = openScheduler({ file: dataFile(data, 'schedules.sqlite'), ...place, deliver, deadLetter })
  const services = { events, stepFunctions, scheduler }
  for (const resource of resources) await declare(resource, services, targets, assembly)
  return services
}

async function declare(
  resource: Resource,
  { events, stepFunctions, scheduler }: Services,
  targets: Targets,
  assembly: CloudAssembly,
): Promise<void> {
  const { identity, logicalId, properties } = resource
  switch (resource.type) {
    case 'AWS::StepFunctions::StateMachine': {
      const name = String(identity.attributes.Name)
      const definition = declaredDefinition(resource, assembly)
      const arn = stepFunctions.createStateMachine({ name, definition })
      if (arn !== identity.ref)
        throw new Error(
          `The state machine ${logicalId} got the ARN ${arn}, the template says ${identity.ref}.`,
        )
      return
    }
    case 'AWS::Events::EventBus':
      return events.createBus(identity.ref)
    case 'AWS::Events::Archive':
      return events.createArchive({
        ...properties,
        ArchiveName: identity.ref,
      } as unknown as ArchiveProperties) // checked by createArchive
    case 'AWS::Events::Rule': {
      for (const target of Array.isArray(properties.Targets) ? properties.Targets : [])
        targets.check(resource, target)
      const Name = properties.Name ?? identity.ref.split('/').at(-1)
      return events.createRule({ ...properties, Name } as RuleProperties) // checked by createRule
    }
    case 'AWS::Scheduler::ScheduleGroup': {
      const { status, body } = await scheduler.request('POST', `/schedule-groups/${identity.ref}`, {}, {})
      if (status !== 200 && status !== 409)
        throw new Error(`The schedule group ${identity.ref} cannot be created: ${JSON.stringify(body)}`)
      return
    }
    case 'AWS::Scheduler::Schedule':
      targets.check(resource, properties.Target)
      return scheduler.createFromTemplate({ ...properties, Name: identity.ref })
  }
}
