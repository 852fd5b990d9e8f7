import type { SFNClient } from '@aws-sdk/client-sfn'
import { type Commit, fromImage } from '../../events/envelope.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { registerRelease, releaseAggregate, releaseId } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { registerTarget } from '../../functions/domain/target/registration.ts'
import { acceptAttempt, finishAttempt } from '../../functions/domain/target/report.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import type { UpgradeDecision } from '../../functions/domain/upgrade/draft.ts'
import { requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { logOver } from '../../functions/log/append.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import { duties } from '../../functions/reactor/duties.ts'
import { runDuties } from '../../functions/reactor/run.ts'
import type { ReactorServices } from '../../functions/reactor/services.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewsOver } from '../../functions/views/readers.ts'
import { openRunner } from '../../functions/views/runner.ts'
import type { ViewStore } from '../../functions/views/store.ts'
import { openExecutions } from '../../functions/work/executions.ts'
import { openRedemption } from '../../functions/work/redemption.ts'
import { noteEnd } from '../../functions/workflow/execution-ended.ts'
import { moveUpgrade } from '../../functions/workflow/upgrade/moves.ts'
import { upgradeWorkflow } from '../../functions/workflow/upgrade/upgrade.ts'
import { beginWait } from '../../functions/workflow/waits.ts'
import { definitionOf } from '../../infra/constructs/definition.ts'
import { openStepFunctions } from '../../infra/local/stepfunctions/engine.ts'
import { requestOf, toldOf } from '../domain/upgrade/world.ts'
import { ManualClock } from '../local/stepfunctions/manual-clock.ts'
import type { HistoryEvent } from '../local/stepfunctions/world.ts'
import { memoryServices } from '../reactor/memory-services.ts'

/** The state machine as it is deployed, with the names of the functions filled in. */
export const definition = JSON.parse(
  JSON.stringify(definitionOf('upgrade'))
    .replaceAll(`\${AdvanceFunction}`, 'advance')
    .replaceAll(`\${AwaitFunction}`, 'await'),
) as {
  readonly States: Readonly<
    Record<
      string,
      {
        readonly Type: string
        readonly Resource?: string
        readonly Arguments?: { readonly Payload: { readonly action?: string } }
        readonly Choices?: readonly { readonly Condition: string; readonly Next: string }[]
        readonly Default?: string
        readonly Retry?: readonly { readonly ErrorEquals: readonly string[] }[]
        readonly Catch?: readonly { readonly ErrorEquals: readonly string[] }[]
      }
    >
  >
} // asl-validator checks it elsewhere

/** Does a state wait for its token? */
export function isWait(state: string): boolean {
  return definition.States[state]?.Resource?.endsWith('.waitForTaskToken') ?? false
}

/** Returns what the function of a task is asked for: an action, or the move that leads to its wait. */
export function taskOf(state: string): string {
  const { action } = definition.States[state]?.Arguments?.Payload ?? {}
  const choices = Object.values(definition.States).flatMap(({ Choices }) => Choices ?? [])
  const led = choices.find(({ Next }) => Next === state)?.Condition
  return action ?? /'([^']+)'/.exec(led ?? '')?.[1] ?? ''
}

interface Payload {
  readonly action?: string
  readonly position?: { readonly move: string }
}

const component = 'api'
const everyFailureBorne = { percent: 100, absolute: null }
const request = requestOf({
  component,
  ...{ version: 'v1.1.0', strategy: 'canary', canaryPercent: 50, continueByHand: true },
  failures: { ...everyFailureBorne, action: 'pause' },
  unreachable: everyFailureBorne,
  approvals: { required: 0, approvers: null, expiresInSeconds: 3600 },
  deadlines: { accept: 86_400, attempt: 3600, expected: 60, continue: 30 * 86_400, linger: 86_400 },
})

/** The real state machine on the local engine with the real tasks and duties, over memory and a clock that tests move. */
export class MachineWorld {
  readonly clock = new ManualClock()
  /** What the next invocations of a task answer with instead of doing anything: names of errors, by action or wait. */
  readonly faults = new Map<string, string[]>()
  /** How many of the next invocations of a task hang until `release`, by action or wait. */
  readonly hanging = new Map<string, number>()
  /** What the next invocations of a task answer without asking the log, by action or wait. */
  readonly answers = new Map<string, unknown[]>()
  readonly #hung: (() => void)[] = []
  readonly #pending: Commit[] = []
  readonly #services: ReactorServices & { readonly viewStore: ViewStore }
  readonly #engine
  readonly #machine: string
  #underWay = 0

