import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { admittedFor } from '../../infra/constructs/concurrency.ts'
import { declarations, functionNames } from '../../infra/constructs/declarations.ts'
import { isOf } from '../../infra/constructs/triggers.ts'
import { functionName, ofType, synthesized, type Template } from './synthesized.ts'

// Lambda's quotas (AWS): an ordinary account runs 1,000 at once, and 100 of them cannot be reserved.
const [ordinary, unreserved] = [1000, 100]
/** The shards with which the stream of a new on-demand table begins: 4,000 write units at 1,000 a partition (AWS). */
const shards = 4

let template: Template
/** The parameter that says how many of a function run at once. */
let shares: Record<string, string>
beforeAll(() => {
  template = synthesized()
  shares = Object.fromEntries(
    ofType(template, 'AWS::Lambda::Function').map(([id, { Properties }]) => {
      const text = JSON.stringify(Properties.ReservedConcurrentExecutions)
      const form = /^\{"Fn::If":\["ReservesConcurrency",\{"Ref":"(\w+)"\},\{"Ref":"AWS::NoValue"\}\]\}$/
      return [functionName(id), form.exec(text ?? '')?.[1] ?? `not reserved: ${text}`]
    }),
  )
})

const unitsOf = (name: string) => Number(template.Parameters[shares[name] ?? '']?.Default)

describe('what may run at once', () => {
  test('is bounded and kept for every function, by a parameter', () => {
    expect(Object.keys(shares).sort()).toEqual([...functionNames].sort())
    for (const name of functionNames) {
      expect([name, template.Parameters[shares[name] ?? '']]).toEqual([
        name,
        expect.objectContaining({ Type: 'Number', MinValue: 1 }),
      ])
    }
  })

  test('is enough to admit the agents of a fleet of which no answer is kept yet, and says how long answers are kept', () => {
    const [fleet, poll, answer] = [100_000, 60, 0.02]
    expect(unitsOf('authorizer')).toBeGreaterThanOrEqual((fleet / poll) * answer)
    const row = readFileSync('docs/deployment.md', 'utf8').match(/^\| `AuthorizerConcurrency` .*/m)?.[0]
    expect(row).toContain('kept for an hour')
    expect(row).toContain(`${Math.round(fleet / admittedFor.toSeconds())} questions a second`)
  })

  test('leaves room for a second stack in an ordinary account', () => {
    const sum = functionNames.reduce((all, name) => all + unitsOf(name), 0)
    expect(sum).toBeGreaterThan(0)
    expect(2 * sum).toBeLessThanOrEqual(ordinary - unreserved)
  })

  test('is not reserved at all where the account allows too few', () => {
    expect(template.Parameters.ReservedConcurrency).toMatchObject({
      Default: 'reserved',
      AllowedValues: ['reserved', 'none'],
    })
    expect(template.Conditions.ReservesConcurrency).toEqual({
      'Fn::Equals': [{ Ref: 'ReservedConcurrency' }, 'reserved'],
    })
  })

  test('is enough for every lane in which the log is read from its first shards', () => {
    for (const name of functionNames) {
      const { runsOn } = declarations[name]
      if (isOf(runsOn, 'commit')) expect(unitsOf(name)).toBeGreaterThanOrEqual(shards * runsOn.lanes)
    }
  })

  test('is apart, and enough for a thousand nodes, for what waits for systems of others', () => {
    const [looksEvery, lookTakes] = [5, 0.3] // seconds
    expect(functionNames.filter((name) => shares[name] === shares.step)).toEqual(['step'])
    expect(unitsOf('step')).toBeGreaterThanOrEqual((1000 / looksEvery) * lookTakes)
  })

  test('is apart for what moves upgrades and what anybody can call', () => {
    const called = functionNames.filter((name) =>
      ['request', 'page', 'credential'].includes(declarations[name].runsOn.event),
    )
    const others = functionNames.filter((name) => !called.includes(name))
    const parameters = new Set(called.map((name) => shares[name]))
    expect(others.filter((name) => parameters.has(shares[name]))).toEqual([])
    const flood = called.reduce((all, name) => all + unitsOf(name), 0)
    expect(flood).toBeLessThan((ordinary - unreserved) / 2)
  })
})
