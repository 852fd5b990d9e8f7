import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { Client } from './client.ts'
import type { MovedMachine } from './moved-machine.ts'

/** A target as it is registered, without its gateway. */
interface Registration {
  readonly id: string
  readonly type: string
  readonly components: Readonly<Record<string, string>>
  readonly region?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly critical?: boolean
}

interface Offer {
  readonly target: string
  readonly attempt: string
  readonly version: string
  readonly from: string
  readonly kind: 'deploy' | 'retry' | 'rollback'
  readonly accepted: boolean
}

interface Failure {
  readonly code: string
  readonly retryable?: boolean
}

const minute = 60_000
/** No window of a test is so long. */
const mostRounds = 400

/** Targets behind one gateway, which asks and reports for all of them whenever the test says so. */
export class SimulatedFleet {
  /** How long an upgrade takes. */
  minutes = 5
  /** How an attempt fails; undefined: it does not. */
  fails: (offer: Offer) => Failure | undefined = () => undefined
  readonly #machine: MovedMachine
  readonly #gateway: Client
  /** When what was accepted is done, by attempt. */
  readonly #doneAt = new Map<string, number>()

  private constructor(machine: MovedMachine, gateway: Client) {
    this.#machine = machine
    this.#gateway = gateway
  }

  /** Registers targets behind a gateway of this name, and enrols that. */
  static async of(
    machine: MovedMachine,
    operator: Client,
    gateway: string,
    targets: readonly Registration[],
  ): Promise<SimulatedFleet> {
    const enrolment = await operator.write<{
      readonly targets: readonly { readonly enrolmentToken: string }[]
    }>('/api/v1/targets', { targets: [{ id: gateway, type: 'gateway', components: {} }], enrol: true })
    await operator.write('/api/v1/targets', { targets: targets.map((target) => ({ ...target, gateway })) })
    const token = enrolment.body.targets[0]?.enrolmentToken ?? ''
    const { body } = await new Client(token, machine.url).write<{ readonly credential: string }>(
      '/api/v1/agents/enrol',
      { key: randomBytes(32).toString('base64url') },
    )
    return new SimulatedFleet(machine, new Client(body.credential, machine.url))
  }

  /** Asks once for all: accepts what is new, and reports what is done by now. Returns what was offered. */
  async poll(): Promise<readonly Offer[]> {
    const now = this.#machine.now
    const { offers } = await this.#gateway.read<{ readonly offers: readonly Offer[] }>(
      '/api/v1/updates/check?members=true',
    )
    const reports = offers.flatMap((offer) => {
      const { target, attempt, from } = offer
      const common = { target, attempt, timestamp: new Date(now).toISOString() }
      if (!offer.accepted) {
        this.#doneAt.set(attempt, now + this.minutes * minute)
        return [{ ...common, status: 'in-progress', version: from }]
      }
      if (now < (this.#doneAt.get(attempt) ?? 0)) return []
      const failure = this.fails(offer)
      return failure
        ? [{ ...common, status: 'failed', version: from, ...failure }]
        : [{ ...common, status: 'completed', version: offer.version }]
    })
    if (reports.length > 0) {
      const { body } = await this.#gateway.write<{
        readonly results: readonly { readonly result: string }[]
      }>('/api/v1/updates/status', { reports })
      expect(body.results.filter(({ result }) => result === 'failed')).toEqual([])
    }
    return offers
  }

  /**
   * Lets time pass to the opening of a window, and sees to it that every agent was heard of just before, with nothing to do. A minute
   * before: the clock goes on with the wall while what has come due on the way is done, for a second and more.
   */
  async awaitOpening(opening: string): Promise<void> {
    await this.#machine.moveTo(Date.parse(opening) - minute)
    expect(await this.poll()).toEqual([])
    await this.#machine.moveTo(opening)
  }

  /** Asks every so many minutes until nothing is offered and something is so. */
  async workUntil(over: () => Promise<boolean>, every = this.minutes): Promise<void> {
    for (let round = 0; round < mostRounds; round += 1) {
      const offers = await this.poll()
      if (offers.length === 0 && (await over())) return
      await this.#machine.pass(every)
    }
    throw new Error(`It is not over after ${mostRounds} rounds of ${every} minutes.`)
  }
}
