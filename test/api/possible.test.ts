import { describe, expect, it } from 'vitest'
import { deployed, openWorld, report, type World } from './world.ts'

/** An upgrade, and the children that were asked for, the latest last. */
interface Run {
  readonly world: World
  readonly upgrades: string[]
}

type Step = (run: Run, draw: Draw) => Promise<unknown>
type Draw = (below: number) => number

/** Draws whole numbers from 0, the same for the same seed (mulberry32). */
function drawFrom(seed: number): Draw {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const statuses = ['completed', 'failed', 'rejected', 'rolled-back', 'rollback-failed'] as const
const ends = ['completed', 'completed', 'failed', ...statuses] as const
const targets = ['cust_0001', 'cust_0002', 'cust_0003', 'cust_0004']

/** An agent takes what it is offered, and says no more yet. */
async function accept(world: World, target: string): Promise<void> {
  const as = { lambda: { kind: 'agent', target, tokenHash: '' } } as const
  const { updateAvailable, version } = (await world.call('GET', '/api/v1/updates/check', { as })).body
  if (!updateAvailable) return
  const body = { version, timestamp: '2026-01-05T10:00:00Z', status: 'in-progress' }
  await world.call('POST', '/api/v1/updates/status', { as, body })
}

async function ask({ world, upgrades }: Run, operation: string, body: object): Promise<void> {
  const { body: answer } = await world.call('POST', `/api/upgrades/${upgrades.at(-1)}/${operation}`, { body })
  if (!answer.upgradeId || upgrades.includes(answer.upgradeId)) return
  const noted = await world.call('GET', `/api/upgrades/${answer.upgradeId}`)
  if (noted.status === 200) upgrades.push(answer.upgradeId)
}

const steps: readonly Step[] = [
  async ({ world }, draw) => report(world, () => ends[draw(ends.length)] ?? 'completed'),
  async ({ world }, draw) => {
    const status = statuses[draw(statuses.length)] ?? 'completed'
    return report(world, () => status)
  },
  async ({ world }, draw) => accept(world, targets[draw(targets.length)] ?? ''),
  async ({ world, upgrades }) => {
    for (const id of upgrades) await world.advance(id)
  },
  async (run) => ask(run, 'pause', {}),
  async (run, draw) => ask(run, 'abort', { rollBack: draw(2) === 0 }),
  async (run, draw) => ask(run, 'rollback', draw(3) === 0 ? { breakGlass: { reason: 'fire' } } : {}),
  async (run) => ask(run, 'retry-failed', {}),
  async ({ world, upgrades }, draw) =>
    world.call('POST', `/api/upgrades/${upgrades[0]}/targets/${targets[draw(targets.length)]}/skip`),
  async ({ world }, draw) => world.pass([60, 1000, 4000][draw(3)] ?? 60),
]

const bodies = [
  { strategy: 'all' },
  { strategy: 'all', parallel: 1 },
  { strategy: 'all', parallel: 2, retry: { attempts: 1, delaySeconds: 60 } },
  { strategy: 'batch', batchSize: 2, failureThreshold: { percent: 0 } },
]

/** Returns the story of a seed, told anew each time: an upgrade of four, and what people and agents do then. */
async function told(seed: number): Promise<Run> {
  const draw = drawFrom(seed)
  const world = openWorld()
  await world.fleet(4)
  const body = { component: 'api', version: 'v1.2.0', failureThreshold: { percent: 100 }, ...bodies[draw(4)] }
  const run = { world, upgrades: [await deployed(world, body)] }
  for (let left = 1 + draw(7); left > 0; left--) {
    await steps[draw(steps.length)]?.(run, draw)
    await world.settle()
  }
  return run
}

/** In which words each may be asked for. */
const ways = {
  rollBackUpgrade: [
    ['rollback', {}],
    ['rollback', { breakGlass: { reason: 'fire' } }],
  ],
  retryFailed: [
    ['retry-failed', {}],
    ['retry-failed', { include: ['skipped'] }],
  ],
  abortUpgrade: [
    ['abort', {}],
    ['abort', { rollBack: true }],
  ],
} as const
type Action = keyof typeof ways

/** What a refusal of something offered may be about: what only the targets say, or who has them. */
const ofTargets = /^(Nobody would be|No target runs anything else for it:|A rollback is at work:)/

const seeds = Array.from({ length: 60 }, (_, place) => place + 1)

describe('what may be asked of an upgrade', () => {
  it.each(Object.keys(ways) as Action[])(
    '%s is what the API takes, after stories that are drawn',
    async (action) => {
      const taken = { hidden: 0, offered: 0 }
      for (const seed of seeds) {
        const last = (await told(seed)).upgrades.length - 1
        for (const place of new Set([0, last])) {
          const answers = []
          let offered = false
          for (const [operation, body] of ways[action]) {
            const { world, upgrades } = await told(seed)
            const { actions } = (await world.call('GET', `/api/upgrades/${upgrades[place]}`)).body
            offered = actions.includes(action)
            const before = world.log.records.length
            const reply = await world.call('POST', `/api/upgrades/${upgrades[place]}/${operation}`, {
              body,
              early: true,
            })
            answers.push({ seed, place, offered, ...reply.body, changed: world.log.records.length > before })
          }
          const isTaken = answers.some(({ changed }) => changed)
          if (isTaken) taken[offered ? 'offered' : 'hidden'] += 1
          if (!offered) expect(answers.filter(({ changed }) => changed)).toEqual([])
          else if (!isTaken)
            for (const { detail, ...answer } of answers)
              expect([answer, ofTargets.test(detail) ? '' : detail]).toEqual([answer, ''])
        }
      }
      expect(taken).toEqual({ hidden: 0, offered: expect.toSatisfy((many: number) => many >= 10) })
    },
    120_000,
  )
})
