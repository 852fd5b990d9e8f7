import { randomUUID } from 'node:crypto'
import * as z from 'zod'
import type { Clock } from './clock.ts'
import { openDatabase } from './database.ts'

/** What a managed node does with a command. */
export interface Played {
  /** How long it takes, by the clock of this machine. */
  readonly seconds: number
  /** How it ends, in the words of SSM: `Success`, `Failed`, `ExecutionTimedOut`, `Undeliverable`, … */
  readonly details: string
  readonly code?: number
  readonly output?: string
  readonly error?: string
  /** So long it is not listed, and the node's part of it is not there: SSM becomes consistent. */
  readonly appearsAfter?: number
}

/** A command as its node gets it. */
export interface CommandOfMachine {
  readonly instance: string
  readonly document: string
  readonly version: string
  readonly parameters: Readonly<Record<string, readonly string[]>>
  readonly comment: string
}

/** The managed nodes of this machine. Undefined: there is no such node. */
export type ManagedNodes = (command: CommandOfMachine) => Played | undefined

/** Run Command, as far as it is asked for commands to one node each. */
export interface CommandsOfMachine {
  /** Answers one call; throws {type, message}. */
  request(operation: string, input: unknown): unknown
  close(): void
}

/** As SSM bounds them (its API reference); what is not here is refused, so that nothing is passed over. */
const instance = z.string().regex(/^(i-(\w{8}|\w{17})|mi-\w{17})$/)
const document = z.string().regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/)
const commandId = z.string().length(36)
const sent = z.strictObject({
  DocumentName: document,
  DocumentVersion: z.string().regex(/^(\$LATEST|\$DEFAULT|[1-9][0-9]*)$/),
  InstanceIds: z.tuple([instance]),
  Parameters: z.record(z.string(), z.array(z.string())),
  Comment: z.string().max(100),
  TimeoutSeconds: z.int().min(30).max(2_592_000),
})
const listed = z.strictObject({
  CommandId: commandId.optional(),
  InstanceId: instance.optional(),
  MaxResults: z.int().min(1).max(50),
  NextToken: z.string().optional(),
  Filters: z
    .array(
      z.discriminatedUnion('key', [
        z.strictObject({ key: z.literal('InvokedAfter'), value: z.iso.datetime() }),
        z.strictObject({ key: z.literal('InvokedBefore'), value: z.iso.datetime() }),
      ]),
    )
    .max(5)
    .optional(),
})
const asked = z.strictObject({
  CommandId: commandId,
  InstanceId: instance,
  PluginName: z.string().min(4).optional(),
})

const row = z.object({
  id: z.string(),
  at: z.number(),
  command: z.string(),
  played: z.string(),
})
interface Known {
  readonly id: string
  /** In milliseconds since the epoch. */
  readonly at: number
  readonly command: CommandOfMachine
  readonly played: Played
}

/** The statuses to which details belong ("Understanding command statuses", AWS). */
const statuses: Readonly<Record<string, string>> = {
  Success: 'Success',
  Canceled: 'Cancelled',
  DeliveryTimedOut: 'TimedOut',
  ExecutionTimedOut: 'TimedOut',
}

function fault(type: string, message: string): Error {
  return Object.assign(new Error(message), { type })
}

function checked<Input>(schema: z.ZodType<Input>, input: unknown): Input {
  const given = schema.safeParse(input)
  if (given.success) return given.data
  throw fault('ValidationException', `One machine does not know: ${z.prettifyError(given.error)}`)
}

