import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNotify } from '../../functions/notify/notify.ts'
import { openMessages } from '../../functions/work/messages.ts'
import { canary, deployed, openWorld, report } from '../api/world.ts'
import { startDynamo } from '../contract/dynoxide.ts'
import { Random } from '../simulation/random.ts'
import { answered, leavingFor } from './leaving.ts'

type Dynamo = Awaited<ReturnType<typeof startDynamo>>

let dynamo: Dynamo
beforeAll(async () => {
  dynamo = await startDynamo()
  await dynamo.createTables()
})
afterAll(() => dynamo.stop())

const admin = { as: { user: 'root', roles: ['admin'] } } as const
const slack = {
  ...{ kind: 'slack', channel: 'C0DEPLOYS', token: 'drydock/bot', apiUrl: 'https://slack.example/api' },
}
const webhook = { kind: 'webhook', url: 'https://hooks.example/drydock', secrets: ['drydock/key'] }

/** What may go wrong: one request to the table, or by chance any, and what receivers answer. */
interface Troubles {
  /** Is this request, by its number, killed: before it is done, or after? */
  killed(number: number): 'before' | 'after' | undefined
  readonly chance: Random | undefined
}

let worlds = 0

/** Returns a client of the table whose requests are killed, by the number that each has. */
function killing(killed: Troubles['killed'], next: () => number): DynamoDBClient {
  const client = {
    async send(command: Parameters<DynamoDBClient['send']>[0]) {
      const how = killed(next())
      if (how === 'before') throw new Error('killed')
      const answer = await dynamo.client.send(command)
      if (how === 'after') throw new Error('killed')
      return answer
    },
  }
  return client as unknown as DynamoDBClient // `send` is all that is called
}

/** Tells of an upgrade from its request to its end, killed in between and called again; returns what got there, and what did not. */
async function tell({ killed, chance }: Troubles) {
  worlds++
  const [chat, hooks] = [`chat-${worlds}`, `hooks-${worlds}`]
  const world = openWorld()
  const leaving = leavingFor(world.services.now)
  let posted = 0
  leaving.behaviour.answer = ({ url }) => {
    if (chance && chance.next() < 0.3) return answered(503)
    const ts = url.endsWith('chat.update') ? '1.1' : `${++posted}.1`
    return answered(200, { ok: true, channel: 'C0DEPLOYS', ts })
  }
  let requests = 0
  const client = killing(killed, () => ++requests)
  const messages = openMessages({ client, table: 'Work', now: world.services.now })
  const open = () => openNotify({ ...world.services, ...leaving, messages })
  /** Lambda calls so often what fails. */
  const trying = async (event: unknown) => {
    for (let tries = 0; tries < (chance ? 20 : 3); tries++) {
      // Whoever was killed is another instance when it comes back.
      const done = await open()(event).then(
        () => true,
        () => false,
      )
      if (done) return
    }
  }
  let told = 0
  const hear = async () => {
    await world.settle()
    const events = world.services.onBus.slice(told)
    told = world.services.onBus.length
    if (!chance) for (const detail of events) await trying({ detail })
    else {
      const twice = [...events, ...events.filter(() => chance.next() < 0.3)]
      const shuffled = twice
        .map((detail) => ({ detail, at: chance.next() }))
        .sort((one, other) => one.at - other.at)
      await Promise.all(shuffled.map(({ detail }) => trying({ detail })))
    }
  }
  const minutes = async (count: number) => {
    for (let minute = 0; minute < count; minute++) {
      world.pass(60)
      await Promise.all([open(), open()].map((clock) => clock({}).catch(() => {})))
    }
  }
  await world.call('PUT', `/api/v1/destinations/${chat}`, { ...admin, body: slack })
  await world.call('PUT', `/api/v1/destinations/${hooks}`, { ...admin, body: webhook })
  await world.fleet(10)
  const whole = { ...canary, strategy: 'all', canaryPercent: undefined, approvals: { required: 1 } }
  const id = await deployed(world, whole)
  await hear()
  const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body
  const as = { user: 'ben', roles: ['approver'] }
  await world.call('POST', `/api/upgrades/${id}/approve`, { as, body: { planHash } })
  await world.advance(id)
  await hear()
  await minutes(chance ? 10 : 1)
  await report(world)
  await world.advance(id)
  await hear()
  await minutes(chance ? 400 : 5)
  const got = leaving.calls
    .filter(({ url }) => url.includes('hooks'))
    .map(({ body }) => JSON.parse(body).data.id)
  const shown = leaving.calls.filter(({ body }) => body.includes('Upgrade of api')).map(({ body }) => body)
  const present = openMessages({ client: dynamo.client, table: 'Work', now: world.services.now })
  return {
    requests,
    lost: world.services.onBus.filter((detail) => !got.includes((detail as { id: string }).id)),
    last: shown.at(-1) ?? '',
    posts: leaving.calls.filter(
      ({ url, body }) => url.endsWith('chat.postMessage') && body.includes('Upgrade of'),
    ).length,
    left: [...(await present.due(`${chat}@1`, 10)), ...(await present.due(`${hooks}@1`, 10))],
  }
}

