import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Impact, kept, type Probe, seenAt } from '../../../functions/domain/rollout/impact.ts'

const at = (second: number) => new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString()
const probe = (second: number, code: number | null, milliseconds = 10): Probe => ({
  ...{ at: at(second), code, milliseconds, well: code !== null && code < 400 },
  why: code === null ? 'no connection' : null,
})
const seen = (...probes: Probe[]) =>
  probes.reduce<Impact | undefined>((known, one) => seenAt(known, one) ?? known, undefined)

test('what customers met is told by its latest, its slowest, its outages and its history', () => {
  const probes = [
    probe(0, 200),
    probe(10, 503, 900),
    probe(20, null, 5000),
    probe(30, 200, 40),
    probe(40, 500),
  ]
  expect(seen(...probes)).toEqual({
    ...{ probes: 5, failed: 3, latest: probes[4] },
    // What was never answered took as long as somebody waited for it.
    slowest: probes[1],
    outages: [
      { since: at(10), until: at(30) },
      { since: at(40), until: null },
    ],
    history: probes,
  })
})

test('a look that comes late, or twice, changes nothing', () => {
  const known = seen(probe(0, 200), probe(10, 500))
  expect(seenAt(known, probe(10, 200))).toBeUndefined()
  expect(seenAt(known, probe(5, 200))).toBeUndefined()
})

test('however long it is looked at, what is kept is bounded, and outages follow from what was seen', () => {
  const codes = fc.array(fc.constantFrom<number | null>(200, 302, 404, 503, null), {
    minLength: 1,
    maxLength: 400,
  })
  fc.assert(
    fc.property(codes, (drawn) => {
      const probes = drawn.map((code, place) => ({ ...probe(place, code), why: 'x'.repeat(256) }))
      const known = seen(...probes)
      expect(known?.history).toEqual(probes.slice(-kept.history))
      expect(known?.outages.length).toBeLessThanOrEqual(kept.outages)
      expect(known?.outages.slice(0, -1).every(({ until }) => until !== null)).toBe(true)
      expect(known?.outages.at(-1)?.until === null).toBe(probes.at(-1)?.well === false)
      expect(known?.failed).toBe(probes.filter(({ well }) => !well).length)
      expect(JSON.stringify(known).length).toBeLessThan(30_000)
    }),
    { numRuns: 50 },
  )
})
