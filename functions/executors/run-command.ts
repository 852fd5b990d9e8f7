import * as z from 'zod'
import { cut } from '../../events/cut.ts'
import { instantOf, minute } from '../../events/time.ts'
import type { Answer, Send } from '../aws-send.ts'

/** A command for one managed node. */
export interface Command {
  readonly instance: string
  /** The name or the ARN of a document. */
  readonly document: string
  readonly version: string
  readonly parameters: Readonly<Record<string, readonly string[]>>
  /** The part of the document, by its name, whose output is wanted; undefined where it has one only. */
  readonly outputOf: string | undefined
  /** By what it is found again: SSM has no token for that. */
  readonly comment: string
  /** It is not begun any more so many seconds after it was sent; 30 at least (AWS). */
  readonly deliveredWithin: number
}

/** Which command is looked for. */
export type Sought = Pick<Command, 'instance' | 'comment' | 'outputOf'> & {
  /** When it was to be sent, as an ISO instant: within seconds of that, or not at all. */
  readonly triedAt: string
}

/** What became of sending a command. */
export type CommandSent =
  | { readonly kind: 'sent'; readonly command: string }
  /** It was not taken; `lasting`: nor will it be. */
  | {
      readonly kind: 'turned-away'
      readonly code: string
      readonly why: string
      readonly lasting: boolean
    }
  | { readonly kind: 'unknown'; readonly why: string }

/** How far a command is. */
export type CommandStanding =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running'; readonly command: string; readonly status: string }
  | { readonly kind: 'done'; readonly command: string; readonly code: number; readonly output: string }
  | {
      readonly kind: 'failed'
      readonly command: string
      /** In the words of SSM: `Failed`, `ExecutionTimedOut`, `Undeliverable`, … */
      readonly details: string
      readonly why: string
      /** Has anything of it run? It is `lasting` where it has not, nor would it another time. */
      readonly ran: boolean
      readonly lasting: boolean
    }
  | { readonly kind: 'unknown'; readonly why: string }

/** Run Command of AWS Systems Manager. */
export interface Commands {
  /** Sends a command once. */
  send(command: Command): Promise<CommandSent>
  /** Looks for a command by its comment, and how far it is. */
  look(sought: Sought): Promise<CommandStanding>
}

const fault = z.object({ __type: z.string(), message: z.string().optional(), Message: z.string().optional() })
const sent = z.object({ Command: z.object({ CommandId: z.string() }) })
const listed = z.object({
  Commands: z
    .array(
      z.object({
        CommandId: z.string(),
        Comment: z.string().optional(),
        InstanceIds: z.array(z.string()).optional(),
        Status: z.string(),
        StatusDetails: z.string().optional(),
      }),
    )
    .default([]),
  NextToken: z.string().optional(),
})
type Listed = z.output<typeof listed>['Commands'][number]
const invoked = z.object({
  Status: z.string(),
  StatusDetails: z.string().optional(),
  ResponseCode: z.number().optional(),
  StandardOutputContent: z.string().optional(),
  StandardErrorContent: z.string().optional(),
})

/** Of these nobody need be asked again: the document or the deployment is wrong. Anything else that is refused may pass. */
const lastingFaults = [
  'AccessDeniedException',
  'DuplicateInstanceId',
  'InvalidDocument',
  'InvalidDocumentVersion',
  'InvalidParameters',
  'MaxDocumentSizeExceeded',
  'UnsupportedPlatformType',
  'ValidationException',
]

/** "Understanding command statuses" (AWS): these are not the end of a command. */
const underWay = ['Pending', 'InProgress', 'Delayed', 'Cancelling']
/** And with these nothing of it has run on the node. */
const neverRan = [
  'DeliveryTimedOut',
  'Undeliverable',
  'Terminated',
  'LimitExceeded',
  'InvalidPlatform',
  'AccessDenied',
  'NoInstancesInTag',
]
const lastingEnds = ['InvalidPlatform', 'AccessDenied', 'NoInstancesInTag']

/** Pages are of 50 commands; where there are more than these, nobody says that none of them is the one. */
const pagesAtMost = 20
const keptAtMost = 1000
/** So far our clock and that of SSM may be apart: it takes no request that is off by more (AWS, Signature Version 4). */
const apart = 5 * minute

function toTheSecond(instant: number): string {
  return `${instantOf(instant).slice(0, 19)}Z`
}

