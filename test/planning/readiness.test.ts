import { expect, it } from 'vitest'
import { notReadyAmong } from '../../functions/facts/readiness.ts'

const now = () => Date.parse('2026-01-11T02:00:00Z')
const hourAgo = '2026-01-11T01:00:00.000Z'
const weekAgo = '2026-01-04T02:00:00.000Z'

/** Telemetry that knows these, and keeps what it was asked. */
function telemetryOf(known: Readonly<Record<string, string>>) {
  const asked: string[][] = []
  return {
    asked,
    telemetry: {
      async lastSeenOf(targets: readonly string[]) {
        asked.push([...targets])
        return new Map(targets.flatMap((target) => (known[target] ? [[target, known[target]]] : [])))
      },
    },
  }
}

it('finds who was not heard of lately, by itself or through its gateway', async () => {
  const { telemetry } = telemetryOf({
    own: hourAgo,
    silent: weekAgo,
    gateway: hourAgo,
    'other gateway': weekAgo,
  })
  const targets = [
    { target: 'own', gateway: null },
    { target: 'silent', gateway: null },
    { target: 'never', gateway: null },
    { target: 'behind', gateway: 'gateway' },
    { target: 'silent behind', gateway: 'other gateway' },
  ]
  expect([...(await notReadyAmong({ telemetry, now }, targets))]).toEqual([
    'silent',
    'never',
    'silent behind',
  ])
})

it('asks once for all, and for each gateway once', async () => {
  const { telemetry, asked } = telemetryOf({})
  const targets = Array.from({ length: 10_000 }, (_, place) => ({
    target: `t${place}`,
    gateway: `g${place % 10}`,
  }))
  expect(await notReadyAmong({ telemetry, now }, targets)).toHaveProperty('size', 10_000)
  expect(asked.map(({ length }) => length)).toEqual([10_010])
})
