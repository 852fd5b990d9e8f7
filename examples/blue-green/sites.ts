import type { PlayedAnswer, PlayedCall } from '../server.ts'

const colours = ['blue', 'green'] as const
export type Colour = (typeof colours)[number]

/** A site: a version on each colour, null where there is none, and the colour that has the traffic. */
export interface Site {
  readonly versions: Record<Colour, string | null>
  live: Colour
}

/** How versions behave, for whom it is not well. */
export interface Behaviour {
  /** Sites at which the version says that it is unwell. */
  readonly unwell?: { readonly version: string; readonly sites: readonly string[] }
  /** Share of its requests that fail; where it is not named, a thousandth. */
  readonly errors?: Readonly<Record<string, number>>
}

const usualErrors = 0.001

const isColour = (text: unknown): text is Colour => colours.some((colour) => colour === text)
const otherThan = (colour: Colour): Colour => (colour === 'blue' ? 'green' : 'blue')
const answer = (status: number, body: unknown): PlayedAnswer => ({ status, body })
const refusal = (status: number, message: string) => answer(status, { message })

/**
 * The sites of a shop, with the balancer of each and what measures their errors. Every change says what it wants; what is so already is done,
 * and what would leave customers without a shop is refused.
 */
export class Sites {
  readonly #sites: ReadonlyMap<string, Site>
  #behaviour: Behaviour = {}
  /** What was changed, in order: each of it is to be there once. */
  readonly changes: string[] = []

  /** All sites run this version on blue, which has the traffic. */
  constructor(names: readonly string[], version: string) {
    this.#sites = new Map(
      names.map((name): [string, Site] => [name, { versions: { blue: version, green: null }, live: 'blue' }]),
    )
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour
  }

  /** Returns where each site stands, by its name. */
  get sites(): ReadonlyMap<string, Site> {
    return this.#sites
  }

  /** Returns what customers get at each site, in the order of their names. */
  get served(): readonly (string | null)[] {
    return [...this.#sites.values()].map(({ versions, live }) => versions[live])
  }

  handle({ method, path, body }: PlayedCall): PlayedAnswer {
    const { pathname, searchParams } = new URL(path, 'http://sites')
    if (method === 'GET' && pathname === '/errors') return this.#errors(searchParams)
    const [, root, name = '', what, colour, health] = pathname.split('/')
    const site = root === 'sites' ? this.#sites.get(name) : undefined
    if (!site) return refusal(404, 'No such site.')
    const given = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>> // each field is looked at
    switch (`${method} ${what ?? ''}`) {
      case 'GET ':
        return answer(200, this.#told(site))
      case 'GET shop':
        return this.#health(name, site.versions[site.live])
      case 'PUT traffic':
        return this.#switch(name, site, given)
      default:
        return what === 'colours' && isColour(colour)
          ? this.#colour(`${method} ${health ?? ''}`, name, site, colour, given)
          : refusal(404, 'No such thing.')
    }
  }

  #told({ versions, live }: Site) {
    const idle = otherThan(live)
    return { live, version: versions[live], idle, idleVersion: versions[idle] ?? '' }
  }

  #health(name: string, version: string | null): PlayedAnswer {
    if (version === null) return refusal(503, 'Nothing runs there.')
    const { unwell } = this.#behaviour
    const isUnwell = unwell?.version === version && unwell.sites.includes(name)
    return answer(200, { version, status: isUnwell ? 'unhealthy' : 'healthy' })
  }

  #colour(
    asked: string,
    name: string,
    site: Site,
    colour: Colour,
    { version }: Readonly<Record<string, unknown>>,
  ): PlayedAnswer {
    if (asked === 'GET health') return this.#health(name, site.versions[colour])
    const wanted = asked === 'PUT ' && typeof version === 'string' ? version : null
    if (wanted === null && asked !== 'DELETE ') return refusal(400, 'A version, or nothing at all.')
    if (site.versions[colour] !== wanted) {
      if (site.live === colour) return refusal(409, `${colour} has the traffic.`)
      site.versions[colour] = wanted
      this.changes.push(`${name} ${colour} ${wanted ?? 'away'}`)
    }
    return answer(200, this.#told(site))
  }

  #switch(name: string, site: Site, { from, to }: Readonly<Record<string, unknown>>): PlayedAnswer {
    if (!isColour(from) || !isColour(to)) return refusal(400, 'From one colour to the other.')
    if (site.live !== to) {
      if (site.live !== from) return refusal(409, `${site.live} has the traffic.`)
      if (site.versions[to] === null) return refusal(409, `Nothing runs on ${to}.`)
      site.live = to
      this.changes.push(`${name} traffic ${to}`)
    }
    return answer(200, this.#told(site))
  }

  /** Of one version wherever it has the traffic, or of some sites whatever they run. */
  #errors(query: URLSearchParams): PlayedAnswer {
    const names = query.get('sites')?.split('|')
    const rates = [...this.#sites].flatMap(([name, { versions, live }]) => {
      const version = versions[live]
      if (version === null || !(names?.includes(name) ?? version === query.get('version'))) return []
      return [this.#behaviour.errors?.[version] ?? usualErrors]
    })
    if (rates.length === 0) return refusal(404, 'Nobody was served by it.')
    return answer(200, { rate: rates.reduce((sum, rate) => sum + rate, 0) / rates.length })
  }
}
