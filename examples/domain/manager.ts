import { randomUUID } from 'node:crypto'
import type { PlayedAnswer, PlayedCall } from '../server.ts'

/** What a manager is to play, with all times in milliseconds of its clock. */
export interface ManagerPlay {
  now(): number
  readonly domain: { readonly id: string; readonly version: string }
  readonly releases: readonly string[]
  readonly password: string
  readonly takes: { readonly download: number; readonly precheck: number; readonly upgrade: number }
  /** It says that tokens hold for an hour, and forgets them sooner. */
  readonly tokensHoldFor: number
  readonly failingDownloads?: number
  readonly failingPrecheck?: boolean
  readonly failingUpgrade?: boolean
  /** How often an upgrade alerts, and waits. */
  readonly alerts?: number
  /** What becomes of the calls by their numbers, from 1: turned away, or cut off before or after it was done. */
  readonly trouble?: Readonly<Record<number, 'too-many' | 'reset-before' | 'reset-after'>>
}

type Work = 'IN_PROGRESS' | 'SUCCEEDED' | 'COMPLETED' | 'FAILED'

interface Precheck {
  readonly id: string
  readonly releaseId: string
  readonly endsAt: number
}

interface Upgrade {
  readonly id: string
  readonly releaseId: string
  /** When it goes on, and how much of it there is then. */
  since: number
  done: number
  alerted: number
  alerts: { id: string; message: string }[]
}

const releaseOf = (version: string) => `release-${version}`
const bundleOf = (version: string) => `bundle-${version}`

/** The manager of one domain, as seed 003 has it: what it is asked for is accepted at once, and takes time. */
export class Manager {
  readonly #play: ManagerPlay
  readonly #tokens = new Map<string, number>()
  readonly #prechecks: Precheck[] = []
  readonly #upgrades: Upgrade[] = []
  readonly #downloads = new Map<string, { readonly endsAt: number; readonly fails: boolean }>()
  #calls = 0
  #failedDownloads = 0
  #version: string
  /** What was begun, in order: each of it is to be there once. */
  readonly begun: string[] = []
  /** The release that was targeted. */
  targeted: string | null = null
  /** How many calls were refused for their token, were too many, or were cut off. */
  readonly troubled = { token: 0, tooMany: 0, reset: 0 }

  constructor(play: ManagerPlay) {
    this.#play = play
    this.#version = play.domain.version
  }

  get version(): string {
    this.#look()
    return this.#version
  }

  get calls(): number {
    return this.#calls
  }

  handle(call: PlayedCall): PlayedAnswer {
    const trouble = this.#play.trouble?.[++this.#calls]
    if (trouble === 'too-many') {
      this.troubled.tooMany++
      return { status: 429, body: { message: 'Too many requests' }, retryAfter: 20 }
    }
    if (trouble) this.troubled.reset++
    if (trouble === 'reset-before') return 'reset'
    const answer = this.#answer(call)
    return trouble === 'reset-after' ? 'reset' : answer
  }

  #answer({ method, path, authorization, body }: PlayedCall): PlayedAnswer {
    const { pathname, searchParams } = new URL(path, 'http://manager')
    const given = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>> // each field is looked at
    if (pathname === '/v1/system/health') return { status: 200, body: { status: 'UP' } }
    if (pathname === '/v1/tokens') return this.#token(given)
    if (!this.#isKnown(authorization)) {
      this.troubled.token++
      return { status: 401, body: { message: 'The token is not valid' } }
    }
    this.#look()
    const route = `${method} ${pathname.replace(/^\/v1/, '')}`
    const domain = `/domains/${this.#play.domain.id}`
    if (route === `GET ${domain}`)
      return { status: 200, body: { id: this.#play.domain.id, version: this.#version, status: 'ACTIVE' } }
    if (route === 'GET /releases') return this.#releases(searchParams.get('versionEq'))
    if (route === 'GET /bundles') return this.#bundles(searchParams.get('releaseId'))
    if (route === `PATCH /releases${domain}`) return this.#target(given)
    const [, bundle] = /\/bundles\/([^/]+)$/.exec(route) ?? []
    if (bundle !== undefined) return method === 'PATCH' ? this.#download(bundle, given) : this.#bundle(bundle)
    if (route.startsWith(`POST ${domain}/upgrades`))
      return this.#post(route.slice(`POST ${domain}/upgrades`.length), given)
    if (route.startsWith(`GET ${domain}/upgrades`))
      return this.#get(route.slice(`GET ${domain}/upgrades`.length))
    return { status: 404, body: { message: `There is no ${route}` } }
  }

  #token({ password }: Readonly<Record<string, unknown>>): PlayedAnswer {
    if (password !== this.#play.password) return { status: 401, body: { message: 'Wrong password' } }
    const accessToken = randomUUID()
    this.#tokens.set(accessToken, this.#play.now() + this.#play.tokensHoldFor)
    return { status: 200, body: { accessToken, expiresIn: 3600 } }
  }

  #isKnown(authorization: string | undefined): boolean {
    const until = this.#tokens.get(authorization?.replace('Bearer ', '') ?? '')
    return until !== undefined && this.#play.now() < until
  }

