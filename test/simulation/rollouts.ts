import type { PhaseDeclaration, RolloutRequest } from '../../events/rollout.ts'
import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { approveRollout, rejectRollout } from '../../functions/domain/rollout/approval.ts'
import {
  abortRollout,
  acceptPhase,
  pauseRollout,
  resumeRollout,
} from '../../functions/domain/rollout/control.ts'
import { ownRollback } from '../../functions/domain/rollout/outcome.ts'
import { unpassed } from '../../functions/domain/rollout/phases.ts'
import { requestRollout } from '../../functions/domain/rollout/request.ts'
import { exists, hasEnded } from '../../functions/domain/rollout/state.ts'
import { awaitsApproval } from '../../functions/domain/standing.ts'
import { steerPhases } from '../../functions/planning/phases.ts'
import { startRollback } from '../../functions/planning/rollbacks.ts'
import { prospectOfRollout, storePlans } from '../../functions/planning/rollouts.ts'
import { someRequest } from './fleet.ts'
import type { People } from './people.ts'
import type { World } from './world.ts'

/** What people do to rollouts while things go wrong, and how likely. */
const deeds = {
  approve: 8,
  accept: 8,
  pause: 5,
  resume: 6,
  abort: 1,
  'abort and take back': 1,
  'take back': 2,
  reject: 0.3,
} as const

/** The people who care for rollouts: they ask for them and interfere with them. */
export class RolloutPeople {
  readonly #world: World
  readonly #people: People
  #asked = 0

  constructor(world: World, people: People) {
    this.#world = world
    this.#people = people
  }

  /** Two or three phases, each of some of the targets with a component of its own. */
  #someRollout(): { request: RolloutRequest; phases: PhaseDeclaration[] } {
    const { random, clock } = this.#world
    const { fleet } = this.#people
    const components = [
      ['api', '1.2.0'],
      ['publisher', '1.1.0'],
      ['broker', '1.1.0'],
    ] as const
    const count = random.between(2, 3)
    const phases = components.slice(0, count).map(([component, version], number): PhaseDeclaration => {
      const drawn = someRequest(random, fleet, clock.now())
      const request = { ...drawn, component, version, calendars: [], window: null }
      return {
        name: `phase ${number}`,
        dependsOn: [...Array(number).keys()].filter(() => random.chance(0.6)),
        pauseSeconds: random.pick([0, 0, 120, 900]),
        exceptions: random.pick(['hold', 'accept', 'accept']),
        does: { kind: 'deploy', request: { ...request, approvals: { ...request.approvals, required: 0 } } },
      }
    })
    const request: RolloutRequest = {
      ...{ kind: 'deploy', parent: null, name: 'platform', reason: null },
      approvals: { required: random.pick([0, 0, 1]), approvers: null, expiresInSeconds: 86_400 },
      onFailure: random.pick(['hold', 'hold', 'rollback']),
    }
    return { request, phases }
  }

  /** Asks for a rollout; every second one is planned before it is answered, the others by their execution. */
  async request(id: string): Promise<void> {
    const asked = this.#someRollout()
    const services = this.#world.services()
    const inline = this.#world.random.chance(0.5)
    const prospect = inline ? await prospectOfRollout(services, asked.request, asked.phases) : undefined
    if (prospect && 'rejected' in prospect) return
    const prospective = prospect && 'planned' in prospect ? prospect : undefined
    if (prospective) await storePlans(services, prospective, id)
    const command = requestRollout({ ...asked, by: 'alice', planned: prospective?.planned })
    await this.#people.say(rolloutAggregate, id, command, 'alice')
  }

  /** Interferes now and then, as long as things go wrong. */
  interfere(): void {
    const { clock, random, faults } = this.#world
    clock.after(random.between(60, 1200), () => {
      if (!faults.on) return
      this.#world.begin('person', () => this.#interfereOnce())
      this.interfere()
    })
  }

  async #interfereOnce(): Promise<void> {
    const { random, rollouts } = this.#world
    const [first, ...others] = rollouts
    if (first === undefined) return
    const id = random.pick([first, ...others])
    const by = random.pick(['alice', 'bob', 'carol'])
    const { state } = await this.#world.services().log.load(rolloutAggregate, id)
    if (!exists(state)) return
    switch (random.weighted(deeds)) {
      case 'approve':
        await this.#people.say(
          rolloutAggregate,
          id,
          approveRollout({ by, planHash: state.planHash ?? 'none', comment: null }),
          by,
        )
        break
      case 'reject':
        await this.#people.say(rolloutAggregate, id, rejectRollout({ by, reason: 'not today' }), by)
        break
      case 'accept':
        for (const phase of unpassed(state)) await this.#accept(id, state.phases[phase]?.name ?? '', by)
        break
      case 'pause':
        await this.#people.say(rolloutAggregate, id, pauseRollout({ by, reason: 'to look' }), by)
        break
      case 'resume':
        await this.#people.say(rolloutAggregate, id, resumeRollout({ by }), by)
        break
      case 'abort':
        await this.#people.say(
          rolloutAggregate,
          id,
          abortRollout({ by, reason: 'enough', rollback: null }),
          by,
        )
        break
      case 'abort and take back':
        await this.#people.say(
          rolloutAggregate,
          id,
          abortRollout({ by, reason: 'enough', rollback: ownRollback(id) }),
          by,
        )
        break
      case 'take back':
        await this.#takeBack(id, by, hasEnded(state))
    }
    // As the interface does, and sometimes it is cut short before that.
    if (random.chance(0.6)) await steerPhases(this.#world.services(), id, { actor: by, correlation: 'steer' })
  }

  #accept(id: string, phase: string, by: string) {
    return this.#people.say(rolloutAggregate, id, acceptPhase({ phase, by, reason: 'seen' }), by)
  }

  async #takeBack(id: string, by: string, over: boolean): Promise<void> {
    if (!over) return
    const child = `back-${++this.#asked}-of-${id}`
    const asked = { rollout: id, child, phases: null, by, reason: 'back', settings: {} }
    await startRollback(this.#world.services(), asked, `rollback-${id}`)
  }

  /** What people do who want every rollout to come to an end. */
  async care(): Promise<void> {
    for (const id of this.#world.rollouts) {
      const { state } = await this.#world.services().log.load(rolloutAggregate, id)
      if (!exists(state) || hasEnded(state) || state.abort) continue
      if (state.standing.status === 'paused') {
        await this.#people.say(rolloutAggregate, id, resumeRollout({ by: 'bob' }), 'bob')
        await steerPhases(this.#world.services(), id, { actor: 'bob', correlation: 'steer' })
      }
      if (state.stage === 'planned' && awaitsApproval(state)) {
        const approval = { by: 'bob', planHash: state.planHash ?? '', comment: null }
        await this.#people.say(rolloutAggregate, id, approveRollout(approval), 'bob')
      }
      for (const phase of unpassed(state)) await this.#accept(id, state.phases[phase]?.name ?? '', 'bob')
    }
  }
}
