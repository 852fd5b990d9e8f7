import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProfileEvent } from '../../../events/profile.ts'
import { profileAggregate } from '../../../functions/domain/profile/aggregate.ts'
import { startExecution, summariseUpgrade } from '../../../functions/domain/profile/execution.ts'
import { createProfile, deleteProfile, updateProfile } from '../../../functions/domain/profile/lifecycle.ts'
import { openWindow } from '../../../functions/domain/profile/opening.ts'
import { schedulesOf } from '../../../functions/domain/profile/schedules.ts'
import type { ProfileDecision } from '../../../functions/domain/profile/state.ts'
import { joinProfile, leaveProfile } from '../../../functions/domain/target/membership.ts'
import { registerTarget, retireTarget } from '../../../functions/domain/target/registration.ts'
import { ModelFleet, targets, types } from './model-fleet.ts'
import { clear, definition, summaryOf } from './world.ts'

const minute = 60_000
const isoOf = (instant: number): string => new Date(instant).toISOString()

/** Schedules in UTC whose openings are told without any cron: those minutes after midnight that leave this rest. */
const schedules = {
  '0 * * * *': { every: 60, rest: 0 },
  '30 */2 * * *': { every: 120, rest: 30 },
  '0 */6 * * *': { every: 360, rest: 0 },
} as const
type Cron = keyof typeof schedules
const crons = ['0 * * * *', '30 */2 * * *', '0 */6 * * *'] as const

function opensAt(cron: string, instant: number): boolean {
  const schedule = schedules[cron as Cron] // the model uses no other expression
  return instant % minute === 0 && (instant / minute) % schedule.every === schedule.rest
}

/** One profile, its log, the schedules that were ever made for it, and a clock. */
class ProfileWorld {
  state = profileAggregate.initial
  now = Date.parse('2026-03-01T12:00:00.000Z')
  readonly log: { readonly event: ProfileEvent; readonly at: number }[] = []
  /** Every schedule that ever existed: deliveries come late, twice, and after the schedule was deleted. */
  readonly made = new Set<string>()
  readonly fleet = new ModelFleet()
  /** Another profile, of which only matters whether it exists. */
  otherExists = true
  /** Targets that were given to one of the profiles and thereby taken from the other's filters, as openings saw them. */
  takenElsewhere = 0
  #upgrades = 0

  constructor() {
    for (const [place, target] of targets.entries()) {
      const type = types[place % 2] ?? types[0]
      const facts = { type, region: null, tags: {}, critical: false, namespace: null, gateway: null }
      const registration = { facts, components: { [type]: '4.1.0' }, enrolment: null }
      this.fleet.do(target, registerTarget(registration), isoOf(this.now))
    }
  }

  do(decision: ProfileDecision): boolean {
    const before = this.state.definition
    const decided = decision(this.state, isoOf(this.now))
    if ('rejected' in decided) return false
    for (const event of decided.events) {
      this.#check(event, before?.schedule)
      this.log.push({ event, at: this.now })
      const context = { commit: this.log.length, at: isoOf(this.now), actor: 'a' }
      this.state = profileAggregate.evolve(this.state, event, context)
    }
    if (decided.events.length > 0) {
      expect(JSON.parse(JSON.stringify(this.state))).toEqual(this.state)
    }
    return true
  }

  /** Whom the profile upgrades now; no target is in both profiles unless somebody assigned it to both. */
  members(): string[] {
    if (!this.state.definition) return []
    const living = new Set(this.otherExists ? ['p1', 'p2'] : ['p1'])
    if (this.state.status === 'deleted') living.delete('p1')
    const { definition: own } = this.state
    const members = this.fleet.membersOf('p1', own, living)
    const others = this.otherExists ? this.fleet.membersOf('p2', own, living) : []
    this.takenElsewhere += others.filter((target) => !members.includes(target)).length
    return members
  }

  nextUpgrade(): string {
    this.#upgrades += 1
    return `u${this.#upgrades}`
  }

