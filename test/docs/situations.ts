import { deployed, openWorld, type Reply, report, type World } from '../api/world.ts'

/** What came of a request: its answer, and the upgrade that it was about. */
interface Came {
  readonly world: World
  readonly id: string
  readonly reply: Reply
}

/** Something that is asked of an upgrade in a certain state. */
export interface Situation {
  readonly asked: string
  /** The upgrade … */
  readonly when: string
  readonly come: () => Promise<Came>
}

const everybody = {
  ...{ component: 'api', version: 'v1.2.0', strategy: 'all' },
  failureThreshold: { percent: 100 },
  unreachableThreshold: { percent: 100 },
}
const hour = 3600
const window = { start: '2026-01-05T10:00:00Z', end: '2026-01-05T14:00:00Z' }
const reason = 'a hole'

const say = (world: World, id: string, word: string, body: object = {}) =>
  world.call('POST', `/api/upgrades/${id}/${word}`, { body })

/** A deploy to so many customers that run v1.1.0: it has begun, unless it waits for an approval. */
async function begun(settings: object = {}, customers = 4): Promise<{ world: World; id: string }> {
  const world = openWorld()
  await world.fleet(customers)
  await world.fleet(0, 'v1.1.0')
  return { world, id: await deployed(world, { ...everybody, ...settings }) }
}

/** One that every customer has answered as it is said. */
async function answered(settings: object = {}, status = (_: string) => 'completed') {
  const { world, id } = await begun(settings)
  await report(world, status)
  await world.advance(id)
  return { world, id }
}

/** Lets a child that was begun come to its end. */
async function ended(world: World, { body }: Reply): Promise<void> {
  await world.advance(body.upgradeId)
  await report(world)
  await world.advance(body.upgradeId)
}

type Opened = Awaited<ReturnType<typeof begun>>

function situation(
  asked: string,
  [word, body]: readonly [word: string, body?: object],
  when: string,
  open: () => Promise<Opened>,
): Situation {
  const come = async () => {
    const { world, id } = await open()
    return { world, id, reply: await say(world, id, word, body) }
  }
  return { asked, when, come }
}

const rollBack = (when: string, open: () => Promise<Opened>) =>
  situation('rollback', ['rollback'], when, open)

const oneByOne = { parallel: 1 }
const oneFails = (target: string) => (target === 'cust_0004' ? 'failed' : 'completed')

/** The upgrade itself has come to its end; then something happens. */
const after =
  (happen: (opened: Opened) => Promise<unknown>, open = () => answered()) =>
  async () => {
    const opened = await open()
    await happen(opened)
    return opened
  }

const newer = (targets?: string[]) =>
  after(async ({ world }) => {
    await world.fleet(0, 'v1.3.0')
    const id = await deployed(world, {
      ...{ ...everybody, version: 'v1.3.0' },
      ...(targets && { targets: { ids: targets } }),
    })
    await report(world)
    await world.advance(id)
  })

const oldWithdrawn = after(({ world }) =>
  world.call('POST', '/api/v1/releases/api/v1.1.0/withdraw', { body: { reason } }),
)

const stopped = after(({ world }) => world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } }))