  constructor() {
    const now = () => this.clock.now()
    const store = memoryStore()
    const viewStore = memoryViewStore()
    store.subscribe(({ dynamodb }) => this.#pending.push(fromImage(dynamodb?.NewImage)))
    this.#engine = openStepFunctions({
      file: ':memory:',
      clock: this.clock,
      invoke: (name, payload) => this.#invoke(name, payload as Payload), // as the machine's Arguments say
      emit: async (event) => {
        const { status } = event.detail as { status: string } // the engine emits nothing but changes of status
        if (['FAILED', 'TIMED_OUT', 'ABORTED'].includes(status))
          await noteEnd(upgradeWorkflow, this.#services, event)
      },
    })
    this.#machine = this.#engine.createStateMachine({ name: 'upgrade', definition })
    const stepFunctions = {
      send: async (command: { constructor: { name: string }; input: object }) => {
        try {
          return await this.#engine.request(command.constructor.name.replace(/Command$/, ''), command.input)
        } catch (error) {
          if (!(error instanceof Error) || !('type' in error)) throw error
          throw Object.assign(new Error(error.message), { name: String(error.type) })
        }
      },
    } as unknown as SFNClient // duties and tasks call nothing but `send`
    const views = viewsOver(viewStore, now)
    this.#services = {
      ...memoryServices({ log: logOver(store, { now }), views, now }),
      viewStore,
      redemption: openRedemption(stepFunctions),
      upgradeExecutions: openExecutions({ client: stepFunctions, machineArn: this.#machine }),
    }
  }

  async #invoke(name: string, payload: Payload): Promise<unknown> {
    const task = payload.action ?? payload.position?.move ?? ''
    const hanging = this.hanging.get(task) ?? 0
    this.hanging.set(task, Math.max(0, hanging - 1))
    if (hanging > 0) await new Promise<void>((release) => this.#hung.push(release))
    this.#underWay += 1
    try {
      const error = this.faults.get(task)?.shift()
      if (error !== undefined) throw Object.assign(new Error('A fault of the test.'), { name: error })
      const answer = this.answers.get(task)?.shift()
      if (answer !== undefined) return answer
      return await (name === 'advance'
        ? moveUpgrade({ ...this.#services, exposure: { targets: 100, percent: 20 } }, payload)
        : beginWait(upgradeWorkflow, this.#services, payload))
    } finally {
      this.#underWay -= 1
    }
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    const { viewStore: store, log, parked, now } = this.#services
    for (let quiet = 0; quiet < 12; quiet += 1) {
      const batch = this.#pending.splice(0)
      if (batch.length > 0) {
        await openRunner({ store, log, parked, now }).project(batch)
        const again = await runDuties(batch, duties, this.#services)
        this.#pending.push(...batch.filter(({ stream }) => again.has(stream)))
      }
      if (batch.length > 0 || this.#underWay > 0) quiet = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Registers so many targets at v1.0.0 and the release v1.1.0. */
  async fleet(size: number): Promise<string[]> {
    const ids = Array.from({ length: size }, (_, number) => `target-${number}`)
    const by = { actor: 'operator-1', correlation: 'fleet' }
    const { log } = this.#services
    const release = {
      component,
      version: 'v1.1.0',
      channel: 'stable',
      digest: `sha256:${'1f'.repeat(32)}`,
      notes: null,
    }
    const registered = registerRelease({ ...release, scheme: 'semver', number: 1 })
    await log.execute(releaseAggregate, releaseId(component, 'v1.1.0'), registered, by)
    const facts = {
      type: 'customer',
      region: null,
      tags: {},
      critical: false,
      namespace: null,
      gateway: null,
    }
    for (const id of ids)
      await log.execute(
        targetAggregate,
        id,
        registerTarget({ facts, components: { [component]: 'v1.0.0' }, enrolment: null }),
        by,
      )
    await this.settle()
    return ids
  }

  /** Asks for an upgrade; its execution plans it. */
  async request(id: string, changes: Partial<UpgradeRequest> = {}): Promise<void> {
    await this.command(id, requestUpgrade({ request: { ...request, ...changes }, by: 'operator-1' }))
  }

  async command(id: string, decision: UpgradeDecision): Promise<void> {
    const by = { actor: 'operator-2', correlation: 'command' }
    const outcome = await this.#services.log.execute(upgradeAggregate, id, decision, by)
    if (outcome.kind !== 'committed') throw new Error(`${outcome.kind}: ${JSON.stringify(outcome)}`)
    await this.settle()
  }

  async upgrade(id: string) {
    return toldOf((await this.#services.log.load(upgradeAggregate, id)).state)
  }

  /** Lets every target that has an attempt accept it and succeed; returns how many did. */
  async work(ids: readonly string[]): Promise<number> {
    const { log } = this.#services
    const by = { actor: 'agent', correlation: 'report' }
    let done = 0
    for (const id of ids) {
      const { active } = (await log.load(targetAggregate, id)).state
      if (!active) continue
      const { attempt, to: version } = active
      await log.execute(targetAggregate, id, acceptAttempt({ attempt }), by)
      const end = {
        attempt,
        status: 'completed',
        version,
        code: null,
        retryable: false,
        output: null,
      } as const
      await log.execute(targetAggregate, id, finishAttempt(end), by)
      done += 1
    }
    await this.settle()
    return done
  }

  /** Lets every invocation that hangs do its work after all, late as it is; returns how many there were. */
  async release(): Promise<number> {
    const released = this.#hung.splice(0)
    for (const release of released) release()
    await this.settle()
    return released.length
  }

  /** Lets a minute pass and the ticker look for upgrades whose time has come. */
  async minute(): Promise<void> {
    this.clock.advance(60)
    await tickDue(this.#services)
    await this.settle()
  }

  /** Stops an execution as somebody in the console would. */
  async stop(name: string): Promise<void> {
    const executionArn = this.#executionArn(name)
    this.#engine.request('StopExecution', { executionArn, error: 'ByHand', cause: 'stopped by hand' })
    await this.settle()
  }

  /** Every event of an upgrade's stream, in order. */
  async story(id: string): Promise<readonly Commit['events'][number][]> {
    const commits = await Array.fromAsync(this.#services.log.commits(`upgrade#${id}`))
    return commits.flatMap(({ events }) => events)
  }

  #executionArn(name: string): string {
    return `${this.#machine.replace(':stateMachine:', ':execution:')}:${name}`
  }

  history(name: string): HistoryEvent[] {
    const executionArn = this.#executionArn(name)
    const events: HistoryEvent[] = []
    let nextToken: string | undefined
    do {
      const page = this.#engine.request('GetExecutionHistory', {
        ...{ executionArn, maxResults: 1000, ...(nextToken !== undefined && { nextToken }) },
      }) as { events: HistoryEvent[]; nextToken?: string } // AWS's own answer
      events.push(...page.events)
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    return events
  }

  /** Returns the state that an execution entered last; undefined when it has entered none. */
  stateOf(name: string): string | undefined {
    const last = this.history(name).findLast(({ type }) => String(type).endsWith('StateEntered'))
    return (last?.stateEnteredEventDetails as { name: string } | undefined)?.name // AWS's own form
  }

  /** Lets a task that failed be tried again until it succeeds: its Retry waits for some seconds each time. */
  async linger(): Promise<void> {
    for (let seconds = 0; seconds < 60; seconds += 1) {
      this.clock.advance(1)
      await this.settle()
    }
  }

  /** Moves the clock a little at a time until an execution is in a state; waits of a few minutes and more do not run out on the way. */
  async reaches(name: string, state: string): Promise<void> {
    for (let seconds = 0; seconds < 120; seconds += 1) {
      await this.settle()
      if (this.stateOf(name) === state) return
      this.clock.advance(1)
    }
    const visited = this.history(name).flatMap(({ stateEnteredEventDetails: entered }) =>
      entered ? [(entered as { name: string }).name] : [],
    )
    throw new Error(`${name} does not reach "${state}": ${visited.slice(-8).join(' > ')}`)
  }
}