  /** What may not happen, judged from the log alone. */
  #check(event: ProfileEvent, schedule: typeof definition.schedule | undefined): void {
    const unfinished = this.unfinished()
    if (event.type === 'WindowOpened') {
      const { scheduledAt, end, upgrade, resumed } = event.data
      const opened = this.log.filter(
        ({ event: other }) => other.type === 'WindowOpened' && other.data.scheduledAt === scheduledAt,
      )
      expect(opened, 'no window opened twice').toEqual([])
      expect(this.deletedOrInactive(), 'nothing opens out of service').toBe(false)
      if (!schedule) throw new Error('opened before it was created')
      const start = Date.parse(scheduledAt)
      expect(opensAt(schedule.cron_expression, start), 'in the present schedule').toBe(true)
      expect(Date.parse(end)).toBe(start + schedule.maintenance_window_hours * 60 * minute)
      expect(start <= this.now && this.now < Date.parse(end), 'inside its window').toBe(true)
      expect(resumed ? [upgrade] : []).toEqual(unfinished)
    }
    if (event.type === 'ExecutionStarted') {
      expect(unfinished, 'one execution at a time').toEqual([])
      const { reason, scheduledAt, upgrade } = event.data
      const last = this.log.at(-1)?.event
      if (reason === 'window')
        expect(last, 'no execution outside its window').toMatchObject({
          type: 'WindowOpened',
          data: { scheduledAt, upgrade },
        })
      else expect(this.deletedOrInactive()).toBe(false)
    }
  }

  unfinished(): string[] {
    const upgrades = new Set<string>()
    for (const { event } of this.log) {
      if (event.type === 'ExecutionStarted') upgrades.add(event.data.upgrade)
      if (event.type === 'UpgradeSummarised') upgrades.delete(event.data.upgrade)
    }
    return [...upgrades]
  }

  deletedOrInactive(): boolean {
    const last = this.log.findLast(({ event }) =>
      ['ProfileCreated', 'ProfileActivated', 'ProfileDeactivated', 'ProfileDeleted'].includes(event.type),
    )
    return last?.event.type !== 'ProfileCreated' && last?.event.type !== 'ProfileActivated'
  }

  /** Makes the schedules that should exist, and judges which those are. */
  refill(): void {
    const wanted = schedulesOf(this.state, 'p1', isoOf(this.now))
    for (const { scheduledAt } of wanted) this.made.add(scheduledAt)
    if (this.deletedOrInactive()) {
      expect(wanted, 'deleted or inactive means no schedule left').toEqual([])
      return
    }
    const next: string[] = []
    const cron = this.state.definition?.schedule.cron_expression ?? ''
    for (let at = (Math.floor(this.now / minute) + 1) * minute; next.length < 2; at += minute)
      if (opensAt(cron, at)) next.push(isoOf(at))
    expect(wanted.filter(({ due }) => !due).map(({ scheduledAt }) => scheduledAt)).toEqual(next)
    for (const { scheduledAt } of wanted.filter(({ due }) => due))
      expect(this.judgements(scheduledAt), 'what is due was not judged').toBe(0)
    expect(new Set(wanted.map(({ name }) => name)).size).toBe(wanted.length)
  }

  judgements(scheduledAt: string): number {
    return this.log.filter(
      ({ event }) =>
        (event.type === 'WindowOpened' || event.type === 'WindowSkipped') &&
        event.data.scheduledAt === scheduledAt,
    ).length
  }
}

class Act implements fc.Command<object, ProfileWorld> {
  readonly words: string
  readonly act: (world: ProfileWorld) => void
  constructor(words: string, act: (world: ProfileWorld) => void) {
    this.words = words
    this.act = act
  }
  check(): boolean {
    return true
  }
  run(_model: object, world: ProfileWorld): void {
    this.act(world)
    world.refill()
  }
  toString(): string {
    return this.words
  }
}

const create = fc.tuple(fc.constantFrom(...crons), fc.constantFrom(1, 3)).map(([cron, hours]) => {
  return new Act(`create ${cron} for ${hours} h`, (world) => {
    const schedule = {
      ...definition.schedule,
      cron_expression: cron,
      timezone: 'UTC',
      maintenance_window_hours: hours,
    }
    world.do(createProfile({ definition: { ...definition, schedule }, by: 'ada' }))
  })
})
const update = fc
  .record({ cron_expression: fc.constantFrom(...crons), maintenance_window_hours: fc.constantFrom(1, 2) })
  .map((schedule) => {
    return new Act(`update ${JSON.stringify(schedule)}`, (world) => {
      world.do(updateProfile({ updates: { schedule }, by: 'bob' }))
    })
  })
const turn = fc.constantFrom('active', 'active', 'inactive').map((status) => {
  return new Act(`set ${status}`, (world) => {
    world.do(updateProfile({ updates: { status }, by: 'bob' }))
  })
})
const remove = fc.tuple(fc.nat(19), fc.boolean()).map(([draw, force]) => {
  return new Act(`delete${draw > 0 ? ' (not this time)' : ''}${force ? ' by force' : ''}`, (world) => {
    if (draw === 0) world.do(deleteProfile({ force, by: 'ada' }))
  })
})
const wait = fc.integer({ min: 1, max: 90 }).map((minutes) => {
  return new Act(`wait ${minutes} min`, (world) => {
    world.now += minutes * minute
  })
})
const factsOf = fc.record({
  frozen: fc.integer({ min: 0, max: 9 }),
  holiday: fc.integer({ min: 0, max: 9 }),
  known: fc.constantFrom(true, true, true, false),
})
const deliver = fc
  .tuple(fc.nat(99), fc.boolean(), factsOf)
  .map(([pick, newest, { frozen, holiday, known }]) => {
    return new Act(`deliver ${newest ? 'what is due' : `schedule ${pick}`}, frozen ${frozen}`, (world) => {
      const due = [...world.made].filter((scheduledAt) => scheduledAt <= isoOf(world.now))
      const from = newest ? due.slice(-1) : [...world.made]
      const scheduledAt = from[pick % Math.max(1, from.length)]
      if (scheduledAt === undefined) return
      const closures =
        holiday === 0 ? [{ from: scheduledAt, to: isoOf(world.now + minute), why: 'holiday' }] : []
      const matching = known ? world.members().length : null
      const facts = { ...clear, freeze: frozen === 0 ? { reason: 'stop' } : null, closures, matching }
      const before = world.judgements(scheduledAt)
      const taken = world.do(openWindow({ scheduledAt, upgrade: world.nextUpgrade(), facts }))
      if (scheduledAt > isoOf(world.now)) expect(taken, 'nothing opens before its time').toBe(false)
      else if (before === 0) expect(world.judgements(scheduledAt), 'every firing leaves a record').toBe(1)
      else expect(world.judgements(scheduledAt)).toBe(before)
      const last = world.log.at(-1)?.event
      if (before === 0 && taken && matching === 0 && last?.type === 'ExecutionStarted')
        throw new Error('A window opened for nobody.')
    })
  })