export const rollbacks: readonly Situation[] = [
  rollBack('is planned and waits for an approval', () => begun({ approvals: { required: 1 } })),
  rollBack('runs, and some of it is through', async () => {
    const opened = await answered(oneByOne)
    await report(opened.world)
    await opened.world.advance(opened.id)
    return opened
  }),
  rollBack(
    'is paused',
    after(
      ({ world, id }) => say(world, id, 'pause'),
      () => answered(oneByOne),
    ),
  ),
  rollBack('has completed', () => answered()),
  rollBack('has completed, some of it in a retry', () =>
    after(
      async ({ world, id }) => ended(world, await say(world, id, 'retry-failed')),
      () => answered({}, oneFails),
    )(),
  ),
  rollBack('is being retried', () =>
    after(
      async ({ world, id }) => world.advance((await say(world, id, 'retry-failed')).body.upgradeId),
      () => answered({}, oneFails),
    )(),
  ),
  rollBack(
    'is being rolled back',
    after(async ({ world, id }) => world.advance((await say(world, id, 'rollback')).body.upgradeId)),
  ),
  rollBack(
    'was rolled back',
    after(async ({ world, id }) => ended(world, await say(world, id, 'rollback'))),
  ),
  rollBack(
    'was to be rolled back, and that was aborted',
    after(async ({ world, id }) => {
      const { body } = await say(world, id, 'rollback')
      await say(world, body.upgradeId, 'abort')
      await world.advance(body.upgradeId)
    }),
  ),
  rollBack('is a rollback itself', async () => {
    const { world, id } = await answered()
    const reply = await say(world, id, 'rollback')
    await ended(world, reply)
    return { world, id: reply.body.upgradeId }
  }),
  rollBack('was moved on from by a newer one, for one customer', newer(['cust_0001'])),
  rollBack('was moved on from by a newer one, for all', newer()),
  rollBack(
    'brought a release that was withdrawn since',
    after(({ world }) => world.call('POST', '/api/v1/releases/api/v1.2.0/withdraw', { body: { reason } })),
  ),
  rollBack('replaced a release that was withdrawn since', oldWithdrawn),
  situation(
    'rollback with `toWithdrawn`',
    ['rollback', { toWithdrawn: { reason: 'the lesser evil' } }],
    'replaced a release that was withdrawn since',
    oldWithdrawn,
  ),
  rollBack('has completed, and everything is stopped', stopped),
  situation(
    'rollback with `breakGlass`',
    ['rollback', { breakGlass: { reason: 'it loses orders' } }],
    'has completed, and everything is stopped',
    stopped,
  ),
  situation('rollback of one customer', ['rollback/cust_0001'], 'has completed', () => answered()),
]

const resume = (when: string, open: () => Promise<Opened>, body?: object, how = 'resume') =>
  situation(how, body ? ['resume', body] : ['resume'], when, open)

const paused = (settings: object, seconds = 0) =>
  after(
    async ({ world, id }) => {
      await say(world, id, 'pause')
      world.pass(seconds)
    },
    () => begun({ ...oneByOne, ...settings }),
  )
const breached = () => answered({ ...oneByOne, failureThreshold: { percent: 0 } }, () => 'failed')
const later = { start: '2026-01-05T16:00:00Z', end: '2026-01-05T20:00:00Z' }
const expires = { approvals: { required: 1, expiresInSeconds: hour } }

export const resumes: readonly Situation[] = [
  resume('runs', () => begun(oneByOne)),
  resume('is paused by somebody, in its window', paused({ window })),
  resume('is paused, and too little of its window is left', paused({ window }, 4 * hour - 60)),
  resume('is paused, and its window is over', paused({ window }, 5 * hour)),
  resume(
    'is paused, and its window is over',
    paused({ window }, 5 * hour),
    { window: later },
    'resume with a window to come',
  ),
  resume(
    'is paused, and its window is over',
    paused({ window }, 5 * hour),
    { window },
    'resume with a window that is over',
  ),
  resume('is paused by a threshold', breached),
  resume(
    'is paused by a threshold',
    breached,
    { acknowledge: { failed: 0 } },
    'resume that acknowledges fewer failures',
  ),
  resume(
    'is paused by a threshold',
    breached,
    { acknowledge: { failed: 1 } },
    'resume that acknowledges all failures',
  ),
  resume('is paused by a gate that failed', () =>
    answered({ strategy: 'batch', batchSize: 2, gate: { successRatePercent: 90 } }, () => 'failed'),
  ),
  resume('is paused while it waits for an approval', paused(expires)),
  resume('is paused, and its approval has expired', paused(expires, 2 * hour)),
  resume(
    'is being aborted',
    after(
      ({ world, id }) => say(world, id, 'abort'),
      async () => {
        const { world, id } = await begun(oneByOne)
        await report(world, () => 'in-progress')
        return { world, id }
      },
    ),
  ),
  resume('is over', () => answered()),
]
