import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openSend, type Send } from '../../functions/aws-send.ts'
import { openDeadLetters, readQueues } from '../../functions/dead-letters.ts'
import { rightsOnQueues } from '../../infra/local/access/asked.ts'
import { openAwsEndpoint } from '../../infra/local/aws-endpoint.ts'
import { openQueues } from '../../infra/local/queues/queue.ts'
import { arn, queueUrls } from '../../infra/local/template/types/type.ts'

const day = 86_400_000

/** The queues of a machine behind its endpoint, and the client of the function that looks at them. */
async function opened() {
  const clock = { instant: Date.parse('2026-01-05T10:00:00.000Z') }
  const queues = openQueues(new DatabaseSync(':memory:'), {
    speed: 1,
    now: () => clock.instant,
    at: () => {
      throw new Error('Nobody waits here.')
    },
  })
  const queue = arn('sqs', 'Letters')
  queues.create(queue, day / 1000)
  const nothing = () => {
    throw new Error('Nobody asks for this.')
  }
  const demanded: unknown[] = []
  const services = {
    ...{ stepFunctions: nothing, machineOfToken: nothing, eventBridge: nothing, scheduler: nothing },
    ...{ secrets: nothing, commands: nothing, mail: nothing, keys: nothing, metrics: nothing },
    ...{ buckets: { request: nothing } },
    queues: (operation: string, input: unknown) => queues.request(operation, input),
  }
  const endpoint = await openAwsEndpoint(services as Parameters<typeof openAwsEndpoint>[0], {
    demand: (authorization, rights) => void demanded.push(authorization, ...rights()),
  })
  onTestFinished(() => endpoint.close())
  const send = openSend({
    ...{ service: 'sqs', addressOf: () => endpoint.url, region: async () => 'eu-central-1' },
    credentials: async () => ({ accessKeyId: 'local', secretAccessKey: 'local' }),
    now: () => clock.instant,
    tries: 1,
  })
  const letters = openDeadLetters(send, [`${queueUrls}Letters`])
  return { queues, queue, clock, letters, demanded }
}

describe('dead letters on one machine', () => {
  it('are counted by whoever signs, with the right that it takes, until they are too old', async () => {
    const { queues, queue, clock, letters, demanded } = await opened()
    const [url = ''] = letters.queues
    expect(await letters.count(url)).toBe(0)
    for (const body of ['one', 'two']) queues.send(queue, body)
    expect(await letters.count(url)).toBe(2)
    expect(demanded.slice(0, 2)).toEqual([
      expect.stringContaining('eu-central-1/sqs/aws4_request'),
      { action: 'sqs:GetQueueAttributes', resource: queue },
    ])
    clock.instant += day + 1
    queues.send(queue, 'three')
    expect(await letters.count(url)).toBe(1)
  })

  it('are of queues of the template alone', async () => {
    const { letters } = await opened()
    await expect(letters.count(`${queueUrls}Others`)).rejects.toThrow(
      /answered with 400: .*QueueDoesNotExist/,
    )
    expect(rightsOnQueues('GetQueueAttributes', { QueueUrl: 'https://example.com/1/Letters' })).toEqual([
      { action: 'sqs:GetQueueAttributes', resource: '*' },
    ])
  })
})

describe('dead letters', () => {
  const url = 'https://sqs.eu-central-1.amazonaws.com/123456789012/Drydock-LettersA1B2-x_y'
  const answering =
    (status: number, answer: unknown, asked: unknown[] = []): Send =>
    async (question) => {
      asked.push({ ...question, body: JSON.parse(question.body ?? '') })
      return { status, text: JSON.stringify(answer) }
    }

  it('that somebody looks at are counted with those that nobody does', async () => {
    const asked: unknown[] = []
    const Attributes = { ApproximateNumberOfMessages: '3', ApproximateNumberOfMessagesNotVisible: '2' }
    expect(await openDeadLetters(answering(200, { Attributes }, asked), [url]).count(url)).toBe(5)
    expect(asked).toEqual([
      {
        ...{ method: 'POST', path: '' },
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.GetQueueAttributes',
        },
        body: { QueueUrl: url, AttributeNames: Object.keys(Attributes) },
      },
    ])
  })

  it.each([
    [403, { __type: 'AccessDenied' }, 'was answered with 403'],
    [200, {}, 'expected object'],
    [200, { Attributes: { ApproximateNumberOfMessages: '3' } }, 'ApproximateNumberOfMessagesNotVisible'],
    [
      200,
      { Attributes: { ApproximateNumberOfMessages: '-1', ApproximateNumberOfMessagesNotVisible: '0' } },
      'Invalid',
    ],
  ])('are not counted where the answer is %s %j', async (status, answer, words) => {
    await expect(openDeadLetters(answering(status, answer), [url]).count(url)).rejects.toThrow(words)
  })

  it('lie where the stack says, in URLs with commas between', () => {
    expect(readQueues(`${url},${url}2`)).toEqual([url, `${url}2`])
    for (const wrong of [
      '',
      'queue',
      `${url},`,
      url.replace('https', 'http'),
      url.replace('12345', ''),
      `${url}/x`,
    ])
      expect(() => readQueues(wrong)).toThrow('The URL of a queue of SQS is none')
    expect(() => readQueues(Array(60).fill(url).join(','))).toThrow('more than 4096 characters')
  })
})
