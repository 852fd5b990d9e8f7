import type { DynamoDBRecord } from 'aws-lambda'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { projector } from '../../functions/views/projector.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { projectRecords } from '../../functions/views/records.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { projectorOver } from './adversary.ts'
import { historyOf } from './history.ts'
import { plainFold, sorted } from './plain-fold.ts'

const reports = { tampered() {}, postponed() {}, attempts() {} }

afterEach(() => vi.restoreAllMocks())

describe('records that are no additions', () => {
  test.each(['MODIFY', 'REMOVE'] as const)('%s is reported and changes no row', async (eventName) => {
    const { log } = await historyOf(21)
    const store = memoryViewStore()
    const tampered: DynamoDBRecord[] = []
    const [first] = log.records
    const record: DynamoDBRecord = { ...first, eventName }
    const projector = projectorOver(store, log)
    await projectRecords([record], projector, { ...reports, tampered: (found) => tampered.push(found) })
    expect(tampered).toEqual([record])
    expect(store.all()).toEqual([])
  })

  test('raise the metric LogTampered from the function', async () => {
    const now = () => Date.parse('2026-03-01T12:00:00.000Z')
    const { log } = await historyOf(21)
    const handler = projector({ log, viewStore: memoryViewStore(), parked: memoryParked(now), now })
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const Keys = { stream: { S: 'target#a' }, commit: { N: '3' } }
    const answer = await handler({ Records: [{ eventName: 'REMOVE', eventID: 'e1', dynamodb: { Keys } }] })
    expect(answer).toEqual({ batchItemFailures: [] })
    const metrics = written.mock.calls.map(([text]) => JSON.parse(String(text)))
    expect(metrics).toMatchObject([
      {
        _aws: {
          Timestamp: now(),
          CloudWatchMetrics: [{ Namespace: 'Drydock', Metrics: [{ Name: 'LogTampered' }] }],
        },
        LogTampered: 1,
        stream: 'target#a',
        commit: '3',
      },
    ])
  })
})

test('how attempts ended is counted for the dashboard, by channel too, once its row is there', async () => {
  const now = () => Date.parse('2026-03-01T12:00:00.000Z')
  const { log } = await historyOf(21)
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const handler = projector({ log, viewStore: memoryViewStore(), parked: memoryParked(now), now })
  await handler({ Records: [...log.records] })
  const lines = written.mock.calls.map(([text]) => JSON.parse(String(text)))
  expect(lines.length).toBeGreaterThan(0)
  for (const line of lines) {
    expect(line).toMatchObject({ Channel: 'none', component: 'api' })
    expect(
      line._aws.CloudWatchMetrics.map(({ Dimensions }: { Dimensions: string[][] }) => Dimensions),
    ).toEqual([[[]], [['Channel']]])
  }
  const sum = (name: string) => lines.reduce((total, line) => total + line[name], 0)
  const store = memoryViewStore()
  await projectRecords(log.records, projectorOver(store, log), reports)
  const [series] = await viewsOver(store).attemptTotals()
  expect([sum('UpdateAttempts'), sum('UpdateSuccess')]).toEqual([series?.attempts, series?.succeeded])
  expect(series?.attempts).toBeGreaterThan(0)

  written.mockClear()
  const down = { ...memoryViewStore(), get: () => Promise.reject(new Error('down')) }
  const failing = projector({ log, viewStore: down, parked: memoryParked(now), now })
  await failing({ Records: [...log.records] }).catch(() => {})
  expect(written.mock.calls).toEqual([])
})

test('a record without a readable image parks its stream and does not stop the batch', async () => {
  const { log } = await historyOf(22)
  const store = memoryViewStore()
  const parked = memoryParked(() => 0)
  const broken: DynamoDBRecord = {
    eventName: 'INSERT',
    dynamodb: { Keys: { stream: { S: 'target#broken' }, commit: { N: '4' } }, NewImage: {} },
  }
  const answer = await projectRecords([broken, ...log.records], projectorOver(store, log, parked), reports)
  expect(answer).toEqual({ batchItemFailures: [] })
  expect(await parked.list()).toMatchObject([{ duty: 'project', stream: 'target#broken', commit: 4 }])
  expect(sorted(store.all())).toEqual(await plainFold(log))
})
