import { createHash } from 'node:crypto'
import { type NodePlan, type NodeType, type ServiceName, servicesOf } from './layout.ts'
import { type Answer, type Illness, Service, Wrong } from './service.ts'

/** What goes wrong on a node, as the example is told to show it. */
export interface NodeFault {
  /** Its instances do not leave by themselves. */
  readonly neverDrains?: boolean
  /** How one of its services is with the new version: from its first start on, or once a call of another one was carried out. */
  readonly ill?: {
    readonly service: ServiceName
    readonly as: Exclude<Illness, null>
    readonly after?: `${ServiceName}/${string}`
  }
  /** It dies over this call, before anything of it is done. */
  readonly diesAt?: string
}

/** What a node says of itself to whoever looks after the example. */
export interface NodeReport {
  readonly name: string
  readonly type: NodeType
  readonly alive: boolean
  readonly scheduling: string
  readonly instances: number
  readonly services: readonly {
    readonly name: ServiceName
    readonly version: string
    readonly runs: boolean
    /** SHA-256 of the configuration, in hex. */
    readonly configuration: string
    /** How often each call was carried out. */
    readonly done: Readonly<Record<string, number>>
  }[]
}

/** Where instances go that leave a node. */
export type MoveInstance = (instance: string, from: PlatformNode) => boolean

/** One node: its services, and the customers' instances that run on it. */
export class PlatformNode {
  readonly name: string
  readonly type: NodeType
  readonly services: readonly Service[]
  readonly instances = new Set<string>()
  alive = true
  #scheduling: 'enabled' | 'disabled' = 'enabled'
  readonly #fault: NodeFault
  readonly #move: MoveInstance
  readonly #leavesAfter: number
  readonly #kept: { readonly service: Service; readonly configuration: Buffer }[][] = []
  #died = false

  /** `leavesAfter` is how long an instance takes to leave, in milliseconds of the wall. */
  constructor(
    { name, type }: NodePlan,
    { fault = {}, leavesAfter, move }: { fault?: NodeFault; leavesAfter: number; move: MoveInstance },
  ) {
    this.name = name
    this.type = type
    this.services = servicesOf[type].map((service) => new Service(service))
    this.#fault = fault
    this.#leavesAfter = leavesAfter
    this.#move = move
    if (fault.ill?.after === undefined) this.#fallIll()
  }

  #fallIll(): void {
    const { ill } = this.#fault
    for (const service of this.services) if (service.name === ill?.service) service.illness = ill.as
  }

  /** Does it take instances? */
  get isEnabled(): boolean {
    return this.alive && this.#scheduling === 'enabled'
  }

  /** Carries out one call: `operator/health`, `drain`. Undefined: the node is dead, and answers nothing. Throws Wrong. */
  call([first = '', second = '']: readonly string[], body: Answer): Answer | undefined {
    if (this.#fault.diesAt === second && !this.#died) {
      this.#died = true
      this.alive = false
    }
    if (!this.alive) return undefined
    const service = this.services.find(({ name }) => name === first)
    if (service) {
      const answer = service.call(second, body)
      if (this.#fault.ill?.after === `${service.name}/${second}`) this.#fallIll()
      return answer
    }
    switch (first) {
      case 'node':
        return { name: this.name, scheduling: this.#scheduling, active_instances: this.instances.size }
      case 'drain':
        return this.#drain(body.force === true)
      case 'scheduling':
        return this.#schedule(String(body.scheduling))
      case 'configuration':
        return second === 'backup' ? this.#backUp() : this.#restore(String(body.from))
      default:
        throw new Wrong(404, `A node does not know ${first}.`)
    }
  }

  report(): NodeReport {
    const services = this.services.map(({ name, version, runs, configuration, done }) => ({
      ...{ name, version, runs, done: { ...done } },
      configuration: createHash('sha256').update(configuration).digest('hex'),
    }))
    const { name, type, alive } = this
    return { name, type, alive, scheduling: this.#scheduling, instances: this.instances.size, services }
  }

  #drain(force: boolean): Answer {
    this.#scheduling = 'disabled'
    if (force) while (this.#leave());
    else if (!this.#fault.neverDrains) this.#leaveOneByOne()
    return { active_instances: this.instances.size }
  }

  /** Lets one instance leave; false where there is none, or nowhere to go. */
  #leave(): boolean {
    const [instance] = this.instances
    if (instance === undefined || !this.#move(instance, this)) return false
    this.instances.delete(instance)
    return true
  }

  #leaveOneByOne(): void {
    setTimeout(() => {
      if (this.#scheduling === 'enabled' || !this.alive) return
      if (this.instances.size > 0) this.#leave()
      if (this.instances.size > 0) this.#leaveOneByOne()
    }, this.#leavesAfter)
  }

  #schedule(scheduling: string): Answer {
    if (scheduling !== 'enabled' && scheduling !== 'disabled')
      throw new Wrong(400, 'scheduling is enabled or disabled')
    this.#scheduling = scheduling
    return { scheduling }
  }

  #backUp(): Answer {
    const kept = this.services.map((service) => ({ service, configuration: service.configuration }))
    this.#kept.push(kept)
    const bytes = kept.reduce((sum, { configuration }) => sum + configuration.length, 0)
    return { path: `/var/backups/configuration/${this.#kept.length}`, bytes }
  }

  #restore(path: string): Answer {
    const kept = this.#kept[Number(path.split('/').at(-1)) - 1]
    if (!kept) throw new Wrong(404, `There is no backup ${path}.`)
    for (const { service, configuration } of kept) service.configuration = configuration
    return { path }
  }
}
