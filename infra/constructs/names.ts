import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

/** The state machines: what each drives, and the name of its definition in `statemachines/`. */
export const machines = ['upgrade', 'rollout'] as const
export type Machine = (typeof machines)[number]

/** What executions drive: what has a state machine of its own, and procedures, each revision of which has one. */
export type Driven = Machine | 'procedure'

/** Functions that others must know before they exist. */
export type FixedName = 'windowsFunction' | 'stepFunction' | 'helmFunction'

/** Names that somebody must know before what bears them exists, or that an account has only once. */
export interface Names {
  /** Of each state machine: its own tasks redeem its tokens. */
  readonly machines: Readonly<Record<Machine, string>>
  /** Integrations subscribe to it by name; the registry of its schemas is called the same. */
  readonly bus: string
  readonly api: string
  /** It makes the schedules that call it. */
  readonly windowsFunction: string
  /** The state machines of procedures call it. */
  readonly stepFunction: string
  readonly helmFunction: string
  /** What the name of every state machine of a procedure begins with. */
  readonly procedureMachines: string
  readonly procedureLogs: string
  /** The group of these schedules. */
  readonly windowsGroup: string
  /** What the functions count, and alarms watch. */
  readonly metrics: string
  // API Gateway, Step Functions and others share one resource policy of limited length unless they write below this prefix.
  readonly machineLogs: Readonly<Record<Machine, string>>
  readonly accessLogs: string
}

/** The longest name of a stack: the names that are made of it have room for their ends within 64 characters. */
const longest = 40

/** Returns the names of a stack. All are made of its own name, so that an account can have several. */
export function namesOf(scope: IConstruct): Names {
  const { stackName } = Stack.of(scope)
  if (stackName.length > longest)
    throw new Error(`The name of the stack, ${stackName}, is longer than ${longest} characters.`)
  const own = stackName.toLowerCase()
  return {
    machines: { upgrade: `${own}-upgrade`, rollout: `${own}-rollout` },
    bus: own,
    api: own,
    windowsFunction: `${own}-windows`,
    stepFunction: `${own}-step`,
    helmFunction: `${own}-helm`,
    procedureMachines: `${own}-procedure-`,
    procedureLogs: `/aws/vendedlogs/states/${own}-procedures`,
    windowsGroup: own,
    metrics: stackName,
    machineLogs: {
      upgrade: `/aws/vendedlogs/states/${own}-upgrade`,
      rollout: `/aws/vendedlogs/states/${own}-rollout`,
    },
    accessLogs: `/aws/vendedlogs/apis/${own}`,
  }
}

/** Returns the ARN of a state machine from its name, so that its tasks can be granted it without a circular dependency. */
export function machineArn(scope: IConstruct, machine: Machine): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: namesOf(scope).machines[machine],
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the ARN that stands for every execution of a state machine. */
export function executionArns(scope: IConstruct, machine: Machine): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${namesOf(scope).machines[machine]}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns what the ARN of every state machine of a procedure begins with. */
export function procedureMachineArns(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: namesOf(scope).procedureMachines,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the ARN that stands for every execution of a procedure. */
export function procedureExecutionArns(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'execution',
    resourceName: `${namesOf(scope).procedureMachines}*:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the ARN of a function that others must know before it exists, from its name. */
export function functionArn(scope: IConstruct, name: FixedName): string {
  return Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: namesOf(scope)[name],
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the ARN that stands for every one-shot schedule of a window. */
export function windowScheduleArns(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'scheduler',
    resource: 'schedule',
    resourceName: `${namesOf(scope).windowsGroup}/window-*`,
  })
}

/**
 * Returns the ARN that stands for every secret that functions may read: those whose names begin with the stack's own and a slash. Whoever
 * refers to a secret does so in a document, and must not reach any other of the account.
 */
export function secretArns(scope: IConstruct): string {
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${Stack.of(scope).stackName.toLowerCase()}/*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
}

/** Returns the id of the construct that is made for a function. */
export function idOf(functionName: string): string {
  return functionName.charAt(0).toUpperCase() + functionName.slice(1)
}
