import { createServer } from 'node:http'
import {
  GetCommandInvocationCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm'
import { afterEach, describe, expect, it, test } from 'vitest'
import { openSend } from '../../functions/aws-send.ts'
import { openCommands } from '../../functions/executors/run-command.ts'
import { openCommandsOfMachine, type Played } from '../../infra/local/commands.ts'
import { node, openNode } from './node-commands.ts'

const start = Date.UTC(2026, 0, 1)
const command = {
  ...{ instance: node, document: 'AWS-RunShellScript', version: '$DEFAULT', outputOf: undefined },
  ...{ parameters: { commands: ['upgrade 1.2.0'] }, comment: 'drydock key try 1', deliveredWithin: 60 },
}
const sought = { ...command, triedAt: new Date(start).toISOString() }

function open(does: Partial<Played> | undefined) {
  const clock = { instant: start, now: () => clock.instant }
  const world = openNode(clock, () => does && { seconds: 10, details: 'Success', ...does })
  return { ...world, clock, commands: openCommands(world.send), reached: world.commands }
}

describe('a command', () => {
  test('is sent once to one node, bears its comment, and is over when the node is done with it', async () => {
    const { commands, clock, reached } = open({ output: 'upgraded' })
    expect(await commands.look(sought)).toEqual({ kind: 'absent' })
    expect(await commands.send(command)).toMatchObject({ kind: 'sent' })
    expect(await commands.look(sought)).toMatchObject({ kind: 'running', status: 'InProgress' })
    clock.instant += 10_000
    expect(await commands.look(sought)).toMatchObject({ kind: 'done', code: 0, output: 'upgraded' })
    expect(reached).toEqual([{ parameters: command.parameters, comment: command.comment, at: start }])
  })

  test('whose answer was lost is found by its comment, by who never heard of it', async () => {
    const world = open({})
    world.meets((operation) => (operation === 'SendCommand' ? 'answer-lost' : undefined))
    expect(await world.commands.send(command)).toMatchObject({ kind: 'unknown' })
    const another = openCommands(world.send)
    expect(await another.look(sought)).toMatchObject({ kind: 'running' })
    expect(await another.look({ ...sought, comment: 'drydock key try 2' })).toEqual({ kind: 'absent' })
  })

  test('that was taken is under way, whatever the list says yet', async () => {
    const world = open({ appearsAfter: 30 })
    await world.commands.send(command)
    expect(await world.commands.look(sought)).toMatchObject({ kind: 'running' })
    world.clock.instant += 30_000
    expect(await world.commands.look(sought)).toMatchObject({ kind: 'done' })
  })

  test('is found behind more than a page of others', async () => {
    const world = open({})
    await world.commands.send(command)
    for (let other = 0; other < 60; other++) {
      world.clock.instant += 1
      await world.commands.send({ ...command, comment: `other ${other}` })
    }
    expect(await openCommands(world.send).look(sought)).toMatchObject({ kind: 'running' })
  })

  test('is not said to be absent where there are too many to look through', async () => {
    const page = { Commands: [{ CommandId: 'a', Comment: 'b', Status: 'Success' }], NextToken: 'more' }
    const { look } = openCommands(async () => ({ status: 200, text: JSON.stringify(page) }))
    expect(await look(sought)).toMatchObject({ kind: 'unknown' })
  })

  it.each([
    ['Failed', true, false],
    ['Canceled', true, false],
    ['ExecutionTimedOut', true, false],
    ['DeliveryTimedOut', false, false],
    ['Undeliverable', false, false],
    ['Terminated', false, false],
    ['AccessDenied', false, true],
    ['InvalidPlatform', false, true],
  ])('that ended as %s has run: %s, and for good: %s', async (details, ran, lasting) => {
    const world = open({ details, code: ran ? 1 : -1, error: 'no space left' })
    await world.commands.send(command)
    world.clock.instant += 10_000
    expect(await world.commands.look(sought)).toMatchObject({ kind: 'failed', details, ran, lasting })
  })

  it.each(['Pending', 'InProgress', 'Delayed', 'Cancelling'])('that is %s is not over', async (Status) => {
    const world = open({})
    await world.commands.send(command)
    const { look } = openCommands(async (question) => {
      const { status, text } = await world.send(question)
      return { status, text: JSON.stringify({ ...JSON.parse(text), Status, StatusDetails: Status }) }
    })
    world.clock.instant += 10_000
    expect(await look(sought)).toMatchObject({ kind: 'running', status: Status })
  })

  test('of which the node says nothing yet is under way, though it is listed as over', async () => {
    const world = open({})
    await world.commands.send(command)
    world.clock.instant += 10_000
    const { look } = openCommands(async (question) => {
      if (question.headers?.['x-amz-target'] !== 'AmazonSSM.GetCommandInvocation') return world.send(question)
      return { status: 400, text: '{"__type":"InvocationDoesNotExist"}' }
    })
    expect(await look(sought)).toMatchObject({ kind: 'running' })
  })

  it.each([
    ['throttled', 'turned-away', false],
    ['broken-down', 'unknown', undefined],
    ['request-lost', 'unknown', undefined],
  ] as const)('that is %s is %s', async (mishap, kind, lasting) => {
    const world = open({})
    world.meets(() => mishap)
    expect(await world.commands.send(command)).toMatchObject({
      kind,
      ...(lasting !== undefined && { lasting }),
    })
    expect([await world.commands.look(sought), world.asked]).toMatchObject([
      { kind: 'unknown' },
      ['SendCommand', 'ListCommands'],
    ])
  })

  it.each([
    ['AccessDeniedException', true],
    ['InvalidDocument', true],
    ['InvalidParameters', true],
    ['InvalidInstanceId', false],
    ['ThrottlingException', false],
  ])('that is refused with %s is so for good: %s', async (code, lasting) => {
    const { send } = openCommands(async () => ({
      status: 400,
      text: JSON.stringify({ __type: `com.amazonaws.ssm#${code}`, Message: 'why' }),
    }))
    expect(await send(command)).toEqual({ kind: 'turned-away', code, why: `${code}: why`, lasting })
  })
})

describe('what is sent and read', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  /** Serves what is given, keeps what is asked, and takes 1 second of the clock a question. */
  async function serve(answer: (operation: string, body: unknown) => unknown) {
    const asked: { headers: Record<string, unknown>; body: unknown }[] = []
    const server = createServer(async (request, response) => {
      const chunks = await request.toArray()
      const body = JSON.parse(Buffer.concat(chunks).toString())
      asked.push({ headers: request.headers, body })
      const operation = String(request.headers['x-amz-target']).replace('AmazonSSM.', '')
      try {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
        response.end(JSON.stringify(answer(operation, body)))
      } catch (error) {
        response.end(String(error))
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => server.close())
    const { port } = server.address() as { port: number } // it listens
    const endpoint = `http://127.0.0.1:${port}`
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
    const client = new SSMClient({ endpoint, credentials, region: 'eu-central-1' })
    closing.push(() => client.destroy())
    const own = openCommands(
      openSend({
        ...{ service: 'ssm', addressOf: () => endpoint, credentials: async () => credentials, tries: 1 },
        ...{ region: async () => 'eu-central-1', now: () => Date.now() },
      }),
    )
    return { asked, client, own }
  }

  test('is what the SDK sends for the same calls', async () => {
    const standing = { CommandId: 'c'.repeat(36), Comment: command.comment, Status: 'Success' }
    const { asked, client, own } = await serve((operation) => {
      if (operation === 'SendCommand') return { Command: standing }
      return operation === 'ListCommands' ? { Commands: [standing] } : { Status: 'Success' }
    })
    await own.send(command)
    await client.send(
      new SendCommandCommand({
        ...{ DocumentName: command.document, DocumentVersion: command.version, InstanceIds: [node] },
        ...{ Parameters: command.parameters, Comment: command.comment, TimeoutSeconds: 60 },
      }),
    )
    await own.look(sought)
    await client.send(new ListCommandsCommand({ CommandId: standing.CommandId, MaxResults: 50 }))
    await client.send(new GetCommandInvocationCommand({ CommandId: standing.CommandId, InstanceId: node }))
    const [sent, sentBySdk, listed, got, listedBySdk, gotBySdk] = asked
    for (const [one, other] of [
      [sent, sentBySdk],
      [listed, listedBySdk],
      [got, gotBySdk],
    ]) {
      expect(one?.body).toEqual(other?.body)
      for (const header of ['x-amz-target', 'content-type'])
        expect(one?.headers[header]).toEqual(other?.headers[header])
      expect(one?.headers.authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/ssm\//,
      )
    }
  })

  test('of one machine is what the SDK takes and reads', async () => {
    const clock = { instant: start, now: () => clock.instant }
    const service = openCommandsOfMachine({
      ...{ file: ':memory:', clock },
      nodes: () => ({ seconds: 10, details: 'Failed', code: 3, output: 'some', error: 'none left' }),
    })
    closing.push(() => service.close())
    const { client } = await serve((operation, body) => service.request(operation, body))
    const { Command } = await client.send(
      new SendCommandCommand({
        ...{ DocumentName: 'AWS-RunShellScript', DocumentVersion: '1', InstanceIds: [node] },
        ...{ Parameters: { commands: ['true'] }, Comment: 'a', TimeoutSeconds: 30 },
      }),
    )
    expect(Command).toMatchObject({ Status: 'Pending', RequestedDateTime: new Date(start) })
    clock.instant += 10_000
    const Filters = [{ key: 'InvokedAfter' as const, value: '2025-12-31T00:00:00Z' }]
    const { Commands } = await client.send(
      new ListCommandsCommand({ InstanceId: node, MaxResults: 50, Filters }),
    )
    expect(Commands).toMatchObject([{ CommandId: Command?.CommandId, Status: 'Failed', Comment: 'a' }])
    expect(
      await client.send(new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: node })),
    ).toMatchObject({
      ...{ Status: 'Failed', StatusDetails: 'Failed', ResponseCode: 3 },
      ...{ StandardOutputContent: 'some', StandardErrorContent: 'none left' },
    })
  })
})
