import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Certified, certify } from '../../infra/local/certificates.ts'
import type { RegionPlan } from './layout.ts'
import { type NodeFault, type NodeReport, PlatformNode } from './node.ts'
import { answering } from './process.ts'
import { type Answer, Wrong } from './service.ts'

/** What the process of a region is told first. */
export interface RegionBegin {
  readonly plan: RegionPlan
  readonly faults: Readonly<Record<string, NodeFault>>
  /** How long an instance takes to leave a node, in milliseconds of the wall. */
  readonly leavesAfter: number
}

/** Where a region is reached. */
export interface RegionPlaces {
  readonly url: string
  /** By the name of a node: where its edge proxy is, and by whose word it is the one. */
  readonly edges: Readonly<Record<string, { readonly url: string; readonly ca: string }>>
}

/** One call that was carried out, with the instant of the wall in milliseconds. */
export interface Entry {
  readonly at: number
  readonly node: string
  readonly call: string
}

/** What has happened in a region, and how it is now. */
export interface RegionReport {
  readonly nodes: readonly NodeReport[]
  readonly deployments: readonly Deployment[]
  readonly journal: readonly Entry[]
}

/** What a customer runs. */
interface Deployment {
  readonly id: string
  readonly status: string
}

export type RegionAsk =
  | { readonly ask: 'begin'; readonly begin: RegionBegin }
  | { readonly ask: 'report' }
  | { readonly ask: 'cut'; readonly cut: boolean }
  | { readonly ask: 'power'; readonly node: string }

/** So many instances run on each worker, of one customer each. */
const instancesEach = 3

/** Returns a body as JSON. */
async function bodyOf(request: IncomingMessage): Promise<Answer> {
  const text = Buffer.concat(await Array.fromAsync(request)).toString()
  return text === '' ? {} : JSON.parse(text)
}

class Region {
  readonly #nodes: readonly PlatformNode[]
  readonly #journal: Entry[] = []
  readonly #servers: { readonly server: Server; port: number }[] = []

  constructor({ plan, faults, leavesAfter }: RegionBegin) {
    const move = (instance: string, from: PlatformNode) => this.#move(instance, from)
    this.#nodes = plan.nodes.map((node) => {
      const fault = faults[node.name]
      return new PlatformNode(node, { leavesAfter, move, ...(fault && { fault }) })
    })
    for (const { name, instances } of this.#workers)
      for (let number = 1; number <= instancesEach; number++) instances.add(`app-${number}/${name}`)
  }

  get #workers(): PlatformNode[] {
    return this.#nodes.filter(({ type }) => type === 'worker-node')
  }

  /** Gives an instance to the worker that has the fewest. */
  #move(instance: string, from: PlatformNode): boolean {
    const [to] = this.#workers
      .filter((node) => node !== from && node.isEnabled)
      .sort((left, right) => left.instances.size - right.instances.size)
    to?.instances.add(instance)
    return to !== undefined
  }

  /** Listens: one port for all nodes, and one of its own for the edge proxy of each. */
  async open(): Promise<RegionPlaces> {
    const plain = createServer(this.#listener())
    const url = `http://127.0.0.1:${await this.#listen(plain)}`
    const edges: Record<string, { url: string; ca: string }> = {}
    for (const { name, type } of this.#nodes) {
      if (type !== 'operator-node') continue
      const authority: Certified = certify(`${name} authority`)
      const { key, cert } = certify(name, { by: authority, addresses: ['127.0.0.1'] })
      const port = await this.#listen(createSecureServer({ key, cert }, this.#listener()))
      edges[name] = { url: `https://127.0.0.1:${port}/${name}`, ca: authority.cert }
    }
    return { url, edges }
  }

  async #listen(server: Server): Promise<number> {
    const place = { server, port: 0 }
    this.#servers.push(place)
    await this.#resume(place)
    return place.port
  }

  #resume(place: { readonly server: Server; port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      place.server.once('error', reject)
      place.server.listen(place.port, '127.0.0.1', () => {
        place.port = (place.server.address() as AddressInfo).port // a listening TCP server has an AddressInfo
        resolve()
      })
    })
  }

  /** Cuts the region off, or connects it again where it was. */
  async cut(cut: boolean): Promise<void> {
    if (!cut) for (const place of this.#servers) await this.#resume(place)
    else
      for (const { server } of this.#servers) {
        server.close()
        server.closeAllConnections()
      }
  }

  #listener(): RequestListener {
    return async (request, response) => {
      const [, name = '', ...call] = (request.url ?? '').split('/')
      const say = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      try {
        if (name === 'applications') return say(...this.#served(call[0]))
        const body = await bodyOf(request)
        const node = this.#nodes.find((one) => one.name === name)
        const answer = name === 'deployments' ? { deployments: this.deployments } : node?.call(call, body)
        if (!node && !answer) return say(404, { error: `There is no node ${name}.` })
        // A node that is dead says nothing, not even that.
        if (!answer) return request.socket.destroy()
        if (request.method === 'POST')
          this.#journal.push({ at: Date.now(), node: name, call: call.join('/') })
        return say(200, answer)
      } catch (error) {
        if (error instanceof Wrong) return say(error.status, { error: error.message, status: 'failing' })
        return say(400, { error: String(error) })
      }
    }
  }

  /** What a customer's own users meet. */
  #served(application: string | undefined): [status: number, body: object] {
    const found = this.deployments.find(({ id }) => id === application)
    return [found?.status === 'healthy' ? 200 : 503, { ...found }]
  }

  /** Customers are served while an instance of theirs runs on a node that lives. */
  get deployments(): Deployment[] {
    const running = this.#workers.flatMap(({ alive, instances }) => (alive ? [...instances] : []))
    return Array.from({ length: instancesEach }, (_, place) => {
      const id = `app-${place + 1}`
      const served = running.some((instance) => instance.startsWith(`${id}/`))
      return { id, status: served ? 'healthy' : 'unavailable' }
    })
  }

  report(): RegionReport {
    const { deployments } = this
    return { nodes: this.#nodes.map((node) => node.report()), deployments, journal: [...this.#journal] }
  }

  power(name: string): void {
    const node = this.#nodes.find((one) => one.name === name)
    if (node) node.alive = true
  }
}

let region: Region | undefined

answering<RegionAsk>(async (asked) => {
  if (asked.ask === 'begin') {
    region = new Region(asked.begin)
    return region.open()
  }
  if (asked.ask === 'cut') await region?.cut(asked.cut)
  if (asked.ask === 'power') region?.power(asked.node)
  return region?.report()
})
