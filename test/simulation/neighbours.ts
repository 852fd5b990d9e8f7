import { sha256 } from '../../events/canonical.ts'
import { type TargetEvent, targetEvents } from '../../events/target.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import type { Aggregate, Decision, DomainEvent } from '../../functions/domain/aggregate.ts'
import type { Rejection } from '../../functions/domain/rejection.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt } from '../../functions/domain/target/report.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { handOverFacts } from '../../functions/facts/hand-over.ts'
import { logOver } from '../../functions/log/append.ts'
import { declarations } from '../../infra/constructs/declarations.ts'
import { isOf } from '../../infra/constructs/triggers.ts'
import { laneOf } from './delivery.ts'
import { type Pace, World } from './world.ts'

/** Shards with which the stream of a new on-demand table begins (AWS), and records of a batch, as the mapping has it. */
const [shards, largest] = [4, 100]

function lanesOf(name: 'projector' | 'reactor'): number {
  const { runsOn } = declarations[name]
  if (!isOf(runsOn, 'commit')) throw new Error(`${name} does not read the log.`)
  return shards * runsOn.lanes
}

/** As it is deployed: the lanes of the template, requests of 5 ms, and a record is a quarter of a second on its way. */
const deployed: Pace = {
  requestSeconds: 0.005,
  exposure: { targets: 1_000_000, percent: 100 },
  projector: { lanes: lanesOf('projector'), largest, seconds: 0.25 },
  reactor: { lanes: lanesOf('reactor'), largest, seconds: 0.25 },
}

/** A number in [0, 1) that belongs to a name, whatever else happens. */
function shareOf(name: string): number {
  return Number.parseInt(sha256(name).slice(0, 8), 16) / 0x1_0000_0000
}

const request = (component: string, parallel: number): UpgradeRequest => ({
  ...{ kind: 'deploy', parent: null, component, version: '1.1.0', strategy: 'batch', canaryPercent: null },
  batchSize: parallel,
  selection: { targets: null, types: null, regions: null, tags: null, canaries: [] },
  parallel,
  failures: { percent: 10, absolute: null, action: 'pause' },
  budget: null,
  unreachable: { percent: 10, absolute: null },
  approvals: { required: 0, approvers: null, expiresInSeconds: 3600 },
  ...{ continueByHand: false, continueBySecondPerson: false, window: null, bakeSeconds: 0, gate: null },
  retry: { attempts: 0, delaySeconds: 60 },
  calendars: [],
  deadlines: { accept: 3600, attempt: 3600, expected: 120, continue: 86_400, linger: 86_400 },
  ...{ breakGlass: false, reason: null },
})

/** Two upgrades in one world, of which one is looked at. */
class Neighbours {
  readonly world = new World(1, deployed)

  constructor() {
    this.world.faults.on = false
    this.world.onCommit(({ stream, events }) => {
      for (const { type, schema, data } of events) {
        if (type !== 'AttemptAssigned') continue
        const event = targetEvents.decode(type, schema, JSON.parse(data))
        if (event.type === 'AttemptAssigned') this.#hear(stream.slice('target#'.length), event.data)
      }
    })
  }

  /** Registers a component with its release, and so many targets: at once, as that is not what is looked at. */
  async register(component: string, size: number): Promise<void> {
    const log = logOver(this.world.store, { now: () => this.world.clock.now() })
    const tell = async <State, Event extends DomainEvent>(
      aggregate: Aggregate<State, Event>,
      id: string,
      decide: (state: State, now: string) => Decision<Event, Rejection>,
    ) => log.execute(aggregate, id, decide, { actor: 'alice', correlation: 'fleet' })
    for (const [place, version] of ['1.0.0', '1.1.0'].entries()) {
      const release = { component, version, channel: 'stable', digest: `sha256:${version}`, notes: null }
      const registered = registerRelease({ ...release, scheme: 'semver', number: place + 1 })
      await tell(releaseAggregate, `${component}@${version}`, registered)
    }
    const facts = { type: 'node', region: 'eu', tags: {}, critical: false, namespace: null, gateway: null }
    for (let place = 0; place < size; place++) {
      const registered = registerTarget({ facts, components: { [component]: '1.0.0' }, enrolment: null })
      await tell(targetAggregate, `${component}-${place}`, registered)
    }
  }

  async deploy(id: string, component: string, parallel: number): Promise<void> {
    const decision = requestUpgrade({ request: request(component, parallel), by: 'alice' })
    const cause = { actor: 'alice', correlation: id }
    await this.world.services().log.execute(upgradeAggregate, id, decision, cause)
  }

  /** An agent asks within a minute, five times as often as it is told, and is done after one or two: how long exactly follows from its name. */
  #hear(target: string, { attempt, to }: Extract<TargetEvent, { type: 'AttemptAssigned' }>['data']): void {
    const { clock } = this.world
    const cause = { actor: `target:${target}`, correlation: target }
    const accept = async () => {
      const { log, ...others } = this.world.services()
      const from = await log.load(targetAggregate, target)
      const facts =
        from.state.active && (await handOverFacts({ log, ...others }, from.state.active, from.state.licence))
      const accepted = acceptAttempt({ attempt, ...(facts && { facts }) })
      await log.execute(targetAggregate, target, accepted, cause, { from })
      clock.after(60 * (1 + shareOf(`${target} works`)), () => this.world.begin(target, finish))
    }
    const finish = async () => {
      const report = {
        attempt,
        status: 'completed',
        version: to,
        code: null,
        retryable: false,
        output: null,
      } as const
      await this.world.services().log.execute(targetAggregate, target, finishAttempt(report), cause)
    }
    clock.after(60 * shareOf(`${target} asks`), () => this.world.begin(target, accept))
  }
}

/** Returns the name of an upgrade whose commits are delivered in the same lane as those of another, so that nothing is between the two. */
function besides(other: string): string {
  const lane = (id: string) => laneOf(`upgrade#${id}`, deployed.reactor.lanes)
  for (let number = 0; ; number++) if (lane(`quiet-${number}`) === lane(other)) return `quiet-${number}`
}

/**
 * Returns how many simulated seconds an upgrade of ten targets takes from its request to its end, while another of so many goes on, which may do
 * as much at once as can be asked for, and has just admitted its first.
 */
export async function secondsBeside(noisy: number): Promise<number> {
  const { random } = Math
  // The local engine spreads retries by it.
  Math.random = () => 0.5
  const neighbours = new Neighbours()
  const { world } = neighbours
  try {
    await neighbours.register('quiet', 10)
    if (noisy > 0) await neighbours.register('noisy', noisy)
    await world.run(86_400, () => world.idle)
    let [isAdmitted, began, ended] = [noisy === 0, 0, 0]
    const id = besides('noisy')
    world.onCommit(({ stream, events }) => {
      const has = (type: string) => events.some((event) => event.type === type)
      if (stream === 'upgrade#noisy' && has('TargetsAdmitted')) isAdmitted = true
      if (stream === `upgrade#${id}` && has('UpgradeCompleted')) ended = world.clock.now()
    })
    if (noisy > 0) world.begin('noisy', () => neighbours.deploy('noisy', 'noisy', 10_000))
    await world.run(86_400, () => isAdmitted)
    began = world.clock.now()
    world.begin('quiet', () => neighbours.deploy(id, 'quiet', 5))
    await world.run(86_400, () => ended > 0)
    if (ended === 0) throw new Error(`The upgrade has not ended:\n${world.story.slice(-20).join('\n')}`)
    return (ended - began) / 1000
  } finally {
    Math.random = random
    await world.machine.engine.stop()
  }
}