const assign = fc
  .record({
    target: fc.constantFrom(...targets),
    profile: fc.constantFrom('p1', 'p2', 'p2'),
    type: fc.constantFrom(...types),
    priority: fc.integer({ min: 1, max: 10 }),
  })
  .map(({ target, ...assignment }) => {
    return new Act(`assign ${target} ${JSON.stringify(assignment)}`, (world) => {
      const override = { maintenance_window_hours: null, rollback_on_failure: null }
      const taken = world.fleet.do(target, joinProfile({ ...assignment, override }), isoOf(world.now))
      const living = assignment.profile === 'p1' ? world.state.status !== 'deleted' : world.otherExists
      const members = world.members()
      if (!taken || !living || world.state.definition === null) return
      if (assignment.profile === 'p1') expect(members, 'who is assigned is a member').toContain(target)
    })
  })
const unassign = fc
  .tuple(fc.constantFrom(...targets), fc.constantFrom('p1', 'p2'))
  .map(([target, profile]) => {
    return new Act(`take ${target} out of ${profile}`, (world) => {
      world.fleet.do(target, leaveProfile({ profile }), isoOf(world.now))
      world.members()
    })
  })
const retire = fc.tuple(fc.constantFrom(...targets), fc.nat(9)).map(([target, draw]) => {
  return new Act(`retire ${target}${draw > 0 ? ' (not this time)' : ''}`, (world) => {
    if (draw === 0)
      world.fleet.do(target, retireTarget({ reason: 'scrapped', force: false }), isoOf(world.now))
    world.members()
  })
})
const otherProfile = fc.boolean().map((exists) => {
  return new Act(`the other profile ${exists ? 'exists' : 'is gone'}`, (world) => {
    world.otherExists = exists
    world.members()
  })
})
const runNow = fc.constant(
  new Act('run now', (world) => {
    world.do(startExecution({ upgrade: world.nextUpgrade(), justification: 'CVE', by: 'ada' }))
  }),
)
const finish = fc.constantFrom('completed', 'failed', 'critical', 'aborted').map((how) => {
  return new Act(`end as ${how}`, (world) => {
    const [upgrade] = world.unfinished()
    if (upgrade === undefined) return
    const failures = how === 'critical' ? [{ code: 'CRITICAL_DISK', count: 1 }] : []
    const status = how === 'critical' ? 'failed' : how
    const summary = summaryOf(upgrade, { status: status as 'completed' | 'failed' | 'aborted', failures }) // by its source
    world.do(summariseUpgrade(summary))
    expect(world.unfinished()).toEqual([])
    if (how === 'critical') expect(world.deletedOrInactive(), 'CRITICAL_ takes it out of service').toBe(true)
  })
})

test('a profile’s log never holds a window opened twice, an execution outside its window, or a schedule left over', () => {
  const seen = { opened: 0, resumed: 0, skipped: 0, emergency: 0, deleted: 0, takenElsewhere: 0 }
  const acts = [
    create,
    update,
    turn,
    turn,
    remove,
    wait,
    wait,
    wait,
    wait,
    deliver,
    deliver,
    deliver,
    deliver,
    assign,
    assign,
    unassign,
    retire,
    otherProfile,
    runNow,
    finish,
  ]
  fc.assert(
    fc.property(fc.commands<object, ProfileWorld>(acts, { maxCommands: 80, size: 'max' }), (commands) => {
      const world = new ProfileWorld()
      world.do(
        createProfile({
          definition: {
            ...definition,
            schedule: {
              ...definition.schedule,
              cron_expression: '0 * * * *',
              timezone: 'UTC',
              maintenance_window_hours: 1,
            },
          },
          by: 'ada',
        }),
      )
      world.refill()
      fc.modelRun(() => ({ model: {}, real: world }), commands)
      seen.takenElsewhere += world.takenElsewhere
      for (const { event } of world.log) {
        if (event.type === 'WindowOpened') seen[event.data.resumed ? 'resumed' : 'opened'] += 1
        if (event.type === 'WindowSkipped') seen.skipped += 1
        if (event.type === 'ExecutionStarted' && event.data.reason === 'emergency') seen.emergency += 1
        if (event.type === 'ProfileDeleted') seen.deleted += 1
      }
    }),
    { numRuns: 600 },
  )
  // A model that never gets anywhere proves nothing.
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(5)
})
