import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fleet, offered } from './agent.ts'
import { type Client, person } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'

interface Status {
  readonly status: string
  readonly wave: number
  readonly holds: readonly { readonly code: string; readonly ref: string | null }[]
}
interface Story {
  readonly events: readonly { readonly type: string; readonly sentence: string }[]
}

let operator: Client
let latency = 120
const asked: string[] = []
const { outboundPort } = runtimeOfFile()
const server = createServer((request, response) => {
  asked.push(request.url ?? '')
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ p95: latency }))
})

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  server.listen(outboundPort, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

it('M9: a wave goes on when it was measured to be well, and is held when it was not', async () => {
  const { component, agents } = await fleet(operator, 3)
  const url = `http://127.0.0.1:${outboundPort}/p95?version={{ attempt.to }}`
  const metric = { name: 'p95', http: { request: { url }, value: 'answer.body.p95' }, atMost: 200 }
  const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
    ...{ component, version: 'v1.1.0', strategy: 'batch', batchSize: 1 },
    metrics: [{ ...metric, everySeconds: 30, count: 2 }],
  })
  const read = () => operator.read<Status>(`/api/upgrades/${body.upgradeId}/status`)
  const upgradeNext = async (wave: number) => {
    await eventually(read, (status) => expect(status.wave).toBe(wave))
    const [next] = await offered(agents, 1)
    await next?.agent.upgrade()
  }
  await upgradeNext(1)
  await upgradeNext(2)
  latency = 400
  await eventually(read, ({ status, holds }) => {
    expect(status).toBe('paused')
    expect(holds).toMatchObject([{ code: 'GATE_FAILED', ref: 'p95' }, { code: 'OPERATOR' }])
  })
  const { events } = await operator.read<Story>(`/api/upgrades/${body.upgradeId}/events?limit=100`)
  const measured = events.filter(({ type }) => type === 'MeasurementTaken').map(({ sentence }) => sentence)
  expect(measured.length).toBe(asked.length)
  expect(measured[0]).toContain('120, as it should be')
  expect(measured.at(-1)).toContain('400, out of bounds')
  expect(new Set(asked)).toEqual(new Set(['/p95?version=v1.1.0']))
})
