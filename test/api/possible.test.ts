import { describe, expect, it } from 'vitest'
import { deployed, openWorld, report, upgraded, type World } from './world.ts'

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
  async ({ world, upgrades }, draw) => {
    const status = statuses[draw(statuses.length)] ?? 'completed'
    await report(world, () => status)
    for (const id of upgrades) await world.advance(id)
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
  rollBackUpgrade: [['rollback', {}]],
  breakGlass: [['rollback', { breakGlass: { reason: 'fire' } }]],
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

/** What only the targets say, or whoever has them: something offered may be refused for that alone. */
const ofTargets = /^Nobody would be (taken back|tried again): /

const seeds = Array.from({ length: 60 }, (_, place) => place + 1)

/** Asks for something in one way after a story, of its first upgrade or of the last child. */
async function asked(
  seed: number,
  which: 0 | -1,
  action: Action,
  [operation, body]: readonly [string, object],
) {
  const { world, upgrades } = await told(seed)
  const path = `/api/upgrades/${upgrades.at(which)}`
  const { actions, breakGlassActions } = (await world.call('GET', path)).body
  const isOffered =
    action === 'breakGlass'
      ? [...actions, ...breakGlassActions].includes('rollBackUpgrade')
      : actions.includes(action)
  const before = world.log.records.length
  const { code, detail } = (await world.call('POST', `${path}/${operation}`, { body, early: true })).body
  const isTaken = world.log.records.length > before
  return { seed, which, operation, body, isOffered, isTaken, code, detail }
}

describe('what may be asked of an upgrade, after stories that are drawn', () => {
  it.each(Object.keys(ways) as Action[])(
    '%s is what the API takes',
    async (action) => {
      let taken = 0
      for (const seed of seeds)
        for (const which of [0, -1] as const) {
          const answers = []
          for (const way of ways[action]) answers.push(await asked(seed, which, action, way))
          const isTaken = answers.some((answer) => answer.isTaken)
          const wrong = answers.filter(({ isOffered, detail }) =>
            isTaken ? !isOffered : isOffered && !ofTargets.test(detail),
          )
          expect(wrong).toEqual([])
          if (isTaken) taken += 1
        }
      // Stories in which nothing is ever taken would show nothing.
      expect(taken).toBeGreaterThan(20)
    },
    120_000,
  )

  it('rollBackUpgrade is not there while all that are in flight are only offered, and is from the first that has begun', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
    await world.settle()
    const isOffered = async () =>
      (await world.call('GET', `/api/upgrades/${id}`)).body.actions.includes('rollBackUpgrade')
    expect(await isOffered()).toBe(false)
    await accept(world, 'cust_0001')
    await world.settle()
    expect(await isOffered()).toBe(true)
  })

  it('rollBackUpgrade is not there any more once all was taken back', async () => {
    const { world, id } = await upgraded(2)
    const rollback = await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.settle()
    await world.advance(rollback.body.upgradeId)
    await report(world)
    await world.advance(rollback.body.upgradeId)
    const { takenBackBy, actions } = (await world.call('GET', `/api/upgrades/${id}`)).body
    expect([takenBackBy.status, actions]).toEqual(['completed', []])
    const again = await world.call('POST', `/api/upgrades/${id}/rollback`)
    expect([again.status, again.body.code]).toEqual([409, 'nothing-to-roll-back'])
  })

  it('is told of an instant as it was then', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
    await world.settle()
    const at = new Date(world.services.now()).toISOString()
    world.pass(60)
    await report(world, () => 'failed')
    const actionsAt = async (query: Record<string, string>) =>
      (await world.call('GET', `/api/upgrades/${id}`, { query })).body.actions
    expect(await actionsAt({ at })).not.toContain('retryFailed')
    expect(await actionsAt({})).toContain('retryFailed')
  })
})
