import { CreateStateMachineCommand, DeleteStateMachineCommand, type SFNClient } from '@aws-sdk/client-sfn'
import { type Executions, openExecutions } from './executions.ts'

/** A revision of a procedure, whose state machine bears its name. */
export interface Revision {
  readonly name: string
  readonly revision: number
}

/** The state machines of procedures, one a revision. They can be made again whenever one is missing. */
export interface ProcedureMachines {
  /** Makes the machine of a revision, unless it is there. `definition` gets the ARNs of the functions that do steps. */
  make(revision: Revision, definition: (tasks: MachineSettings['tasks']) => object): Promise<void>
  /** Removes it; executions that run go on to their end. */
  remove(revision: Revision): Promise<void>
  executions(revision: Revision): Executions
}

/** There is no machine of a revision: it was removed, or not made yet. */
export function isMachineMissing(error: unknown): boolean {
  return error instanceof Error && error.name === 'StateMachineDoesNotExist'
}

/** What the machines of procedures are made with. */
export interface MachineSettings {
  /** What the ARN of every one begins with. */
  readonly prefix: string
  readonly roleArn: string
  readonly logGroupArn: string
  /** The functions that do steps, by their ARNs. */
  readonly tasks: { readonly step: string; readonly helm: string }
}

/** Opens the machines of procedures with Step Functions. */
export function openProcedureMachines(
  client: SFNClient,
  { prefix, roleArn, logGroupArn, tasks }: MachineSettings,
): ProcedureMachines {
  const arnOf = ({ name, revision }: Revision) => `${prefix}${name}-r${revision}`
  const nameOf = (revision: Revision) => arnOf(revision).split(':').at(-1) ?? ''
  return {
    async make(revision, definition) {
      // The same name, definition and role again: it is there already (AWS).
      await client.send(
        new CreateStateMachineCommand({
          name: nameOf(revision),
          definition: JSON.stringify(definition(tasks)),
          roleArn,
          type: 'STANDARD',
          // The input of a wait holds its task token (S9).
          loggingConfiguration: {
            level: 'ALL',
            includeExecutionData: false,
            destinations: [{ cloudWatchLogsLogGroup: { logGroupArn } }],
          },
          tags: [
            { key: 'drydock:procedure', value: revision.name },
            { key: 'drydock:revision', value: String(revision.revision) },
          ],
        }),
      )
    },
    async remove(revision) {
      await client.send(new DeleteStateMachineCommand({ stateMachineArn: arnOf(revision) }))
    },
    executions: (revision) => openExecutions({ client, machineArn: arnOf(revision) }),
  }
}
