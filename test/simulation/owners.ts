import type { ProfileDefinition } from '../../events/profile.ts'
import { calendarPolicy, defineCalendar, policyAggregate } from '../../functions/domain/policy/policy.ts'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { startExecution } from '../../functions/domain/profile/execution.ts'
import { createProfile, deleteProfile, updateProfile } from '../../functions/domain/profile/lifecycle.ts'
import { exists, type ProfileDecision } from '../../functions/domain/profile/state.ts'
import { registerRelease, releaseAggregate } from '../../functions/domain/release/release.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { joinProfile, leaveProfile } from '../../functions/domain/target/membership.ts'
import { calendar } from './fleet.ts'
import type { People } from './people.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

const crons = ['0 * * * *', '*/30 * * * *', '15 */2 * * *'] as const

/** What the owners of profiles do while things go wrong, and how likely. */
const deeds = {
  assign: 8,
  unassign: 2,
  'run now': 5,
  'change the times': 6,
  'change the settings': 4,
  deactivate: 6,
  activate: 9,
  'bring out a release': 3,
  delete: 0.5,
  'delete by force': 0.5,
  'close for a while': 5,
  'open again': 2,
} as const

const ownWay = { maintenance_window_hours: null, rollback_on_failure: null }

function someSchedule(random: Random) {
  return {
    cron_expression: random.pick(crons),
    timezone: 'UTC',
    offset_days: random.chance(0.2) ? 1 : 0,
    maintenance_window_hours: random.pick([1, 2, 3]),
    retry_attempts: random.pick([1, 2]),
    retry_delay_minutes: 5,
    calendars: random.chance(0.7) ? [calendar] : [],
  }
}

function someSettings(random: Random) {
  return {
    target_version: random.pick(['stable', 'latest', '1.1.0', '1.2.0']),
    component: random.pick(['api', 'api', null]),
    pre_upgrade_checks: random.chance(0.5),
    rollback_on_failure: random.chance(0.5),
    notification_enabled: true,
    parallel_upgrades: random.pick([1, 3, 10]),
    attempt_minutes: random.pick([30, 60]),
    expected_minutes: 5,
    canary_percentage: random.chance(0.4) ? random.pick([10, 50]) : null,
  }
}

/** What starts a rollout says in its phases what is upgraded, and waits for no other profile. */
function asRollout(random: Random, definition: ProfileDefinition): ProfileDefinition {
  const means = { target_version: null, procedure: null, resource_types: [], regions: [], tags: [] }
  const phase = (name: string, component: string, after: string[]) => ({
    ...{ name, component, ...means, depends_on: after },
    pause_minutes: random.pick([0, 0, 5]),
    exceptions: random.pick(['hold', 'accept'] as const),
  })
  const second = random.pick(['publisher', 'broker'])
  return {
    ...definition,
    depends_on: null,
    upgrade_settings: { ...definition.upgrade_settings, component: null, target_version: 'latest' },
    resource_filters: { ...definition.resource_filters, exclude_canary_resources: false },
    rollout: {
      on_failure: random.pick(['hold', 'rollback']),
      phases: [phase('first', 'api', []), phase('second', second, random.pick([['first'], []]))],
    },
  }
}

function someDefinition(random: Random, name: string, before: string | undefined): ProfileDefinition {
  const approvals = { required: 1, approvers: null, lead_time_hours: 1 }
  return {
    name,
    description: null,
    schedule: someSchedule(random),
    upgrade_settings: someSettings(random),
    resource_filters: {
      resource_types: random.pick([['publisher', 'broker'], ['publisher']]),
      tags: [],
      regions: random.chance(0.2) ? ['eu'] : [],
      exclude_critical: random.chance(0.3),
      exclude_canary_resources: random.chance(before === undefined ? 0.2 : 0.4),
    },
    depends_on:
      before !== undefined && random.chance(0.8)
        ? {
            profile_id: before,
            min_success_rate: random.pick([0, 50, 95]),
            min_resources: random.pick([1, 2]),
          }
        : null,
    approvals: random.chance(0.25) ? approvals : null,
  }
}

