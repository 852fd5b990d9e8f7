import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, describe, expect, test } from 'vitest'
import { installDate } from '../../infra/local/date.ts'

const instant = Date.UTC(2031, 4, 6, 7, 8, 9)
const clock = { speed: 1, now: () => instant, at: () => () => {} }
let undo: (() => void)[] = []

afterEach(() => {
  for (const one of undo.reverse()) one()
  undo = []
})

/** A service that refuses whatever it is asked, dated by the wall's clock. */
async function refusing(): Promise<{ url: string; asked: () => number }> {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    request.resume()
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(
      JSON.stringify({ __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.push(() => server.close())
  const { port } = server.address() as AddressInfo // a listening TCP server has an AddressInfo
  return { url: `http://127.0.0.1:${port}`, asked: () => asked }
}

describe('a process that sees a clock of its own', () => {
  test('sees it in Date, and in what is answered to it', async () => {
    const { url } = await refusing()
    undo.push(installDate(clock))
    expect([Date.now(), new Date().toISOString()]).toEqual([instant, '2031-05-06T07:08:09.000Z'])
    const [answer] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage] // as node:http says
    answer.resume()
    expect(answer.headers.date).toBe('Tue, 06 May 2031 07:08:09 GMT')
  })

  test('has a refusal from an AWS SDK after one request', async () => {
    const { url, asked } = await refusing()
    undo.push(installDate(clock))
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
    const client = new DynamoDBClient({ endpoint: url, region: 'eu-central-1', credentials, maxAttempts: 5 })
    undo.push(() => client.destroy())
    const put = client.send(new PutItemCommand({ TableName: 'Log', Item: { stream: { S: 'x' } } }))
    await expect(put).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
    expect(asked()).toBe(1)
  })
})
