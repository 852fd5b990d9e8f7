import { expect, it } from 'vitest'
import { CountedUpgrades, type FigureEvent } from '../../../functions/domain/target/figures.ts'
import { later, start } from '../given.ts'
import { accepted, assigned, ended } from './stories.ts'

it('an attempt that was cancelled, or given back, counts as none', () => {
  const counted = new CountedUpgrades()
  const ends = ['succeeded', 'failed', 'cancelled', 'withdrawn'] as const
  for (const [n, outcome] of ends.entries()) {
    const of = { upgrade: `u${n}` }
    counted.hear(assigned(of) as FigureEvent, start)
    counted.hear(accepted(of) as FigureEvent, start)
    counted.hear(ended({ outcome }, of) as FigureEvent, later(60))
  }
  expect(counted.all).toMatchObject({ attempts: 2, succeeded: 1, failed: 1, successRate: 50 })
})