  #releases(version: string | null): PlayedAnswer {
    const found = this.#play.releases.filter((release) => release === version)
    return { status: 200, body: { elements: found.map((one) => ({ id: releaseOf(one), version: one })) } }
  }

  #bundles(releaseId: string | null): PlayedAnswer {
    const found = this.#play.releases.filter((release) => releaseOf(release) === releaseId)
    return { status: 200, body: { elements: found.map((one) => ({ id: bundleOf(one) })) } }
  }

  #target({ releaseId, operation }: Readonly<Record<string, unknown>>): PlayedAnswer {
    if (operation !== 'TARGET' || typeof releaseId !== 'string')
      return { status: 400, body: { message: 'What?' } }
    this.targeted = releaseId
    return { status: 202, body: { status: 'ACCEPTED' } }
  }

  #download(bundle: string, { operation }: Readonly<Record<string, unknown>>): PlayedAnswer {
    if (operation !== 'DOWNLOAD') return { status: 400, body: { message: 'What?' } }
    this.begun.push('download')
    const fails = this.#failedDownloads < (this.#play.failingDownloads ?? 0)
    if (fails) this.#failedDownloads++
    this.#downloads.set(bundle, { endsAt: this.#play.now() + this.#play.takes.download, fails })
    return { status: 202, body: { id: bundle } }
  }

  #bundle(bundle: string): PlayedAnswer {
    const download = this.#downloads.get(bundle)
    const over = download && this.#play.now() >= download.endsAt
    const ended = download?.fails ? 'FAILED' : 'SUCCESSFUL'
    const downloadStatus = download ? (over ? ended : 'IN_PROGRESS') : 'PENDING'
    return { status: 200, body: { id: bundle, downloadStatus } }
  }

  #post(what: string, { releaseId, skipKnownHostCheck }: Readonly<Record<string, unknown>>): PlayedAnswer {
    if (what === '/acknowledge') {
      this.begun.push('acknowledge')
      this.#acknowledge()
      return { status: 202, body: {} }
    }
    if (typeof releaseId !== 'string' || releaseId !== this.targeted || skipKnownHostCheck !== false)
      return { status: 400, body: { message: 'Target that release first' } }
    const now = this.#play.now()
    if (what === '/precheck') {
      this.begun.push('precheck')
      const precheck = { id: randomUUID(), releaseId, endsAt: now + this.#play.takes.precheck }
      this.#prechecks.unshift(precheck)
      return { status: 202, body: { id: precheck.id } }
    }
    this.begun.push('upgrade')
    const upgrade = { id: randomUUID(), releaseId, since: now, done: 0, alerted: 0, alerts: [] }
    this.#upgrades.unshift(upgrade)
    return { status: 202, body: { id: upgrade.id } }
  }

  #get(what: string): PlayedAnswer {
    const prechecks = this.#prechecks.map((one) => this.#shownPrecheck(one))
    const upgrades = this.#upgrades.map((one) => this.#shownUpgrade(one))
    if (what === '') return { status: 200, body: { total: upgrades.length, elements: upgrades } }
    if (what === '/precheck') return { status: 200, body: { total: prechecks.length, elements: prechecks } }
    const found = [...prechecks, ...upgrades].find(({ id }) => what.endsWith(`/${id}`))
    return found ? { status: 200, body: found } : { status: 404, body: { message: 'There is none' } }
  }

  #shownPrecheck({ id, releaseId, endsAt }: Precheck) {
    const fails = this.#play.failingPrecheck === true
    const ended: Work = fails ? 'FAILED' : 'SUCCEEDED'
    const status: Work = this.#play.now() < endsAt ? 'IN_PROGRESS' : ended
    const errors =
      status === 'FAILED' ? [{ host: 'esxi-3', message: 'Datastore has 3 % of its space left' }] : []
    return { id, releaseId, status, errors }
  }

  #shownUpgrade({ id, releaseId, done, alerts }: Upgrade) {
    const ended: Work = this.#play.failingUpgrade ? 'FAILED' : 'COMPLETED'
    const status: Work = done >= 1 ? ended : 'IN_PROGRESS'
    return { id, releaseId, status, progress: Math.floor(done * 100), alerts }
  }

  /** Brings upgrades to where they are by now: each alert stops it, in equal parts of its way. */
  #look(): void {
    const { now, takes, alerts = 0, failingUpgrade } = this.#play
    for (const upgrade of this.#upgrades) {
      if (upgrade.alerts.length > 0 || upgrade.done >= 1) continue
      const reached = upgrade.done + (now() - upgrade.since) / takes.upgrade
      const stop = upgrade.alerted < alerts ? (upgrade.alerted + 1) / (alerts + 1) : 1
      upgrade.since = now()
      upgrade.done = Math.min(reached, stop)
      if (reached < stop) continue
      if (stop < 1) {
        upgrade.alerted++
        upgrade.alerts = [{ id: `alert-${upgrade.alerted}`, message: 'Host esxi-2 has left the cluster' }]
      } else if (!failingUpgrade) this.#version = upgrade.releaseId.replace('release-', '')
    }
  }

  #acknowledge(): void {
    for (const upgrade of this.#upgrades)
      if (upgrade.alerts.length > 0) Object.assign(upgrade, { alerts: [], since: this.#play.now() })
  }
}
