import { beforeAll, describe, expect, test } from 'vitest'
import { declarations } from '../../infra/constructs/declarations.ts'
import { prices } from '../../infra/constructs/prices.ts'
import { type Resolved, resolvedStack } from './resolved.ts'
import { synthesized } from './synthesized.ts'

interface Options {
  readonly id?: string
  readonly expression?: string
  readonly label?: string
  readonly visible?: boolean
}

interface Widget {
  readonly type: string
  readonly properties: { readonly title?: string; readonly metrics?: readonly (readonly unknown[])[] }
}

let stack: readonly Resolved[]
let widgets: readonly Widget[]
beforeAll(() => {
  stack = [...resolvedStack(synthesized()).values()]
  const dashboard = stack.find(({ type }) => type === 'AWS::CloudWatch::Dashboard')
  widgets = JSON.parse(dashboard?.properties.DashboardBody).widgets
}, 120_000)

const optionsOf = (metric: readonly unknown[]) => metric.at(-1) as Options
const pictureOf = (title: string) =>
  widgets.find(({ properties }) => properties.title === title)?.properties.metrics ??
  expect.fail(`no picture "${title}"`)

describe('the dashboard', () => {
  test('shows how updates go, how the stack does, and what the day costs', () => {
    expect(widgets.flatMap(({ properties }) => properties.title ?? [])).toEqual([
      'Update Success Rate',
      'Average Update Time',
      'Updates by Channel',
      'Rollback Rate',
      'Upgrades held for an hour',
      'API',
      'Appends',
      'Behind the log',
      'Executions ended early',
      'Errors',
      'Throttles',
      'Dead letters',
      'Cost of the day, in US dollars',
    ])
  })

  test('names in each formula what stands in the same picture, each once', () => {
    let formulas = 0
    for (const { properties } of widgets) {
      const options = (properties.metrics ?? []).map(optionsOf).filter((one) => typeof one === 'object')
      const ids = options.flatMap(({ id }) => id ?? [])
      expect(new Set(ids).size).toBe(ids.length)
      for (const { expression } of options) {
        if (expression === undefined || expression.startsWith('SEARCH(')) continue
        formulas++
        const used = expression.match(/[a-z]+[0-9]+|\b(?:success|attempts|rollbacks|seconds)\b/g) ?? []
        expect(used.filter((name) => !ids.includes(name))).toEqual([])
        expect(used.length).toBeGreaterThan(0)
      }
    }
    expect(formulas).toBeGreaterThan(8)
  })

  test('draws what upgrades tell from the names that the functions write, in the namespace of the stack', () => {
    const own = widgets
      .flatMap(({ properties }) => properties.metrics ?? [])
      .flatMap(([namespace, name]) => (namespace === 'Drydock' ? [name] : []))
    expect([...new Set(own)].sort()).toEqual([
      'ExternalAppends',
      'HeldForAnHour',
      'ReactorAppends',
      'UpdateAttempts',
      'UpdateRollbacks',
      'UpdateSeconds',
      'UpdateSuccess',
    ])
    const [byChannel] = pictureOf('Updates by Channel')
    expect(optionsOf(byChannel ?? []).expression).toContain('{"Drydock",Channel} MetricName="UpdateAttempts"')
  })

  test('counts the cost of every function and table of the stack, each at its price', () => {
    const metrics = pictureOf('Cost of the day, in US dollars')
    const formulas = metrics.map(optionsOf).filter(({ expression }) => expression !== undefined)
    const counted = (name: string) => metrics.filter(([, metric]) => metric === name)
    const functions = Object.keys(declarations).length
    expect([counted('Invocations').length, counted('Duration').length]).toEqual([functions, functions])
    // The three tables, and the index of the log.
    for (const name of ['ConsumedWriteCapacityUnits', 'ConsumedReadCapacityUnits'])
      expect(new Set(counted(name).map((one) => JSON.stringify(one.slice(2, -1)))).size).toBe(4)
    const priceOf = (label: string) =>
      Number(/\* ([0-9.]+)$/.exec(formulas.find((one) => one.label === label)?.expression ?? '')?.[1])
    expect(priceOf('write units')).toBeCloseTo(prices.writeRequestUnit, 12)
    expect(priceOf('read units')).toBeCloseTo(prices.readRequestUnit, 12)
    expect(priceOf('requests of the API')).toBeCloseTo(prices.httpRequest, 12)
    expect(priceOf('invocations')).toBeCloseTo(prices.lambdaRequest, 12)
    expect(priceOf('transitions, of the account')).toBeCloseTo(prices.stateTransition, 12)
    const times = formulas.find(({ label }) => label === 'time of functions')?.expression ?? ''
    const gigabytes = [...times.matchAll(/FILL\([a-z0-9]+, 0\) \* ([0-9.]+)/g)].map(([, size]) =>
      Number(size),
    )
    expect(gigabytes).toEqual(Object.values(declarations).map(({ memory }) => memory / 1024))
    // CloudWatch counts in milliseconds.
    expect(priceOf('time of functions')).toBeCloseTo(prices.lambdaGigabyteSecond / 1000, 12)
  })

  test('keeps its logical id: another one under the same name would be removed with the old one', () => {
    const dashboards = stack.filter(({ type }) => type === 'AWS::CloudWatch::Dashboard')
    expect(dashboards.map(({ id }) => id)).toEqual(['AlarmsDashboard690E1A42'])
  })
})
