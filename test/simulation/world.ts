import type { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { type Commit, fromImage } from '../../events/envelope.ts'
import type { Connections } from '../../functions/connections.ts'
import type { ExposureLimit } from '../../functions/domain/plan/exposure.ts'
import { writeHeads } from '../../functions/heads/write-heads.ts'
import { logOver } from '../../functions/log/append.ts'
import { streamHeads } from '../../functions/log/heads.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import { WarmFolds } from '../../functions/log/warm-folds.ts'
import { duties } from '../../functions/reactor/duties.ts'
import { judgeOpening } from '../../functions/reactor/profiles/open-window.ts'
import { goRound } from '../../functions/reactor/reconcile.ts'
import { repeat } from '../../functions/reactor/repeat.ts'
import { retryParked } from '../../functions/reactor/retry-parked.ts'
import { runDuties } from '../../functions/reactor/run.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { OnTheirOwn } from '../../functions/side-by-side.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { openRunner } from '../../functions/views/runner.ts'
import { openExecutions } from '../../functions/work/executions.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { openProcedureMachines } from '../../functions/work/procedure-machines.ts'
import { memoryProgress } from '../../functions/work/progress.ts'
import { memoryPublished } from '../../functions/work/published.ts'
import { openRedemption } from '../../functions/work/redemption.ts'
import { memoryRepeats } from '../../functions/work/repeats.ts'
import { memoryTelemetry } from '../../functions/work/telemetry.ts'
import type { StoredToken } from '../../functions/work/tokens.ts'
import { noteEnd } from '../../functions/workflow/execution-ended.ts'
import { noteEndOfProcedure } from '../../functions/workflow/procedure/execution-ended.ts'
import { type ProcedureServices, runProcedure } from '../../functions/workflow/procedure/procedure.ts'
import { moveRollout } from '../../functions/workflow/rollout/moves.ts'
import { rolloutWorkflow } from '../../functions/workflow/rollout/rollout.ts'
import { moveUpgrade } from '../../functions/workflow/upgrade/moves.ts'
import { upgradeWorkflow } from '../../functions/workflow/upgrade/upgrade.ts'
import { beginWait } from '../../functions/workflow/waits.ts'
import { memorySigner, memoryVault } from '../heads/memory-vault.ts'
import { SimulatedClock } from './clock.ts'
import { Delivery, type Lanes } from './delivery.ts'
import { Faults, passing, redemptionThrough, storeThrough, tokensThrough, viewsThrough } from './faults.ts'
import { openMachine, type StatusChange } from './machine.ts'
import { Nodes } from './nodes.ts'
import { died, Process } from './process.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { Outputs } from './secrets.ts'
import { Turns } from './turns.ts'

export type Services = Omit<
  Connections,
  | 'roleClaim'
  | 'metricsNamespace'
  | 'outbound'
  | 'uncallable'
  | 'probes'
  | 'secrets'
  | 'helm'
  | 'commands'
  | 'cloudWatch'
  | 'webhooks'
  | 'callbacks'
  | 'messages'
  | 'inbox'
  | 'mail'
  | 'apiUrl'
  | 'issuer'
  | 'signIn'
  | 'browserFiles'
>

/** How fast everything is, where that is what is looked at. */
export interface Pace {
  /** How long each request to a store or a service takes. */
  readonly requestSeconds: number
  /** How much one person may expose at once. */
  readonly exposure: ExposureLimit
  readonly projector: Lanes
  readonly reactor: Lanes
}

/** The whole system in one process: the deployed code over memory, with everything around it that can go wrong. */
export class World {
  readonly random: Random
  readonly clock = new SimulatedClock()
  readonly turns: Turns
  readonly faults: Faults
  /** What procedures call. */
  readonly nodes: Nodes
  readonly store = memoryStore()
  readonly viewStore = memoryViewStore()
  readonly parked = memoryParked(() => this.clock.now())
  readonly repeats = memoryRepeats(() => this.clock.now())
  readonly published = memoryPublished()
  readonly progress = memoryProgress()
  readonly telemetry = memoryTelemetry(() => this.clock.now())
  readonly vault = memoryVault()
  readonly signer = memorySigner()
  readonly assignmentSigner = memorySigner()
  readonly tokens = new Map<string, StoredToken>()
  /** Every token that the machine has given out. */
  readonly issuedTokens = new Set<string>()
  readonly outputs = new Outputs()
  readonly machine
  readonly scheduler: Scheduler
  /** Ids of the upgrades in the log, of the profiles, and of the rollouts. */
  readonly upgrades = new Set<string>()
  readonly profiles = new Set<string>()
  readonly rollouts = new Set<string>()
  readonly commits: Commit[] = []
  readonly story: string[] = []
  readonly #deliveries: readonly Delivery[]
  readonly #listeners: ((commit: Commit) => void)[] = []
  readonly #givenUp = new Set<string>()
  #projectsAgainAt = 0
  #commitIds = 0
  #invocations = 0
  /** What the instances of functions keep from one invocation to another: each knows what the others have overtaken. */
  readonly #instances = [100_000, 100_000, 10_000].map((bytes) => new WarmFolds(bytes))
  #underWay = 0
  /** As small as the fleets are. */
  readonly #exposure: ExposureLimit

  /** With a pace nothing is left to chance: every request takes as long, and what is done daily is not done. */
  constructor(seed: number, pace?: Pace) {
    this.random = new Random(seed)
    this.turns = new Turns(this.random, this.clock, pace?.requestSeconds)
    this.#exposure = pace?.exposure ?? { targets: 5, percent: 60 }
    this.faults = new Faults(this.random)
    this.nodes = new Nodes(this.random, this.faults)
    this.machine = openMachine({
      clock: this.clock,
      invoke: (name, payload) => this.#invoke(name, payload),
      emit: (event) => this.#announce(event),
    })
    const parts = { clock: this.clock, random: this.random, faults: this.faults }
    this.scheduler = new Scheduler({
      ...{ ...parts, turns: this.turns, tell: (words) => this.tell(words) },
      fire: (input) => this.#fire(input),
    })
    this.#deliveries = [
      new Delivery({ ...parts, lanes: pace?.reactor, consumer: (batch) => this.#react(batch) }),
      new Delivery({ ...parts, lanes: pace?.projector, consumer: (batch) => this.#project(batch) }),
    ]
    this.store.subscribe(({ dynamodb }) => this.#written(fromImage(dynamodb?.NewImage)))
    this.#everyMinute()
    if (pace) return
    this.#reconcileNowAndThen()
    this.#writeHeadsNowAndThen()
  }

  get iso(): string {
    return new Date(this.clock.now()).toISOString()
  }

  /** Notes something in the story of this seed. */
  tell(words: string): void {
    this.story.push(`${this.iso} ${words}`)
  }

  onCommit(listener: (commit: Commit) => void): void {
    this.#listeners.push(listener)
  }

  /** Nothing is on its way any more. */
  get idle(): boolean {
    return this.#underWay === 0 && this.#deliveries.every(({ idle }) => idle)
  }

  /** Lets the world go on for so many seconds, or until `over` says so. */
  async run(seconds: number, over: () => boolean = () => false): Promise<void> {
    const end = this.clock.now() + seconds * 1000
    let passed = false
    this.clock.at(end, () => {
      passed = true
    })
    await this.turns.run(() => passed || over())
  }

  /** Returns what a process reaches. */
  services(process = new Process()): Services {
    const { turns, faults, clock } = this
    const between = { process, turns, faults }
    const now = () => clock.now()
    const stepFunctions = this.machine.client(process, async () => {
      await turns.take(faults.on)
      if (faults.happens(0.01)) throw passing('Step Functions did not answer')
    })
    const viewStore = viewsThrough(this.viewStore, between)
    return {
      unsignedReleases: 'allowed',
      agentDomain: '',
      log: logOver(storeThrough(this.store, between), {
        now,
        random: () => this.random.next(),
        warm: this.#instances[this.#invocations++ % this.#instances.length] ?? new WarmFolds(0),
        newId: () => `commit-${++this.#commitIds}`,
        pause: (milliseconds) => new Promise<void>((resolve) => clock.after(milliseconds / 1000, resolve)),
      }),
      viewStore,
      views: viewsOver(viewStore, now),
      tokens: tokensThrough(this.tokens, between),
      redemption: redemptionThrough(openRedemption(stepFunctions), between),
      telemetry: this.telemetry,
      parked: this.parked,
      streamHeads: streamHeads(storeThrough(this.store, between)),
      vault: {
        newest: () => this.vault.newest(),
        numbered: (number) => this.vault.numbered(number),
        keep: (document) => process.write(() => this.vault.keep(document)),
      },
      keptHeads: this.vault,
      signer: this.signer,
      assignmentSigner: this.assignmentSigner,
      assignmentKey: async () => {
        const { key, keyId } = this.assignmentSigner
        return { keyId, publicKey: key.export({ format: 'pem', type: 'spki' }).toString() }
      },
      repeats: this.repeats,
      published: this.published,
      progress: {
        read: () => this.progress.read(),
        note: (body, writes) => process.write(() => this.progress.note(body, writes)),
      },
      deadLetters: { queues: ['reactor'], count: async () => this.#givenUp.size },
      windowSchedules: this.scheduler.through(process),
      bus: { client: this.#bus(), name: 'drydock' },
      upgradeExecutions: openExecutions({ client: stepFunctions, machineArn: this.machine.upgrade }),
      rolloutExecutions: openExecutions({ client: stepFunctions, machineArn: this.machine.rollout }),
      procedureMachines: openProcedureMachines(stepFunctions, this.machine.procedures),
      exposure: this.#exposure,
      now,
    }
  }

  /** Does something that nobody waits for. An error that is none of a service is the system's own fault. */
  begin(what: string, work: () => Promise<unknown>): void {
    this.#underWay++
    work()
      .catch((error: unknown) => {
        this.tell(`${what}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`)
      })
      .finally(() => {
        this.#underWay--
      })
  }

  #bus(): EventBridgeClient {
    const send = async ({ input }: { input: { Entries?: readonly unknown[] } }) => {
      this.outputs.put(input)
      return { FailedEntryCount: this.faults.happens(0.03) ? 1 : 0, Entries: input.Entries }
    }
    return { send } as unknown as EventBridgeClient // the duty calls nothing but `send`
  }

  #written(commit: Commit): void {
    this.commits.push(commit)
    this.tell(
      `${commit.stream}@${commit.commit} by ${commit.actor}: ${commit.events.map(({ type, data }) => `${type} ${data.length < 160 ? data : `${data.slice(0, 120)}…`}`).join('; ')}`,
    )
    const [aggregate, id = ''] = commit.stream.split('#')
    if (aggregate === 'upgrade') this.upgrades.add(id)
    if (aggregate === 'profile') this.profiles.add(id)
    if (aggregate === 'rollout') this.rollouts.add(id)
    for (const delivery of this.#deliveries) delivery.put(commit)
    for (const listener of this.#listeners) listener(commit)
  }

  async #react(batch: readonly Commit[]): Promise<number | typeof died> {
    const process = new Process(this.faults.lifetime(0.08))
    const heard = batch.filter((commit) => !this.#isGivenUp(commit))
    const again = await process.live(() => runDuties(heard, duties, this.services(process)))
    if (again === died) return died
    const first = batch.findIndex(({ stream }) => again.has(stream))
    return first === -1 ? batch.length : first
  }

  /**
   * A record that came again and again is given up: whoever was to hear of it never does. What the audit wants to be heard within minutes is none
   * of them.
   */
  #isGivenUp({ stream, commit, events }: Commit): boolean {
    if (events.some(({ type }) => type === 'AttemptRegressed')) return false
    const name = `${stream}@${commit}`
    if (!this.#givenUp.has(name)) {
      if (!this.faults.happens(0.04)) return false
      this.tell(`the reactor gives up ${name}`)
      this.#givenUp.add(name)
    }
    return true
  }

  async #project(batch: readonly Commit[]): Promise<number | typeof died> {
    if (this.faults.on && this.clock.now() < this.#projectsAgainAt) return died
    const process = new Process(this.faults.lifetime(0.08))
    const { log, viewStore: store, parked, now } = this.services(process)
    const postponed = await process.live(() => openRunner({ store, log, parked, now }).project(batch))
    if (postponed === died) return died
    const streams = new Set(postponed.map(({ stream }) => stream))
    const first = batch.findIndex(({ stream }) => streams.has(stream))
    return first === -1 ? batch.length : first
  }

  async #invoke(name: string, payload: unknown): Promise<unknown> {
    const { token } = payload as { token?: string } // as the state machine hands it on
    if (token !== undefined) this.issuedTokens.add(token)
    const process = new Process(this.faults.lifetime(0.05))
    const services = this.services(process)
    const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
      advance: () => moveUpgrade(services, payload),
      await: () => beginWait(upgradeWorkflow, services, payload),
      'advance-rollout': () => moveRollout(services, payload),
      'await-rollout': () => beginWait(rolloutWorkflow, services, payload),
      step: () => runProcedure(this.#stepServices(process, services), payload),
    }
    const work = tasks[name]
    if (!work) throw new Error(`No task is called ${name}.`)
    const result = await process.live(work)
    if (result === died) throw Object.assign(new Error('The function died.'), { name: 'Lambda.Unknown' })
    if (name === 'advance') this.outputs.put(result)
    return result
  }

  #stepServices(process: Process, services: Services): ProcedureServices {
    return {
      ...services,
      outbound: this.nodes.through({ process, turns: this.turns }),
      secrets: { read: async () => ({ kind: 'unavailable', why: 'There are no secrets here.' }) },
      random: () => this.random.next(),
    }
  }

  /** The rule on changes of status: at least once, a while later. */
  #announce(event: StatusChange): void {
    this.outputs.put(event)
    if (!['FAILED', 'TIMED_OUT', 'ABORTED'].includes(event.detail.status)) return
    this.tell(`execution ${event.detail.name} ${event.detail.status}`)
    const deliver = () => this.begin('ended', () => noted())
    const noted = async () => {
      const process = new Process(this.faults.lifetime(0.1))
      const result = await process
        .live(() => {
          const services = this.services(process)
          const { stateMachineArn } = event.detail
          if (stateMachineArn.startsWith(this.machine.procedures.prefix))
            return noteEndOfProcedure(services, event)
          return stateMachineArn === this.machine.rollout
            ? noteEnd(rolloutWorkflow, services, event)
            : noteEnd(upgradeWorkflow, services, event)
        })
        .catch((error: unknown) => {
          this.tell(`ended: ${String(error)}`)
          return died
        })
      if (result === died) this.clock.after(20, deliver)
    }
    this.clock.after(this.random.between(0, 20), deliver)
    if (this.faults.happens(0.2)) this.clock.after(this.random.between(0, 90), deliver)
  }

  #everyMinute(): void {
    this.clock.after(60, () => {
      this.#everyMinute()
      if (this.faults.happens(0.05)) return
      const process = new Process(this.faults.lifetime(0.1))
      void process
        .live(() => tickDue(this.services(process)))
        .catch((error: unknown) => this.tell(`ticker: ${String(error)}`))
      const another = new Process(this.faults.lifetime(0.1))
      void another
        .live(async () => {
          await retryParked(duties, this.services(another))
          await repeat(duties, this.services(another))
        })
        .catch((error: unknown) => this.tell(`again: ${String(error)}`))
    })
  }

  /** A schedule calls the function of windows: answers whether that went through. */
  async #fire(input: object): Promise<boolean> {
    const process = new Process(this.faults.lifetime(0.1))
    const services = this.services(process)
    const judge = () => judgeOpening(services, input)
    const result = await process.live(judge).catch((error: unknown) => {
      this.tell(`window: ${String(error)}`)
      return died
    })
    return result !== died
  }

  /** Writes where the streams stand, in small pieces; now and then by two at once. */
  #writeHeadsNowAndThen(): void {
    this.clock.after(900, () => {
      this.#writeHeadsNowAndThen()
      for (let times = this.faults.happens(0.2) ? 2 : 1; times > 0; times--) {
        const process = new Process(this.faults.lifetime(0.3))
        this.begin('heads', () =>
          process.live(() => writeHeads(this.services(process), new OnTheirOwn(), { size: 3 })),
        )
      }
    })
  }

  /** Makes good what views and reactor have missed; deployed it is daily, here there is less time. */
  #reconcileNowAndThen(): void {
    this.clock.after(this.faults.on ? 900 : 6 * 3600, () => {
      this.#reconcileNowAndThen()
      if (this.faults.happens(0.05)) return
      const process = new Process(this.faults.lifetime(0.1))
      this.begin('reconcile', () =>
        process.live(async () => {
          const each = new OnTheirOwn()
          await goRound(this.services(process), { start: true }, each, { size: 5 })
          each.end()
        }),
      )
    })
  }

  /** Lets the projector stand still for up to an hour, while things go wrong. */
  stopProjecting(): void {
    this.#projectsAgainAt = this.clock.now() + this.random.between(60, 3600) * 1000
    this.tell('the projector stands still')
  }
}