/** Opens Run Command on its file, with the nodes that tests or examples play. It keeps what it has taken. */
export function openCommandsOfMachine({
  file,
  clock,
  nodes,
}: {
  readonly file: string
  readonly clock: Pick<Clock, 'now'>
  readonly nodes: ManagedNodes
}): CommandsOfMachine {
  const database = openDatabase(file)
  database.exec(
    'CREATE TABLE IF NOT EXISTS commands (id TEXT PRIMARY KEY, at INTEGER NOT NULL, command TEXT NOT NULL, played TEXT NOT NULL) STRICT',
  )
  const keep = database.prepare('INSERT INTO commands (id, at, command, played) VALUES (?, ?, ?, ?)')
  const all = database.prepare('SELECT id, at, command, played FROM commands ORDER BY at DESC, id')

  const appeared = (): readonly Known[] =>
    z
      .array(row)
      .parse(all.all())
      .map(({ id, at, command, played }) => ({
        ...{ id, at },
        command: JSON.parse(command) as CommandOfMachine, // as it was kept below
        played: JSON.parse(played) as Played,
      }))
      .filter(({ at, played }) => clock.now() >= at + (played.appearsAfter ?? 0) * 1000)

  const standing = ({ at, played }: Known) => {
    if (clock.now() < at + played.seconds * 1000) return { Status: 'InProgress', StatusDetails: 'InProgress' }
    return { Status: statuses[played.details] ?? 'Failed', StatusDetails: played.details }
  }

  const shown = (known: Known) => ({
    CommandId: known.id,
    DocumentName: known.command.document,
    DocumentVersion: known.command.version,
    Comment: known.command.comment,
    Parameters: known.command.parameters,
    InstanceIds: [known.command.instance],
    RequestedDateTime: known.at / 1000,
    ...standing(known),
  })

  const send = (input: unknown) => {
    const { DocumentName, DocumentVersion, InstanceIds, Parameters, Comment } = checked(sent, input)
    const command = {
      ...{ instance: InstanceIds[0], document: DocumentName, version: DocumentVersion },
      ...{ parameters: Parameters, comment: Comment },
    }
    const played = nodes(command)
    if (!played)
      throw fault('InvalidInstanceId', `Instances [[${command.instance}]] not in a valid state for account`)
    const known = { id: randomUUID(), at: clock.now(), command, played }
    keep.run(known.id, known.at, JSON.stringify(command), JSON.stringify(played))
    return { Command: { ...shown(known), Status: 'Pending', StatusDetails: 'Pending' } }
  }

  const list = (input: unknown) => {
    const { CommandId, InstanceId, MaxResults, NextToken = '0', Filters = [] } = checked(listed, input)
    const found = appeared().filter(
      ({ id, at, command }) =>
        (CommandId === undefined || id === CommandId) &&
        (InstanceId === undefined || command.instance === InstanceId) &&
        Filters.every(({ key, value }) =>
          key === 'InvokedAfter' ? at > Date.parse(value) : at < Date.parse(value),
        ),
    )
    const from = Number(NextToken)
    const page = found.slice(from, from + MaxResults)
    const next = from + page.length
    return { Commands: page.map(shown), ...(next < found.length && { NextToken: String(next) }) }
  }

  const get = (input: unknown) => {
    const { CommandId, InstanceId } = checked(asked, input)
    const known = appeared().find(({ id, command }) => id === CommandId && command.instance === InstanceId)
    if (!known) throw fault('InvocationDoesNotExist', '')
    const { code = 0, output = '', error = '' } = known.played
    const now = standing(known)
    const isOver = now.Status !== 'InProgress'
    return {
      ...{ CommandId, InstanceId, Comment: known.command.comment, DocumentName: known.command.document },
      ...{ PluginName: 'aws:runShellScript', ResponseCode: isOver ? code : -1, ...now },
      StandardOutputContent: isOver ? output : '',
      StandardErrorContent: isOver ? error : '',
    }
  }

  const operations: Readonly<Record<string, (input: unknown) => unknown>> = {
    SendCommand: send,
    ListCommands: list,
    GetCommandInvocation: get,
  }
  return {
    request(operation, input) {
      const answer = operations[operation]
      if (!answer)
        throw fault('UnknownOperationException', `One machine does not ${operation} by Systems Manager.`)
      return answer(input)
    },
    close: () => database.close(),
  }
}
