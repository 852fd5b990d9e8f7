import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { budgetEvents } from '../../events/budget.ts'
import { componentEvents } from '../../events/component.ts'
import { licenceEvents } from '../../events/licence.ts'
import { membershipEvents } from '../../events/membership.ts'
import { planEvents } from '../../events/plan.ts'
import { policyEvents } from '../../events/policy.ts'
import { procedureEvents } from '../../events/procedure.ts'
import { profileEvents } from '../../events/profile.ts'
import { releaseEvents } from '../../events/release.ts'
import { rolloutEvents } from '../../events/rollout.ts'
import { ruleEvents } from '../../events/rules.ts'
import { targetEvents } from '../../events/target.ts'
import { trustEvents } from '../../events/trust.ts'
import { upgradeEvents } from '../../events/upgrade.ts'

type Samples = Record<string, Record<string, Record<string, object>>>

/** One sample of every released version of every event, most of them taken from the log of a real rollout. */
const golden: Samples = JSON.parse(readFileSync(new URL('./golden.json', import.meta.url), 'utf8'))

const registries = {
  target: targetEvents,
  upgrade: upgradeEvents,
  plan: planEvents,
  component: componentEvents,
  release: releaseEvents,
  trust: trustEvents,
  licence: licenceEvents,
  policy: policyEvents,
  rules: ruleEvents,
  budget: budgetEvents,
  memberships: membershipEvents,
  profile: profileEvents,
  rollout: rolloutEvents,
  procedure: procedureEvents,
}

describe.each(Object.entries(registries))('the events of %s', (name, registry) => {
  const types = Object.keys(registry.shapes)

  test.each(types)('%s: every version so far is still readable, and nothing in it is lost', (type) => {
    const versions = golden[name]?.[type] ?? {}
    const released = Array.from({ length: registry.schemaOf(type) }, (_, version) => String(version + 1))
    expect(Object.keys(versions), 'a sample of each version').toEqual(released)
    for (const [version, data] of Object.entries(versions)) {
      const event = registry.decode(type, Number(version), data)
      const schema = registry.schemaOf(type)
      if (Number(version) === schema) expect(registry.encode(event as never)).toEqual({ schema, data }) // it is of this registry
    }
  })

  test('have no samples of events that are gone', () => {
    expect(Object.keys(golden[name] ?? {}).sort()).toEqual(types.sort())
  })

  test('are refused in a version that nobody has released', () => {
    for (const type of types)
      expect(() => registry.decode(type, registry.schemaOf(type) + 1, {})).toThrow('deploy')
  })
})

test('released shapes never change: a new shape is a new version with an upcaster', () => {
  const shapes = Object.entries(registries).flatMap(([name, registry]) =>
    Object.entries(registry.shapes).map(([type, { schema }]) => {
      const json = JSON.stringify(z.toJSONSchema(schema, { io: 'input' }))
      return [`${name}/${type}`, createHash('sha256').update(json).digest('hex').slice(0, 16)]
    }),
  )
  expect(Object.fromEntries(shapes)).toMatchSnapshot()
})
