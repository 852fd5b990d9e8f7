import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseAsk, DatabaseBegin, DatabaseReport } from './database.ts'
import { layoutOf, type Size } from './layout.ts'
import type { NodeFault, NodeReport } from './node.ts'
import { type Asked, startProcess } from './process.ts'
import type { RegionAsk, RegionPlaces, RegionReport } from './region.ts'

/** A process of a region, and where its nodes are reached. */
interface RunningRegion {
  readonly name: string
  readonly asked: Asked<RegionAsk>
  readonly places: RegionPlaces
}

/** What all servers say of themselves, past the network. */
export interface PlatformReport {
  readonly nodes: readonly (NodeReport & { readonly region: string })[]
  readonly applications: readonly { readonly region: string; readonly id: string; readonly status: string }[]
  readonly database: DatabaseReport
  /** What was done, in the order in which it was. */
  readonly journal: readonly { readonly at: number; readonly node: string; readonly call: string }[]
}

/** How the servers are started. */
export interface ServersOptions {
  readonly size: Size
  readonly speed: number
  readonly data: string
  /** By the name of a node. */
  readonly faults: Readonly<Record<string, NodeFault>>
  readonly schema: string
}

/** In seconds of the fast clock: an instance is moved to another node. */
const instanceLeavesIn = 8

/** The servers of the platform: a process a region, and one of the database. */
export class Servers {
  readonly regions: readonly RunningRegion[]
  readonly database: { readonly asked: Asked<DatabaseAsk>; readonly url: string }

  private constructor(regions: readonly RunningRegion[], database: Servers['database']) {
    this.regions = regions
    this.database = database
  }

  static async start({ size, speed, data, faults, schema }: ServersOptions): Promise<Servers> {
    const leavesAfter = (instanceLeavesIn * 1000) / speed
    const directory = join(data, 'database')
    mkdirSync(directory)
    const asked = startProcess<DatabaseAsk>('./database.ts')
    const begin: DatabaseBegin = { directory, version: schema }
    const starting = layoutOf(size).map(async (plan): Promise<RunningRegion> => {
      const region = startProcess<RegionAsk>('./region.ts')
      const places = await region.ask<RegionPlaces>({ ask: 'begin', begin: { plan, faults, leavesAfter } })
      return { name: plan.name, asked: region, places }
    })
    const url = await asked.ask<string>({ ask: 'begin', begin })
    return new Servers(await Promise.all(starting), { asked, url })
  }

  /** What Drydock may call, as its deployment is told. */
  get outbound(): string {
    const edges = this.#edges.map(({ url }) => new URL(url).host)
    return [this.database.url, ...this.regions.map(({ places }) => places.url), ...edges].join(',')
  }

  /** What users of customers call: of one customer in each region. */
  get domains(): string[] {
    return this.regions.map(({ places }) => `${places.url}/applications/app-1`)
  }

  /** The authorities of all nodes, as PEM. */
  get authorities(): string {
    return this.#edges.map(({ ca }) => ca).join('')
  }

  get #edges() {
    return this.regions.flatMap(({ places }) => Object.values(places.edges))
  }

  async report(): Promise<PlatformReport> {
    const database = await this.database.asked.ask<DatabaseReport>({ ask: 'report' })
    const regions = await Promise.all(
      this.regions.map(async ({ name, asked }) => ({
        name,
        report: await asked.ask<RegionReport>({ ask: 'report' }),
      })),
    )
    const ofDatabase = database.journal.map(({ at, call }) => ({ at, node: 'database', call }))
    return {
      database,
      nodes: regions.flatMap(({ name, report }) => report.nodes.map((node) => ({ ...node, region: name }))),
      applications: regions.flatMap(({ name, report }) =>
        report.deployments.map((one) => ({ ...one, region: name })),
      ),
      journal: [...regions.flatMap(({ report }) => report.journal), ...ofDatabase].sort(
        (left, right) => left.at - right.at,
      ),
    }
  }

  /** Cuts a region off from everybody, or connects it again. */
  async cut(region: string, cut: boolean): Promise<void> {
    await this.regions.find(({ name }) => name === region)?.asked.ask({ ask: 'cut', cut })
  }

  /** Switches a node on again that has died. */
  async power(node: string): Promise<void> {
    await Promise.all(this.regions.map(({ asked }) => asked.ask({ ask: 'power', node })))
  }

  end(): void {
    for (const { asked } of this.regions) asked.process.kill('SIGTERM')
    this.database.asked.process.kill('SIGTERM')
  }
}
