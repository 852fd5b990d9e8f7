import { describe, expect, test } from 'vitest'
import { type Simulated, simulate } from './simulate.ts'

/** More, or one by its number: `npm run simulate -- --seeds 10000 --from 1`. */
const seeds = 60

const told = ({ seed, faults, story }: Simulated): string =>
  [`npm run simulate -- --seeds 1 --from ${seed}`, ...faults, '…', ...story.slice(-60)].join('\n')

describe('the whole system, with everything going wrong that may', () => {
  test('I1-I15: every upgrade ends, and log, views and answers agree', { timeout: 300_000 }, async () => {
    let admissions = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await simulate(seed)
      expect(result.faults, told(result)).toEqual([])
      admissions += result.story.filter((line) => line.includes('TargetsAdmitted')).length
    }
    expect(admissions, 'the stories are about something').toBeGreaterThan(seeds)
  })

  test('a seed tells the same story each time', async () => {
    // The first run leaves chunks of plans in the memory that warm functions share; the next ones meet it alike.
    await simulate(7)
    const [once, again] = [await simulate(7), await simulate(7)]
    expect(again.story).toEqual(once.story)
    expect(once.commits).toBeGreaterThan(20)
  })
})
