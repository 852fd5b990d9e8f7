import { type TargetEvent, targetEvents } from '../../events/target.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { acceptAttempt, type FinishReport, finishAttempt } from '../../functions/domain/target/report.ts'
import type { TargetDecision } from '../../functions/domain/target/state.ts'
import { handOverFacts } from '../../functions/facts/hand-over.ts'
import type { World } from './world.ts'

type Assigned = Extract<TargetEvent, { type: 'AttemptAssigned' }>['data']

/** What agents do with an attempt, and how likely, while things go wrong. */
const behaviours = {
  succeed: 68,
  fail: 7,
  'fail for good': 5,
  'roll back': 3,
  'roll back for now': 2,
  'fail to roll back': 2,
  'run something else': 2,
  reject: 2,
  'reject for now': 2,
  'never accept': 3,
  'accept too late': 2,
  'go silent': 3,
  'report too late': 3,
  'fail after all': 4,
  'roll back after all': 2,
  'fail after all and be well again': 2,
} as const
type Behaviour = keyof typeof behaviours

function reportOf(behaviour: Behaviour, { attempt, to }: Assigned): FinishReport {
  const report = { attempt, version: null, code: null, retryable: false, output: null }
  switch (behaviour) {
    case 'fail':
      return { ...report, status: 'failed', code: 'HEALTH_CHECK_FAILED', retryable: true }
    case 'fail for good':
      return { ...report, status: 'failed', code: 'NO_SPACE' }
    case 'roll back':
      return { ...report, status: 'rolled-back', code: 'HEALTH_CHECK_FAILED' }
    case 'roll back for now':
      return { ...report, status: 'rolled-back', code: 'HEALTH_CHECK_FAILED', retryable: true }
    case 'fail to roll back':
      return { ...report, status: 'rollback-failed', code: 'BROKEN' }
    case 'reject':
      return { ...report, status: 'rejected', code: 'NOT_NOW' }
    case 'reject for now':
      return { ...report, status: 'rejected', code: 'ON_BATTERY', retryable: true }
    case 'run something else':
      return { ...report, status: 'completed', version: '0.0.1' }
    default:
      return { ...report, status: 'completed', version: to }
  }
}

/** Refusals after which an agent asks again. */
const waitsFor = new Set(['everything-stopped', 'closed-by-now', 'release-withdrawn'])

/** The agents of all targets: each hears of its attempts by asking now and then. */
export class Agents {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    world.onCommit((commit) => {
      if (!commit.stream.startsWith('target#')) return
      for (const { type, schema, data } of commit.events) {
        if (type !== 'AttemptAssigned') continue
        const event = targetEvents.decode(type, schema, JSON.parse(data))
        // Where a procedure is at work, the agent has no say.
        if (event.type === 'AttemptAssigned' && !event.data.procedure)
          this.#hear(commit.stream.slice('target#'.length), event.data)
      }
    })
  }

  #hear(target: string, assigned: Assigned): void {
    const { random, clock, faults } = this.#world
    const behaviour = faults.on ? random.weighted(behaviours) : 'succeed'
    if (behaviour === 'never accept') return
    const late = (Date.parse(assigned.acceptBy) - clock.now()) / 1000 + 5
    const seconds = behaviour === 'accept too late' ? late : random.between(1, 120)
    clock.after(seconds, () => this.#begin(target, assigned, behaviour))
  }

  #begin(target: string, assigned: Assigned, behaviour: Behaviour): void {
    this.#world.begin(`agent of ${target}`, () => this.#work(target, assigned, behaviour))
  }

  /** Reports that it begins, as the function of agents takes it; answers whether it may, has to wait, or need not. */
  async #accept(target: string, { attempt }: Assigned): Promise<'begin' | 'wait' | 'never'> {
    const services = this.#world.services()
    const from = await services.log.load(targetAggregate, target)
    const { active } = from.state
    const facts =
      active?.acceptedAt === null ? await handOverFacts(services, active, from.state.licence) : undefined
    const named = this.#world.random.chance(0.5) ? { attempt } : {}
    const metadata = { actor: `agent of ${target}`, correlation: `agent-${target}` }
    const decision = acceptAttempt({ ...named, ...(facts && { facts }) })
    await services.telemetry.seen(target)
    const outcome = await services.log.execute(targetAggregate, target, decision, metadata, { from })
    if (outcome.kind === 'committed' || outcome.kind === 'unchanged') return 'begin'
    const held = outcome.kind === 'rejected' && waitsFor.has(outcome.rejection.code)
    return held ? 'wait' : 'never'
  }

  async #tell(target: string, decision: TargetDecision): Promise<boolean> {
    const { log, telemetry } = this.#world.services()
    await telemetry.seen(target)
    const metadata = { actor: `agent of ${target}`, correlation: `agent-${target}` }
    const outcome = await log.execute(targetAggregate, target, decision, metadata)
    return outcome.kind === 'committed' || outcome.kind === 'unchanged'
  }

  async #work(target: string, assigned: Assigned, behaviour: Behaviour): Promise<void> {
    const { random, clock } = this.#world
    if (behaviour !== 'reject' && behaviour !== 'reject for now') {
      const answer = await this.#accept(target, assigned)
      // It asks again, as it would at its next check.
      if (answer === 'wait')
        clock.after(random.between(60, 600), () => this.#begin(target, assigned, behaviour))
      if (answer !== 'begin') return
    }
    if (behaviour === 'go silent') return
    const seconds = behaviour === 'report too late' ? assigned.seconds + 30 : random.between(1, 400)
    clock.after(seconds, () => {
      this.#report(target, reportOf(behaviour, assigned))
      if (behaviour.includes('after all')) this.#regress(target, behaviour, assigned)
    })
  }

  /** Reports a success, and some time after that it has failed after all; some are well again then. */
  #regress(target: string, behaviour: Behaviour, { attempt, to }: Assigned): void {
    const { random, clock } = this.#world
    const said = { attempt, version: null, code: 'CRASH_LOOP', retryable: false, output: null }
    const tell = (report: FinishReport) =>
      this.#world.begin(`agent of ${target}`, () => this.#tell(target, finishAttempt(report)))
    const status = behaviour === 'roll back after all' ? 'rolled-back' : 'failed'
    clock.after(random.between(1, 1200), () => {
      tell({ ...said, status })
      if (random.chance(0.3)) tell({ ...said, status })
      if (behaviour !== 'fail after all and be well again') return
      clock.after(random.between(1, 600), () =>
        tell({ ...said, status: 'completed', version: to, code: null }),
      )
    })
  }

  /** Reports, now and then twice, or with a contradiction behind. */
  #report(target: string, report: FinishReport): void {
    const { random, clock, faults } = this.#world
    const tell = (said: FinishReport) =>
      this.#world.begin(`agent of ${target}`, () => this.#tell(target, finishAttempt(said)))
    tell(report)
    if (faults.happens(0.2)) clock.after(random.between(0, 60), () => tell(report))
    if (faults.happens(0.05)) clock.after(random.between(0, 60), () => tell({ ...report, status: 'failed' }))
  }
}