function expectAllThere({ lost, last, left }: Awaited<ReturnType<typeof tell>>): void {
  expect(lost).toEqual([])
  expect(last).toContain('Is complete')
  expect(last).toContain('10 of 10 succeeded')
  expect(left).toEqual([])
}

describe('messages of an upgrade', () => {
  it('all get there, and the last state is shown, wherever a sender was killed', async () => {
    const well = await tell({ killed: () => undefined, chance: undefined })
    expectAllThere(well)
    expect(well.posts).toBe(1)
    expect(well.requests).toBeGreaterThan(50)
    let postedTwice = 0
    for (let number = 1; number <= well.requests; number++) {
      const how = number % 2 === 0 ? 'before' : 'after'
      const told = await tell({ killed: (one) => (one === number ? how : undefined), chance: undefined })
      expectAllThere(told)
      postedTwice += told.posts - 1
    }
    // Only who dies after the post and before it is noted posts once more.
    expect(postedTwice).toBeLessThanOrEqual(2)
    // As many stories as one has requests.
  }, 240_000)

  it.each([1, 2, 3])(
    'all get there where much goes wrong, twice, at once and in no order: seed %i',
    async (seed) => {
      const chance = new Random(seed)
      const killed = () => (chance.next() < 0.1 ? (chance.next() < 0.5 ? 'before' : 'after') : undefined)
      expectAllThere(await tell({ killed, chance }))
    },
  )
})

describe('a message that is refused for good', () => {
  /** Tells of a release where it is refused, and takes it on its way again, killed at one request; returns where it is then. */
  async function refused(killed: Troubles['killed']) {
    const hooks = `refused-${++worlds}`
    const world = openWorld()
    const leaving = leavingFor(world.services.now)
    leaving.behaviour.answer = () => answered(404)
    const now = world.services.now
    let requests = 0
    const messages = openMessages({ client: killing(killed, () => ++requests), table: 'Work', now })
    const present = openMessages({ client: dynamo.client, table: 'Work', now })
    const clock = async () => {
      world.pass(120)
      await openNotify({ ...world.services, ...leaving, messages })({}).catch(() => {})
    }
    await world.call('PUT', `/api/v1/destinations/${hooks}`, { ...admin, body: webhook })
    await world.fleet(1)
    await world.settle()
    const [detail] = world.services.onBus
    for (let tries = 0; tries < 3; tries++) {
      const told = openNotify({ ...world.services, ...leaving, messages })({ detail })
      if (
        await told.then(
          () => true,
          () => false,
        )
      )
        break
    }
    for (let minutes = 0; minutes < 3; minutes++) await clock()
    const first = (await present.undelivered(`${hooks}@1`, 10)).messages
    for (const one of first) await messages.again(one).catch(() => {})
    for (let minutes = 0; minutes < 3; minutes++) await clock()
    const { messages: found } = await present.undelivered(`${hooks}@1`, 10)
    return { requests, first, found, left: await present.due(`${hooks}@1`, 10) }
  }

  it('is found among those that were given up, wherever its sender was killed', async () => {
    const { requests } = await refused(() => undefined)
    expect(requests).toBeGreaterThan(8)
    for (let number = 1; number <= requests; number++) {
      for (const how of ['before', 'after'] as const) {
        const { first, found, left } = await refused((one) => (one === number ? how : undefined))
        expect([number, how, first.length, found.length, left]).toEqual([number, how, 1, 1, []])
      }
    }
  })
})
