import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Simulated, simulate } from './simulate.ts'

/** More, or one by its number: `npm run simulate -- --seeds 10000 --from 1`. */
const seeds = 44

const told = ({ seed, faults, story }: Simulated): string =>
  [`npm run simulate -- --seeds 1 --from ${seed}`, ...faults, '…', ...story.slice(-60)].join('\n')

describe('the whole system, with everything going wrong that may', () => {
  test('I1-I22, W1-W4, L1-L4: every upgrade ends, log, views, schedules and answers agree, and no task token is in any of them (S9)', {
    timeout: 300_000,
  }, async () => {
    let [admissions, openings, summaries, regressions] = [0, 0, 0, 0]
    let [waits, heads, tokens, steps, shares] = [0, 0, 0, 0, 0]
    for (let seed = 1; seed <= seeds; seed++) {
      const result = await simulate(seed)
      expect(result.faults, told(result)).toEqual([])
      const lines = (type: string) => result.story.filter((line) => line.includes(`: ${type} `)).length
      admissions += result.story.filter((line) => line.includes('TargetsAdmitted')).length
      openings += lines('WindowOpened')
      heads += result.heads
      tokens += result.tokens
      summaries += lines('UpgradeSummarised')
      regressions += lines('MembersRegressed')
      steps += lines('StepEnded')
      shares += lines('ShareReturned')
      waits += result.story.filter((line) => line.includes('"reason":"dependency"')).length
    }
    expect(admissions, 'the stories are about something').toBeGreaterThan(seeds)
    expect(openings, 'windows open').toBeGreaterThan(seeds / 2)
    expect(summaries, 'executions are summarised').toBeGreaterThan(seeds / 2)
    expect(regressions, 'what had succeeded fails after all').toBeGreaterThan(0)
    expect(heads, 'heads are written, in several documents a day').toBeGreaterThan(3 * seeds)
    expect(tokens, 'tokens are given out').toBeGreaterThan(5 * seeds)
    expect(steps, 'procedures do steps').toBeGreaterThan(seeds)
    expect(shares, 'upgrades share what policies bound').toBeGreaterThan(0)
    expect(waits, 'windows wait for what they depend on').toBeGreaterThan(0)
  })

  test('a seed tells the same story each time', () => {
    // In processes of their own: warm functions share a memory of chunks, and a second run would find them there.
    const [once, again] = [story(1), story(1)]
    expect(once.split('\n').length).toBeGreaterThan(20)
    expect(again).toBe(once)
  })
})

function story(seed: number): string {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const args = [main, '--seeds', '1', '--from', String(seed), '--story']
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return stdout.slice(0, stdout.lastIndexOf('1 seeds from'))
}
