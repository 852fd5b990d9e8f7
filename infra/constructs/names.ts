import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'
import { windowScheduleGroup } from '../../functions/environment.ts'

/**
 * Names that more than one construct needs. Only what another resource must know before it exists has a fixed name: the state
 * machine, because its own tasks redeem its tokens, the function of windows, because it schedules itself, and the bus, because
 * integrations subscribe to it by name.
 */
export const names = {
  machine: 'upgrade',
  bus: 'drydock',
  metrics: 'Drydock',
  windowsFunction: 'drydock-windows',
} as const

/** Returns the ARN of the state machine from its name, so that its tasks can be granted it without a circular dependency. */
export function machineArn(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: names.machine,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the ARN that stands for every execution of the state machine. */
export function executionArns(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${names.machine}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the ARN of the function that windows call, from its name: the function itself must know it. */
export function windowsFunctionArn(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: names.windowsFunction,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the ARN that stands for every one-shot schedule of a window. */
export function windowScheduleArns(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'scheduler',
    resource: 'schedule',
    resourceName: `${windowScheduleGroup}/window-*`,
  })
}

/** Returns the id of the construct that is made for a function. */
export function idOf(functionName: string): string {
  return functionName.charAt(0).toUpperCase() + functionName.slice(1)
}
