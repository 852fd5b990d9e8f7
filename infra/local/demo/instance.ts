import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, caller, Refused } from './api.ts'

/** How one simulated customer instance behaves; times are real milliseconds. */
export interface Behaviour {
  readonly pollEvery: number
  /** How long an upgrade takes, at least and at most. */
  readonly upgradeTakes: readonly [number, number]
  /** Does an upgrade to a newer version fail its health check? Going back always works. */
  readonly fails: boolean
}

interface Offer {
  readonly updateAvailable: boolean
  readonly version?: string
  readonly attempt?: string
}

/**
 * A customer instance with the agent that looks after it: it enrols once with a key of its own making, asks for updates, accepts,
 * takes its time, and reports what it runs then.
 */
export class Instance {
  readonly id: string
  version: string
  upgrading: string | null = null
  enrolled = false
  readonly #behaviour: Behaviour
  readonly #url: string
  readonly #first: string

  constructor(options: { id: string; version: string; url: string; behaviour: Behaviour }) {
    this.id = options.id
    this.version = options.version
    this.#first = options.version
    this.#url = options.url
    this.#behaviour = options.behaviour
  }

  /** Enrols, then works until the signal says stop. An answer that is lost is asked for again. */
  async run(enrolment: string, stop: AbortSignal): Promise<void> {
    const key = randomBytes(32).toString('base64url')
    const enrol = caller(this.#url, enrolment)
    const { credential } = await this.#persist(
      () => enrol<{ credential: string }>('POST', '/api/v1/agents/enrol', { key }),
      stop,
    )
    this.enrolled = true
    const call = caller(this.#url, credential)
    // Instances do not ask at the same time: each begins somewhere in its interval.
    await sleep(Math.random() * this.#behaviour.pollEvery, undefined, { signal: stop })
    while (!stop.aborted) {
      const offer = await this.#persist(() => call<Offer>('GET', '/api/v1/updates/check'), stop)
      if (offer.updateAvailable && offer.version)
        await this.#upgrade(call, offer.version, offer.attempt, stop)
      await sleep(this.#behaviour.pollEvery, undefined, { signal: stop })
    }
  }

  async #upgrade(call: Call, version: string, attempt: string | undefined, stop: AbortSignal): Promise<void> {
    const report = (status: string, more: object = {}): Promise<unknown> =>
      this.#persist(
        () =>
          call('POST', '/api/v1/updates/status', {
            status,
            version: this.version,
            timestamp: new Date().toISOString(),
            ...(attempt === undefined ? {} : { attempt }),
            ...more,
          }),
        stop,
      )
    try {
      await report('in-progress')
      this.upgrading = version
      const [least, most] = this.#behaviour.upgradeTakes
      await sleep(least + Math.random() * (most - least), undefined, { signal: stop })
      if (this.#behaviour.fails && version !== this.#first) {
        await report('failed', {
          code: 'HEALTH_CHECK_FAILED',
          details: `The instance answered 503 with ${version}.`,
        })
      } else {
        this.version = version
        await report('completed')
      }
    } catch (error) {
      // Withdrawn, expired or superseded in the meantime: the control plane has decided, and the next check says what now.
      if (!(error instanceof Refused)) throw error
    } finally {
      this.upgrading = null
    }
  }

  /** Tries until the API answers; only a refusal is final. */
  async #persist<Answer>(act: () => Promise<Answer>, stop: AbortSignal): Promise<Answer> {
    for (let wait = 100; ; wait = Math.min(wait * 2, 5000)) {
      try {
        return await act()
      } catch (error) {
        if (error instanceof Refused && error.status < 500 && error.status !== 429) throw error
        await sleep(wait, undefined, { signal: stop })
      }
    }
  }
}
