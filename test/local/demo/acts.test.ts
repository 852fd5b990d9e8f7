import { describe, expect, it } from 'vitest'
import { deployment } from '../../../contracts/deployment.ts'
import { deploy } from '../../../infra/local/demo/acts.ts'
import type { Call } from '../../../infra/local/demo/api.ts'
import type { Options } from '../../../infra/local/demo/options.ts'
import { Screen } from '../../../infra/local/demo/screen.ts'

const usual: Options = {
  ...{ size: 50, fail: 0, strategy: 'canary', canaryPercent: 10, batchSize: 10 },
  ...{ processes: 5, port: 3100, speed: 10, data: '.drydock/demo', exit: false },
}

/** Returns what the first operator of a demo asks for, as the API understands it. */
async function askedFor(options: Partial<Options>) {
  const asked: unknown[][] = []
  const operator: Call = async <Answer>(method: string, path: string, body?: unknown) => {
    asked.push([method, path, body])
    return { upgradeId: 'u1', jobId: 'u1-1', message: 'Upgrade started' } as Answer
  }
  const screen = new Screen({ isTTY: false, write: () => true } as unknown as NodeJS.WriteStream) // nobody looks
  await deploy({ options: { ...usual, ...options }, screen, operator, second: operator, fleets: [] })
  expect(asked).toEqual([['POST', '/api/upgrades/deploy', expect.any(Object)]])
  return deployment.parse(asked[0]?.[2])
}

describe('the demo asks for an upgrade', () => {
  it('of all that it may have in flight, where nobody fails', async () => {
    const usually = deployment.parse({ component: 'api', version: 'v1.2.0', strategy: 'all' }).parallel
    expect((await askedFor({})).parallel).toBe(usually)
  })

  it.each([
    [50, 10],
    [1000, 200],
    [1003, 201],
    [7, 10],
  ])(
    'of %i instances, of which some fail, a part at a time: %i, so that a halt finds others untouched',
    async (size, parallel) => {
      for (const strategy of ['canary', 'batch', 'all'] as const)
        expect(await askedFor({ size, fail: 20, strategy })).toMatchObject({
          parallel,
          failureThreshold: { percent: 10, action: 'pause' },
        })
    },
  )

  it('by the strategy that it is told, with the size of its waves', async () => {
    expect(await askedFor({ canaryPercent: 4 })).toMatchObject({ strategy: 'canary', canaryPercent: 4 })
    expect(await askedFor({ strategy: 'batch', batchSize: 7 })).toMatchObject({
      ...{ strategy: 'batch', batchSize: 7 },
    })
    expect(await askedFor({ strategy: 'all' })).toMatchObject({ strategy: 'all' })
  })
})
