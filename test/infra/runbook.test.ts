import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Resolved, resolvedStack } from './resolved.ts'
import { synthesized } from './synthesized.ts'

let stack: readonly Resolved[]
let alarms: readonly Resolved[]
let queues: readonly Resolved[]
beforeAll(() => {
  stack = [...resolvedStack(synthesized()).values()]
  alarms = stack.filter(({ type }) => type === 'AWS::CloudWatch::Alarm')
  queues = stack.filter(({ type }) => type === 'AWS::SQS::Queue')
})

/** The entries of the runbook by their anchors, each with its text. */
const entries: Readonly<Record<string, string>> = Object.fromEntries(
  (
    readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
      .split(/^## /m)
      .find((section) => section.startsWith('Alarms\n')) ?? ''
  )
    .split(/^### /m)
    .slice(1)
    .map((entry) => [entry.split('\n')[0]?.toLowerCase() ?? '', entry]),
)

const linked = (alarm: Resolved): string =>
  /What to do: docs\/operations\.md#([a-z]+)$/.exec(alarm.properties.AlarmDescription)?.[1] ?? ''
const named = (id: string) => alarms.find((alarm) => alarm.id.startsWith(`Alarms${id}`))?.properties

test.each([
  ['Lambda functions', 'AWS::Lambda::Function'],
  ['dead-letter queues', 'AWS::SQS::Queue'],
  ['alarms', 'AWS::CloudWatch::Alarm'],
])('whoever deploys is told how many %s there are', (words, type) => {
  const told = readFileSync(new URL('../../docs/deployment.md', import.meta.url), 'utf8')
  expect(told).toContain(`${stack.filter((one) => one.type === type).length} ${words}`)
})

describe('an alarm', () => {
  test('says what to do by a link to an entry of the runbook, and no entry is about none', () => {
    expect(alarms.length).toBeGreaterThan(30)
    expect([...new Set(alarms.map(linked))].sort()).toEqual(Object.keys(entries).sort())
  })

  test('has an entry with its cause, what to look at and what to do', () => {
    const lacking = Object.entries(entries).filter(
      ([, entry]) =>
        !['**Rings**', '**Cause**', '**Look at**', '**Do**'].every((part) => entry.includes(part)),
    )
    expect(lacking.map(([anchor]) => anchor)).toEqual([])
  })

  test('of what was given up names its queue, one for each', () => {
    const dead = alarms.filter(({ id }) => id.startsWith('AlarmsDeadLetters'))
    const words = dead.map(({ properties }) => properties.AlarmDescription as string)
    expect(queues.length).toBeGreaterThan(3)
    for (const { attributes } of queues)
      expect(words.filter((one) => one.includes(` ${attributes.QueueName} `))).toHaveLength(1)
    expect(dead).toHaveLength(queues.length)
  })

  test('rings when what should run by the clock does not: nothing counted is nothing done', () => {
    expect(named('NotInvokedticker')).toMatchObject({
      ...{ Namespace: 'AWS/Lambda', MetricName: 'Invocations', Statistic: 'Sum' },
      ...{ Threshold: 1, ComparisonOperator: 'LessThanThreshold', TreatMissingData: 'breaching' },
      ...{ Period: 300, EvaluationPeriods: 2 },
      Dimensions: [{ Name: 'FunctionName', Value: expect.stringContaining('Functionsticker') }],
    })
    expect(named('NotInvokedreconcile')).toMatchObject({
      ...{ MetricName: 'Invocations', Threshold: 1, TreatMissingData: 'breaching' },
      ...{ Period: 3600, EvaluationPeriods: 2 },
    })
  })

  test('rings when a function is throttled, which for one that nobody waits for is no error', () => {
    expect(named('Throttlesticker')).toMatchObject({
      ...{ Namespace: 'AWS/Lambda', MetricName: 'Throttles', Statistic: 'Sum', Threshold: 0 },
      ...{ ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching' },
    })
  })

  test('looks back no further than CloudWatch does', () => {
    const [day, week] = [86_400, 7 * 86_400]
    for (const { id, properties } of alarms) {
      const { Period, EvaluationPeriods, Metrics } = properties
      const period = Period ?? Math.max(...Metrics.map((one: { Period?: number }) => one.Period ?? 300))
      const bound = period < 3600 ? day : week
      expect([id, period * EvaluationPeriods <= bound]).toEqual([id, true])
    }
  })
})
