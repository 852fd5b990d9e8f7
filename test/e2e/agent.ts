import { randomBytes, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { Client } from './client.ts'
import { eventually } from './patience.ts'

export interface Offer {
  readonly updateAvailable: boolean
  readonly attempt: string
  readonly version: string
  readonly from: string
}

interface Registered {
  readonly targets: readonly { readonly id: string; readonly enrolmentToken: string }[]
}

/** The agent of one target, which does nothing but what a test tells it. */
export class Agent {
  readonly id: string
  readonly client: Client

  constructor(id: string, client: Client) {
    this.id = id
    this.client = client
  }

  async check(): Promise<Offer> {
    return this.client.read<Offer>('/api/v1/updates/check')
  }

  /** Waits until an update is offered. */
  offered(): Promise<Offer> {
    return eventually(
      () => this.check(),
      ({ updateAvailable }) => expect([this.id, updateAvailable]).toEqual([this.id, true]),
    )
  }

  report(status: string, { attempt }: Pick<Offer, 'attempt'>, more: object = {}) {
    const timestamp = new Date().toISOString()
    return this.client.post<{ readonly code?: string; readonly result?: string }>('/api/v1/updates/status', {
      ...{ status, attempt, timestamp, version: 'unknown' },
      ...more,
    })
  }

  async accept(offer: Offer): Promise<void> {
    expect((await this.report('in-progress', offer)).body.result).toBe('accepted')
  }

  /** Takes the update that is offered, or will be, and succeeds with it. */
  async upgrade(): Promise<void> {
    const offer = await this.offered()
    await this.accept(offer)
    await this.succeed(offer)
  }

  async succeed(offer: Offer): Promise<void> {
    const { status } = await this.report('completed', offer, { version: offer.version })
    expect(status).toBe(200)
  }

  async fail(offer: Offer, code = 'HEALTH_CHECK_FAILED'): Promise<void> {
    expect((await this.report('failed', offer, { code, details: 'It answered 503.' })).status).toBe(200)
  }
}

/** Returns the agents that are offered an update now, each with its offer. */
export async function offersTo(
  agents: readonly Agent[],
): Promise<{ readonly agent: Agent; readonly offer: Offer }[]> {
  const all = await Promise.all(agents.map(async (agent) => ({ agent, offer: await agent.check() })))
  return all.filter(({ offer }) => offer.updateAvailable)
}

/** Waits until so many agents are offered an update. */
export function offered(agents: readonly Agent[], count: number) {
  return eventually(
    () => offersTo(agents),
    (found) => expect(found).toHaveLength(count),
  )
}

/** Registers targets that run one component; returns each with its one-time enrolment token. */
export async function register(
  operator: Client,
  component: string,
  ids: readonly string[],
  facts: object = {},
): Promise<Registered['targets']> {
  const targets = ids.map((id) => ({ id, components: { [component]: 'v1.0.0' }, ...facts }))
  return (await operator.write<Registered>('/api/v1/targets', { targets, enrol: true })).body.targets
}

/** Exchanges an enrolment token for a credential, at the runtime that all files share or at another. */
export async function enrol(id: string, enrolmentToken: string, url?: string): Promise<Agent> {
  const key = randomBytes(32).toString('base64url')
  const { status, body } = await new Client(enrolmentToken, url).post<{ readonly credential: string }>(
    '/api/v1/agents/enrol',
    { key },
  )
  expect(status).toBe(201)
  return new Agent(id, new Client(body.credential, url))
}

export interface Fleet {
  readonly component: string
  readonly agents: readonly Agent[]
  /** Asks for an upgrade of the whole fleet, to v1.1.0 unless the request says otherwise. */
  deploy(request?: object): Promise<string>
}

/** Registers a component of its own with the release v1.1.0, so many targets that run v1.0.0, and their agents. */
export async function fleet(operator: Client, size: number): Promise<Fleet> {
  const component = `part-${randomUUID().slice(0, 8)}`
  const ids = Array.from({ length: size }, (_, number) => `${component}-${number}`)
  const release = { component, version: 'v1.1.0', digest: `sha256:${'1f'.repeat(32)}` }
  const [registered] = await Promise.all([
    register(operator, component, ids),
    operator.write('/api/v1/releases', release),
  ])
  const agents = await Promise.all(
    registered.map(({ id, enrolmentToken }) => enrol(id, enrolmentToken, operator.url)),
  )
  // A plan is made from the view of targets: all have to be in it.
  await eventually(
    () => operator.read<{ readonly count: number }>(`/api/v1/targets?component=${component}`),
    ({ count }) => expect(count).toBe(size),
  )
  return {
    component,
    agents,
    async deploy(request = {}) {
      const { body } = await operator.write<{ readonly upgradeId: string; readonly jobId: string }>(
        '/api/upgrades/deploy',
        { component, version: 'v1.1.0', strategy: 'all', ...request },
      )
      expect(body.jobId).toBe(`${body.upgradeId}-1`)
      return body.upgradeId
    },
  }
}