/** The people whose profiles open windows: they make them, change them and take them away. */
export class Owners {
  readonly profiles: string[] = []
  readonly #world: World
  readonly #people: People
  #started = 0
  #released = 0

  constructor(world: World, people: People) {
    this.#world = world
    this.#people = people
  }

  #say(profile: string, decision: ProfileDecision, by: string) {
    return this.#people.say(profileAggregate, profile, decision, by)
  }

  async create(profile: string): Promise<void> {
    const { random } = this.#world
    const drawn = someDefinition(random, profile, this.profiles.at(-1))
    const definition = random.chance(0.3) ? asRollout(random, drawn) : drawn
    this.profiles.push(profile)
    await this.#say(profile, createProfile({ definition, by: 'alice' }), 'alice')
  }

  /** Interferes now and then, as long as things go wrong. */
  interfere(): void {
    const { clock, random, faults } = this.#world
    clock.after(random.between(60, 600), () => {
      if (!faults.on) return
      const [first, ...others] = this.profiles
      if (first !== undefined)
        this.#world.begin('owner', () => this.#do(random.pick([first, ...others]), random.weighted(deeds)))
      this.interfere()
    })
  }

  async #do(profile: string, deed: keyof typeof deeds): Promise<unknown> {
    const { random, clock } = this.#world
    const by = random.pick(['alice', 'dave'])
    const update = (updates: object) => this.#say(profile, updateProfile({ updates, by }), by)
    const target = random.pick(this.#people.fleet.targets)
    switch (deed) {
      case 'assign': {
        const assignment = { type: random.pick(['publisher', 'broker']), priority: random.between(1, 10) }
        const decision = joinProfile({ profile, ...assignment, override: ownWay })
        return this.#people.say(targetAggregate, target, decision, by)
      }
      case 'unassign':
        return this.#people.say(targetAggregate, target, leaveProfile({ profile }), by)
      case 'run now': {
        const upgrade = `${profile}-now-${++this.#started}`
        return this.#say(profile, startExecution({ upgrade, justification: 'CVE', by }), by)
      }
      case 'change the times':
        return update({ schedule: someSchedule(random) })
      case 'change the settings':
        return update({ upgrade_settings: someSettings(random) })
      case 'deactivate':
        return update({ status: 'inactive' })
      case 'activate':
        return update({ status: 'active' })
      case 'delete':
        return this.#say(profile, deleteProfile({ force: false, by }), by)
      case 'delete by force':
        return this.#say(profile, deleteProfile({ force: true, by }), by)
      case 'bring out a release':
        return this.release()
      case 'close for a while': {
        const start = new Date(clock.now() + random.between(0, 1800) * 1000).toISOString()
        const end = new Date(Date.parse(start) + random.between(1, 4) * 3_600_000).toISOString()
        return this.#close([{ start, end, name: 'inventory' }], by)
      }
      case 'open again':
        return this.#close([], by)
    }
  }

  /** Brings out a version that is newer than all before: there is something to upgrade again. */
  release(): Promise<unknown> {
    const version = `1.3.${++this.#released}`
    const release = { component: 'api', version, channel: 'stable', digest: `sha256:${version}`, notes: null }
    const registered = registerRelease({ ...release, scheme: 'semver', number: 100 + this.#released })
    return this.#people.say(releaseAggregate, `api@${version}`, registered, 'alice')
  }

  #close(ranges: { start: string; end: string; name: string }[], by: string) {
    const definition = { kind: 'ranges' as const, ranges }
    return this.#people.say(policyAggregate, calendarPolicy(calendar), defineCalendar(definition), by)
  }

  /** Takes every profile out of service, so that the story comes to an end: some are deleted, by force where something runs. */
  async retire(): Promise<void> {
    const { random } = this.#world
    for (const profile of this.profiles) {
      const { state } = await this.#world.services().log.load(profileAggregate, profile)
      if (!exists(state)) continue
      const decision = random.chance(0.3)
        ? deleteProfile({ force: true, by: 'bob' })
        : updateProfile({ updates: { status: 'inactive' }, by: 'bob' })
      await this.#say(profile, decision, 'bob')
    }
  }
}