function faultIn({ status, text }: Answer): { readonly code: string; readonly why: string } {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  const read = fault.safeParse(body)
  const code = read.success ? (/[^#]*$/.exec(read.data.__type)?.[0] ?? '') : `HTTP_${status}`
  const words = read.success ? (read.data.message ?? read.data.Message ?? '') : ''
  return { code, why: `${code}${words && `: ${cut(words, 500)}`}` }
}

/** Details are written with spaces here and without there. */
function detailsOf({ Status, StatusDetails }: Pick<Listed, 'Status' | 'StatusDetails'>): string {
  return (StatusDetails ?? Status).replaceAll(' ', '')
}

/** Opens Run Command. `ask` has to ask once only: a command has no token that would keep a second request from being a second command. */
export function openCommands(ask: Send): Commands {
  /** Commands by their comments, with their nodes: what is not here is looked for. */
  const known = new Map<string, { readonly command: string; readonly instance: string }>()

  const call = (operation: string, body: object) =>
    ask({
      ...{ method: 'POST', path: '' },
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AmazonSSM.${operation}` },
      body: JSON.stringify(body),
    })

  const keep = (comment: string, command: string, instance: string) => {
    known.set(comment, { command, instance })
    const [oldest] = known.keys()
    if (known.size > keptAtMost && oldest !== undefined) known.delete(oldest)
  }

  /** Returns the command that fits; undefined: there is none. Throws the words of what kept it from being found out. */
  const find = async (query: object, fits: (one: Listed) => boolean): Promise<Listed | undefined> => {
    let NextToken: string | undefined
    for (let page = 0; page < pagesAtMost; page++) {
      const answer = await call('ListCommands', {
        ...query,
        MaxResults: 50,
        ...(NextToken !== undefined && { NextToken }),
      })
      if (answer.status !== 200) throw new Unfound(faultIn(answer).why)
      const read = listed.parse(JSON.parse(answer.text))
      const found = read.Commands.find(fits)
      if (found || read.NextToken === undefined) return found
      NextToken = read.NextToken
    }
    throw new Unfound(`There are more than ${pagesAtMost} pages of commands.`)
  }

  const seek = async ({ instance, comment, triedAt }: Sought): Promise<Listed | undefined> => {
    const own = known.get(comment)
    if (own) {
      const { command: CommandId } = own
      const found = await find({ CommandId }, (one) => one.CommandId === CommandId)
      // It was taken, whatever the list says yet.
      return found ?? { CommandId, InstanceIds: [own.instance], Status: 'Pending' }
    }
    const tried = Date.parse(triedAt)
    const Filters = [
      { key: 'InvokedAfter', value: toTheSecond(tried - apart) },
      { key: 'InvokedBefore', value: toTheSecond(tried + apart) },
    ]
    return find({ InstanceId: instance, Filters }, ({ Comment }) => Comment === comment)
  }

  /** Reads what the node says of a command that is over. */
  const endOf = async (listed: Listed, { instance, outputOf }: Sought): Promise<CommandStanding> => {
    const command = listed.CommandId
    const InstanceId = listed.InstanceIds?.[0] ?? instance
    const answer = await call('GetCommandInvocation', {
      ...{ CommandId: command, InstanceId },
      ...(outputOf !== undefined && { PluginName: outputOf }),
    })
    if (answer.status !== 200) {
      const { code, why } = faultIn(answer)
      // It is listed, and the node's part of it is not there yet.
      if (code === 'InvocationDoesNotExist') return { kind: 'running', command, status: listed.Status }
      // A document of several parts, none of which was named: the command as a whole is all that is known.
      if (code !== 'InvalidPluginName') return { kind: 'unknown', why }
    }
    const read = answer.status === 200 ? invoked.parse(JSON.parse(answer.text)) : undefined
    // One part of several says nothing of the others: then the command as a whole decides.
    const own = outputOf === undefined ? read : undefined
    if (own && underWay.includes(own.Status)) return { kind: 'running', command, status: own.Status }
    const { ResponseCode: code = 0, StandardOutputContent = '', StandardErrorContent = '' } = read ?? {}
    if (detailsOf(listed) === 'Success' && (own?.Status ?? 'Success') === 'Success')
      return { kind: 'done', command, code, output: StandardOutputContent }
    // Of the two, the one that has failed says why.
    const failed = read && ![...underWay, 'Success'].includes(read.Status) ? read : listed
    const details = detailsOf(failed)
    const ran = !neverRan.includes(details)
    const exit = ran && read ? ` with ${code}` : ''
    const why = `${details}${exit}. ${StandardErrorContent || StandardOutputContent}`.trim()
    return { kind: 'failed', command, details, why, ran, lasting: lastingEnds.includes(details) }
  }

  return {
    async send({ instance, document, version, parameters, comment, deliveredWithin }) {
      const request = {
        ...{ DocumentName: document, DocumentVersion: version, InstanceIds: [instance] },
        ...{ Parameters: parameters, Comment: comment, TimeoutSeconds: Math.max(30, deliveredWithin) },
      }
      try {
        const answer = await call('SendCommand', request)
        if (answer.status === 200) {
          const command = sent.parse(JSON.parse(answer.text)).Command.CommandId
          keep(comment, command, instance)
          return { kind: 'sent', command }
        }
        const { code, why } = faultIn(answer)
        if (answer.status >= 500) return { kind: 'unknown', why }
        return { kind: 'turned-away', code, why, lasting: lastingFaults.includes(code) }
      } catch (error) {
        return { kind: 'unknown', why: String(error) }
      }
    },
    async look(sought) {
      try {
        const found = await seek(sought)
        if (!found) return { kind: 'absent' }
        const { CommandId: command, Status: status, InstanceIds } = found
        keep(sought.comment, command, InstanceIds?.[0] ?? sought.instance)
        if (underWay.includes(status)) return { kind: 'running', command, status }
        return await endOf(found, sought)
      } catch (error) {
        return { kind: 'unknown', why: error instanceof Unfound ? error.message : String(error) }
      }
    },
  }
}

/** The commands could not be looked through. */
class Unfound extends Error {
  override readonly name = 'Unfound'
}
