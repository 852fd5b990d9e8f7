import type { SsmCommand } from '../../../events/procedure.ts'
import { NoValue, type Values } from '../../domain/procedure/expression.ts'
import { type RenderedCommand, renderCommand } from '../../domain/procedure/template.ts'

/** What became of sending a command. */
type CommandSent =
  | { readonly kind: 'sent'; readonly command: string }
  /** It was not taken; `lasting`: nor will it be. */
  | { readonly kind: 'turned-away'; readonly code: string; readonly why: string; readonly lasting: boolean }
  | { readonly kind: 'unknown'; readonly why: string }

/** How far a command is. */
type CommandStanding =
  /** There is none. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'running'; readonly command: string; readonly status: string }
  | { readonly kind: 'done'; readonly command: string; readonly code: number; readonly output: string }
  | {
      readonly kind: 'failed'
      readonly command: string
      readonly details: string
      readonly why: string
      /** Has anything of it run? */
      readonly ran: boolean
      readonly lasting: boolean
    }
  | { readonly kind: 'unknown'; readonly why: string }

/** Run Command, which finds a command again by its comment. */
export interface Commands {
  send(
    command: RenderedCommand & { readonly comment: string; readonly deliveredWithin: number },
  ): Promise<CommandSent>
  look(
    sought: Pick<RenderedCommand, 'instance' | 'outputOf'> & {
      readonly comment: string
      /** When it was to be sent, as an ISO instant. */
      readonly triedAt: string
    },
  ): Promise<CommandStanding>
}

/** Returns the comment by which the command of one try of a step is known. */
export function commentOf(key: string, tries: number): string {
  return `drydock ${key} try ${tries}`
}

/** One try of a step, with all that its command reads. */
export interface CommandTry {
  readonly ssm: SsmCommand
  readonly values: Partial<Values>
  readonly comment: string
}

const refusal = (error: unknown) => {
  if (!(error instanceof NoValue)) throw error
  return { kind: 'turned-away', code: 'NO_VALUE', why: error.message, lasting: true } as const
}

/** Sends the command of a step, to be begun within so many seconds or not at all. */
export async function sendCommand(
  commands: Commands,
  { ssm, values, comment }: CommandTry,
  deliveredWithin: number,
): Promise<CommandSent> {
  let command: RenderedCommand
  try {
    command = renderCommand(ssm, values)
  } catch (error) {
    return refusal(error)
  }
  return commands.send({ ...command, comment, deliveredWithin })
}

/** Looks how far the command of a step is that was to be sent at an instant. */
export async function lookAtCommand(
  commands: Commands,
  { ssm, values, comment }: CommandTry,
  triedAt: string,
): Promise<CommandStanding> {
  try {
    const { instance, outputOf } = renderCommand(ssm, values)
    return await commands.look({ instance, outputOf, comment, triedAt })
  } catch (error) {
    return { kind: 'unknown', why: refusal(error).why }
  }
}

/** Returns the code by which a step says how its command ended: `SSM_EXECUTION_TIMED_OUT` for `ExecutionTimedOut`. */
export function codeOf(details: string): string {
  return `SSM_${details.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`
}
