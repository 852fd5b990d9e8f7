import fc from 'fast-check'
import { expect, test } from 'vitest'
import type * as z from 'zod'
import { contracts } from '../../contracts/api.ts'
import type { Contract } from '../../contracts/contract.ts'
import { routes } from '../../contracts/routes.ts'
import { validBodies } from '../e2e/valid-bodies.ts'

/** Bodies of shapes that the list of one body a route does not have. */
const others: Readonly<Record<string, readonly object[]>> = {
  'POST /api/upgrades/deploy': [
    {
      ...{ component: 'api', version: 'v1', strategy: 'all' },
      window: { start: '2030-01-01T00:00:00Z', end: '2030-01-02T00:00:00Z' },
    },
    {
      ...{ component: 'api', version: 'v1', strategy: 'percentages' },
      percentages: [
        {
          ...{ percent: 5, bakeSeconds: 60, gate: { successRatePercent: 99 } },
          ...{ autoContinue: false, continueRequiresSecondPerson: true },
        },
        { percent: 100, gate: null },
      ],
    },
    {
      ...{ component: 'api', version: 'v1', strategy: 'groups' },
      groups: { by: 'region', order: ['eu', 'us'], pauseSeconds: 60, others: 'last' },
    },
    { ...{ component: 'api', version: 'v1', strategy: 'rolling' }, maxUnavailable: '25%', maxSurge: 1 },
    { ...{ component: 'api', version: 'v1', strategy: 'serial' }, spacingSeconds: 60 },
  ],
  'PUT /api/v1/calendars/{name}': [
    {
      kind: 'ranges',
      ranges: [{ start: '2030-01-01T00:00:00Z', end: '2030-01-02T00:00:00Z', name: 'closed' }],
    },
    { kind: 'country', country: 'DE', state: 'BY', timezone: 'Europe/Berlin', types: ['public'] },
    { kind: 'ical', icalendar: 'BEGIN:VCALENDAR', timezone: 'UTC' },
  ],
}

const bodies = routes.flatMap(({ operation, method, path }) => {
  const { body }: Contract = contracts[operation]
  const route = `${method} ${path}`
  const valid = [validBodies[route], ...(others[route] ?? [])].filter((one) => one !== undefined)
  return body ? valid.map((one): [string, z.ZodType, object] => [route, body, one]) : []
})

/** Returns a value with what stands at a place of it replaced: places are counted through all of it, itself first. */
function replaced(value: unknown, place: number, by: unknown): unknown {
  let left = place
  const visit = (one: unknown): unknown => {
    if (left-- === 0) return by
    if (Array.isArray(one)) return one.map(visit)
    if (typeof one !== 'object' || one === null) return one
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, visit(inner)]))
  }
  return visit(value)
}

const odd = fc.oneof(
  fc.constantFrom('24.12.2026', '2026-02-30', '99-99', '2026-12-24T25:00:00Z', '\uD800', 'constructor', ''),
  fc.constantFrom(null, [], {}, [null], [[]], { start: 'x' }, { length: 3 }, true, -1, 1e308, 0.5),
  fc.string(),
  fc.jsonValue(),
)

test.each(bodies)(
  '%s: whatever stands in a body, it is taken or refused, and nothing is thrown',
  (_, schema, body) => {
    const check = (by: unknown, place: number) => {
      const result = schema.safeParse(replaced(body, place, by))
      expect(result.success || result.error.issues.length > 0).toBe(true)
    }
    fc.assert(fc.property(odd, fc.nat(40), check), { numRuns: 400 })
  },
)
