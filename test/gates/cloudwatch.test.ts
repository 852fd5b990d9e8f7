import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openSend } from '../../functions/aws-send.ts'
import { openCloudWatch } from '../../functions/cloudwatch.ts'
import { openAwsEndpoint } from '../../infra/local/aws-endpoint.ts'
import { openMetricsOfMachine } from '../../infra/local/metrics.ts'

const now = Date.parse('2026-01-05T10:07:30.000Z')
const span = { minutes: 10, periodSeconds: 300 }
const Metric = { Namespace: 'Shop', MetricName: 'Errors', Dimensions: [{ Name: 'Version', Value: 'v1.2.0' }] }
const query = { Id: 'asked', MetricStat: { Metric, Period: 300, Stat: 'Sum' }, ReturnData: true }

it('asks CloudWatch for whole periods alone, the newest first', async () => {
  const sent: unknown[] = []
  const cloudWatch = openCloudWatch(
    async (question) => {
      sent.push({ ...question, body: JSON.parse(question.body ?? '') })
      return { status: 200, text: '{}' }
    },
    () => now,
  )
  expect(await cloudWatch.ask([query], span)).toEqual({ status: 200, headers: {}, body: '{}' })
  const end = Date.parse('2026-01-05T10:05:00.000Z') / 1000
  expect(sent).toEqual([
    {
      ...{ method: 'POST', path: '' },
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
      },
      body: {
        ...{ MetricDataQueries: [query], StartTime: end - 600, EndTime: end },
        ...{ ScanBy: 'TimestampDescending', MaxDatapoints: 500 },
      },
    },
  ])
})

it('says that nobody answers, and does not fail by it', async () => {
  const away = async () => {
    throw new TypeError('fetch failed')
  }
  expect(await openCloudWatch(away, () => now).ask([], span)).toMatchObject({
    status: 0,
    body: /fetch failed/,
  })
})

it('is answered by one machine from its file, signed, with the right that it takes', async () => {
  const data = mkdtempSync(join(tmpdir(), 'drydock-metrics-'))
  const nothing = () => {
    throw new Error('Nobody asks for this.')
  }
  const metrics = openMetricsOfMachine(data)
  const demanded: unknown[] = []
  const services = {
    ...{ stepFunctions: nothing, machineOfToken: nothing, eventBridge: nothing, scheduler: nothing },
    ...{ secrets: nothing, commands: nothing, mail: nothing, keys: nothing },
    ...{ queues: nothing, buckets: { request: nothing } },
    metrics: (operation: string, input: unknown) => metrics.request(operation, input),
  }
  const endpoint = await openAwsEndpoint(services as Parameters<typeof openAwsEndpoint>[0], {
    demand: (authorization, rights) => void demanded.push(authorization, ...rights()),
  })
  onTestFinished(async () => {
    await endpoint.close()
    rmSync(data, { recursive: true })
  })
  const cloudWatch = openCloudWatch(
    openSend({
      ...{
        service: 'monitoring',
        addressOf: () => endpoint.url,
        region: async () => 'eu-central-1',
        now: () => now,
      },
      credentials: async () => ({ accessKeyId: 'local', secretAccessKey: 'local' }),
      tries: 1,
    }),
    () => now,
  )
  const values = async (...queries: readonly object[]) => {
    const { status, body } = await cloudWatch.ask(queries, span)
    if (status !== 200) return [status, body]
    return JSON.parse(body).MetricDataResults.map(({ Values }: { Values: number[] }) => Values)
  }
  const expression = { Id: 'asked', Expression: "SUM(SEARCH('Errors'))", Period: 60, ReturnData: true }
  expect(await values(query, expression)).toEqual([[], []])
  const known = { 'Shop Errors Version=v1.2.0': 3, [expression.Expression]: 0.5 }
  writeFileSync(join(data, 'metrics.json'), JSON.stringify(known))
  expect(await values(query, expression)).toEqual([[3], [0.5]])
  expect(demanded.slice(0, 2)).toEqual([
    expect.stringContaining('eu-central-1/monitoring/aws4_request'),
    { action: 'cloudwatch:GetMetricData', resource: '*' },
  ])
  expect(await values({ Id: 'asked', Unit: 'None' })).toEqual([
    400,
    expect.stringContaining('ValidationError'),
  ])
  writeFileSync(join(data, 'metrics.json'), '[1]')
  expect(await values(query)).toEqual([400, expect.stringContaining('metrics.json is no object of numbers')])
})
