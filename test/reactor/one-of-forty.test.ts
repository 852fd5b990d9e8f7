import { expect, it, vi } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import type { ProfileEvent } from '../../events/profile.ts'
import type { RolloutEvent } from '../../events/rollout.ts'
import { streamOf } from '../../events/stream.ts'
import type { Aggregate, DomainEvent } from '../../functions/domain/aggregate.ts'
import { budgetAggregate } from '../../functions/domain/budget/budget.ts'
import {
  listMemberships,
  membershipJobAggregate,
  requestMemberships,
} from '../../functions/domain/membership/job.ts'
import { calendarPolicy, policyAggregate } from '../../functions/domain/policy/policy.ts'
import { procedureAggregate } from '../../functions/domain/procedure/aggregate.ts'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { releaseAggregate } from '../../functions/domain/release/release.ts'
import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { pauseRollout } from '../../functions/domain/rollout/control.ts'
import { exists as existsRollout } from '../../functions/domain/rollout/state.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { ownRollback, requestChild, requestOfChild } from '../../functions/domain/upgrade/children.ts'
import { exists } from '../../functions/domain/upgrade/state.ts'
import { isPassing, SomeFailed } from '../../functions/errors.ts'
import { assignTargets } from '../../functions/reactor/attempts/assign.ts'
import { expireAttempts } from '../../functions/reactor/attempts/expire.ts'
import { resumeTargets } from '../../functions/reactor/attempts/heal.ts'
import { withdrawTargets } from '../../functions/reactor/attempts/withdraw.ts'
import { type Duty, isAnswered } from '../../functions/reactor/duty.ts'
import { driveUpgrade } from '../../functions/reactor/executions/drive.ts'
import { collectsAgain } from '../../functions/reactor/healer.ts'
import { keepsMachines } from '../../functions/reactor/procedures/machines.ts'
import { bindProfileCalendars } from '../../functions/reactor/profiles/bind-calendars.ts'
import { cleanUpProfile } from '../../functions/reactor/profiles/clean-up.ts'
import { keepFigures } from '../../functions/reactor/profiles/figures.ts'
import { keepsWindows } from '../../functions/reactor/profiles/keep-windows.ts'
import { makeMemberships, makesMemberships } from '../../functions/reactor/profiles/make-memberships.ts'
import { planAfterCalendar } from '../../functions/reactor/profiles/plan-ahead.ts'
import { rollBackWanted } from '../../functions/reactor/profiles/roll-back-wanted.ts'
import { runProfile } from '../../functions/reactor/profiles/run.ts'
import { voidPlans } from '../../functions/reactor/profiles/void-plans.ts'
import { reconcileAll } from '../../functions/reactor/reconcile.ts'
import { repeat } from '../../functions/reactor/repeat.ts'
import { driveRollout } from '../../functions/reactor/rollouts/drive.ts'
import { beginRollbacks, recordPhases, steerRollout } from '../../functions/reactor/rollouts/phases.ts'
import { watchRollouts } from '../../functions/reactor/rollouts/watch.ts'
import { roundFrom } from '../../functions/reactor/round.ts'
import { runDuties } from '../../functions/reactor/run.ts'
import type { ReactorServices } from '../../functions/reactor/services.ts'
import { beginChildren } from '../../functions/reactor/upgrades/begin-children.ts'
import {
  askForShares,
  heedBounds,
  heedShares,
  returnShares,
  settlesShares,
} from '../../functions/reactor/upgrades/shares.ts'
import {
  heedCalendar,
  heedRules,
  heedTrust,
  heedWithdrawal,
  tickDue,
} from '../../functions/reactor/upgrades/tick.ts'
import { inChunks } from '../../functions/side-by-side.ts'
import { readAttemptFigure, readProfileFigure, readQueueFigure } from '../../functions/views/figures.ts'
import { base, createdProfile } from '../api/profile-examples.ts'
import { started } from '../api/rollout-world.ts'
import { type Caller, deployed, digest, openWorld, report, type World } from '../api/world.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { weekly } from './profile-world.ts'

/** Something that is done for each of many: forty, but for what has fewer at once. */
interface Errand {
  readonly world: World
  readonly items: readonly string[]
  /** Lets whatever is asked about one of them fail for now. Returns what ends that. */
  poison(item: string): () => void
  /** Does it for all of them, and rejects where it has to be done again. */
  act(): Promise<unknown>
  /** By which it is named when it fails. */
  nameOf(item: string): string | RegExp
  isDone(item: string): Promise<boolean>
}

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const day = 86_400
const cause = { actor: 'drydock', correlation: 'test' }
const forty = Array.from({ length: 40 }, (_, place) => `n${String(place + 1).padStart(2, '0')}`)
const away = () => Object.assign(new Error('It does not answer.'), { name: 'InternalServerError' })

/** Keeps the streams of this aggregate from being read. */
const unreadable = (world: World, aggregate: string) => (item: string) => {
  const stream = streamOf(aggregate, item)
  world.unreadable.add(stream)
  return () => world.unreadable.delete(stream)
}

/** Lets them be read, but not written. */
const unwritable = (world: World) => (item: string) => {
  const { of } = world.log
  const carryOut = async () => {
    throw away()
  }
  world.log.of = (aggregate, id) => (id === item ? { ...of(aggregate, id), carryOut } : of(aggregate, id))
  return () => {
    world.log.of = of
  }
}

/** Lets a duty act on commits, and rejects where one has to come again. */
function acting(world: World, duty: Duty<ReactorServices>, commits: readonly Commit[]) {
  return async () => {
    const again = await runDuties(commits, { single: [duty], collecting: [] }, world.services)
    for (const { error } of again.values()) throw error
    expect(await world.services.parked.list()).toEqual([])
  }
}

/** The same, on every commit of the log that it answers. */
function answering(world: World, duty: Duty<ReactorServices>) {
  const commits = world.log.records
    .map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
    .filter((commit) => isAnswered(duty.answers, commit))
  expect(commits.length).toBeGreaterThan(0)
  return acting(world, duty, commits)
}

/** A commit that holds more than any does today. */
async function commitOf<State, Event extends DomainEvent>(
  { log }: World,
  aggregate: Aggregate<State, Event>,
  id: string,
  told: readonly Event[],
): Promise<Commit> {
  const [any] = await Array.fromAsync(log.commits(streamOf(releaseAggregate.name, 'api@1.2.0')))
  if (!any) throw new Error('There is no release.')
  const events = told.map((event) => {
    const { schema, data } = aggregate.encode(event)
    return { type: event.type, schema, data: JSON.stringify(data) }
  })
  return { ...any, stream: streamOf(aggregate.name, id), events }
}

/** All commits of the log that a duty answers as one, which holds more than any does today. */
function inOne(world: World, { answers }: Duty<ReactorServices>): Commit {
  const commits = world.log.records
    .map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
    .filter((commit) => isAnswered(answers, commit))
  const last = commits.at(-1)
  if (!last) throw new Error('Nothing has happened.')
  return { ...last, events: commits.flatMap(({ events }) => events) }
}

const stateOf = async ({ log }: World, target: string) => (await log.load(targetAggregate, target)).state

/** What is asked of the targets of an upgrade. */
async function ofTargets(world: World) {
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const items: string[] = targets.map(({ id }: { id: string }) => id)
  return {
    ...{ world, items },
    poison: unreadable(world, targetAggregate.name),
    nameOf: () => /^member \d+$/,
    isActive: async (item: string) => (await stateOf(world, item)).active !== null,
    isIdle: async (item: string) => (await stateOf(world, item)).active === null,
  }
}

const unheard = [assignTargets, withdrawTargets, resumeTargets]

/** One upgrade of forty targets, of whose assignments the reactor does not hear. */
async function admitted() {
  const world = openWorld({ heard: true })
  await world.fleet(40)
  for (const { name } of unheard) world.givenUp.add(name)
  const id = await deployed(world, all)
  const say = (word: string) => world.call('POST', `/api/upgrades/${id}/${word}`, { early: true })
  return { ...(await ofTargets(world)), say }
}

async function assigns(): Promise<Errand> {
  const { isActive, ...errand } = await admitted()
  return { ...errand, act: answering(errand.world, assignTargets), isDone: isActive }
}

/** The upgrade of a profile, which asks for checks, and has ten targets at once. */
const assignsChecked = (fails: 'read' | 'write') => async (): Promise<Errand> => {
  const world = openWorld({ heard: true })
  await world.fleet(10)
  world.givenUp.add(assignTargets.name)
  const upgrade_settings = { ...weekly.upgrade_settings, parallel_upgrades: 10 }
  const profile = await createdProfile(world, { ...weekly, upgrade_settings })
  const path = `${base}/${profile}/executions`
  const { execution_id } = (await world.call('POST', path, { body: { reason: 'CVE-2026-1' } })).body
  await world.advance(execution_id)
  const { isActive, ...errand } = await ofTargets(world)
  const poison = fails === 'read' ? errand.poison : unwritable(world)
  return { ...errand, poison, act: answering(world, assignTargets), isDone: isActive }
}

async function withdraws(): Promise<Errand> {
  const { isIdle, say, ...errand } = await admitted()
  await answering(errand.world, assignTargets)()
  await say('pause')
  return { ...errand, act: answering(errand.world, withdrawTargets), isDone: isIdle }
}

async function resumes(): Promise<Errand> {
  const { isActive, say, ...errand } = await admitted()
  await say('pause')
  await say('resume')
  return { ...errand, act: answering(errand.world, resumeTargets), isDone: isActive }
}

async function expires(): Promise<Errand> {
  const { isIdle, ...errand } = await admitted()
  const { world } = errand
  await answering(world, assignTargets)()
  for (const item of errand.items) world.silent.add(item)
  world.pass(2 * day)
  await tickDue(world.services)
  return { ...errand, act: answering(world, expireAttempts), isDone: isIdle }
}

/** Forty upgrades at work of a release that is signed, bound by a calendar that is open. */
const heeds =
  (duty: Duty<ReactorServices>, change: (world: World, keyId: string) => Promise<unknown>) =>
  async (): Promise<Errand> => {
    const world = openWorld()
    await world.fleet(40)
    const signer = newSigner()
    const { keyId, publicKey } = signer
    await world.call('POST', '/api/v1/keys', { as: admin, body: { publicKey, label: 'a signer' } })
    const artifact = { sha256: 'c'.repeat(64), length: 1000 }
    const components = { backend: artifact }
    const manifest = manifestOf({ version: '1.3.0', minimumVersion: '1.0.0', components })
    const signatures = [signatureOf(signer, manifest)]
    await world.call('POST', '/api/v1/releases', { body: { manifest, signatures } })
    await closes(world, '2026-02-05')
    const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
    const items: string[] = []
    for (const { id } of targets) {
      const body = { ...all, version: '1.3.0', calendars: ['acme'], targets: { ids: [id] } }
      items.push(await deployed(world, body))
    }
    await world.settle()
    const before = new Map<string, number>()
    for (const item of items) before.set(item, (await world.log.load(upgradeAggregate, item)).commit)
    await change(world, keyId)
    const isDone = async (item: string) =>
      (await world.log.load(upgradeAggregate, item)).commit > (before.get(item) ?? 0)
    const poison = unreadable(world, upgradeAggregate.name)
    return { world, items, poison, act: answering(world, duty), nameOf: (item) => item, isDone }
  }

const closes = (world: World, date: string) =>
  world.call('PUT', '/api/v1/calendars/acme', {
    body: {
      kind: 'ranges',
      ranges: [{ start: `${date}T00:00:00.000Z`, end: `${date}T23:00:00.000Z`, name: 'closed' }],
    },
    early: true,
  })

/** Forty profiles, and a target that each of them means. */
async function profiles(more: object = {}) {
  const world = openWorld({ heard: true })
  await world.fleet(1)
  const items: string[] = []
  for (const name of forty) items.push(await createdProfile(world, { ...weekly, name, ...more }))
  await world.settle()
  return { world, items, poison: unreadable(world, profileAggregate.name) }
}

async function plansAhead(): Promise<Errand> {
  const world = openWorld({ heard: true })
  await world.fleet(1)
  await closes(world, '2026-01-11')
  world.pass((Date.parse('2026-01-10T20:00:00Z') - Date.parse('2026-01-05T10:00:00Z')) / 1000)
  const schedule = { ...weekly.schedule, calendars: ['acme'] }
  const items: string[] = []
  for (const name of forty)
    items.push(await createdProfile(world, { ...weekly, name, schedule, approvals: { required: 1 } }))
  await world.settle()
  await closes(world, '2026-03-11')
  return {
    ...{ world, items, poison: unreadable(world, profileAggregate.name) },
    ...{ act: answering(world, planAfterCalendar), nameOf: (item) => item },
    isDone: async (item) => (await world.log.load(profileAggregate, item)).state.planned !== null,
  }
}

const quietly = async (act: () => Promise<unknown>) => {
  const spies = [
    vi.spyOn(console, 'log').mockReturnValue(),
    vi.spyOn(process.stdout, 'write').mockReturnValue(true),
  ]
  await act().finally(() => spies.map((spy) => spy.mockRestore()))
}

async function reconcilesProfiles(): Promise<Errand> {
  const { world, items, poison } = await profiles()
  world.schedules.all.clear()
  const services = { ...world.services, viewStore: world.viewStore }
  return {
    ...{ world, items, poison },
    act: () => quietly(() => reconcileAll(services, {})),
    nameOf: (item) => streamOf(profileAggregate.name, item),
    isDone: async (item) => (await world.schedules.list(`window-${item}-`)).length > 0,
  }
}

async function findsCalendarsRunningOut(): Promise<Errand> {
  const world = openWorld()
  const event = ['BEGIN:VEVENT', 'DTSTART:20260301T000000Z', 'DTEND:20260302T000000Z', 'END:VEVENT']
  const icalendar = ['BEGIN:VCALENDAR', 'X-CALENDAR-TYPE:DEFAULT_CLOSED', ...event, 'END:VCALENDAR']
  const body = { kind: 'ical', icalendar: icalendar.join('\r\n') }
  for (const name of forty) await world.call('PUT', `/api/v1/calendars/${name}`, { body })
  await world.settle()
  world.pass(30 * day)
  const services = { ...world.services, viewStore: world.viewStore }
  return {
    ...{ world, items: forty },
    poison: (item) => unreadable(world, policyAggregate.name)(calendarPolicy(item)),
    async act() {
      world.pass(day)
      await quietly(() => reconcileAll(services, { start: true }))
    },
    nameOf: (item) => streamOf(policyAggregate.name, calendarPolicy(item)),
    async isDone(item) {
      const noted = await world.services.progress.read()
      const round = noted && roundFrom(noted.body)
      return round?.stage === 'over' && round.calendarsRunningOut.includes(item)
    },
  }
}

/** Of each profile the row can be written, or what it is told from be read, or not. */
const counts = (part: 'row' | 'facts') => async (): Promise<Errand> => {
  const world = openWorld()
  await world.fleet(1)
  const items: string[] = []
  const canaries = new Map<string, string>()
  const { upgrade_settings, resource_filters } = weekly
  for (const name of forty) {
    const settings = { ...upgrade_settings, canary_percentage: 10 }
    const first = { ...weekly, name: `${name}-canary`, upgrade_settings: settings }
    const canary = await createdProfile(world, first)
    const after = { profile_id: canary }
    const filters = { ...resource_filters, exclude_canary_resources: true }
    const item = await createdProfile(world, {
      ...weekly,
      name,
      depends_on: after,
      resource_filters: filters,
    })
    items.push(item)
    canaries.set(item, canary)
  }
  await world.settle()
  const failing = new Set<string>()
  const viewStore: typeof world.viewStore = {
    ...world.viewStore,
    async put(row, expected) {
      if (part === 'row' && failing.has(row.row)) throw away()
      return world.viewStore.put(row, expected)
    },
  }
  const views: typeof world.services.views = {
    ...world.services.views,
    executionsOf(profile, ...more) {
      if (part === 'facts' && failing.has(profile)) throw away()
      return world.services.views.executionsOf(profile, ...more)
    },
  }
  const key = (item: string) => (part === 'row' ? `profile/${item}` : (canaries.get(item) ?? ''))
  return {
    ...{ world, items },
    poison(item) {
      failing.add(key(item))
      return () => failing.delete(key(item))
    },
    act: () => keepFigures({ ...world.services, views, viewStore }),
    nameOf: (item) => item,
    isDone: async (item) => (await readProfileFigure(viewStore, item)) !== undefined,
  }
}

/** By the duty in one part, or by the healer, which comes to each part of a job. */
const joins = (how: 'duty' | 'healer') => async (): Promise<Errand> => {
  const world = openWorld()
  await world.fleet(40)
  const profile = await createdProfile(world, weekly)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const items: string[] = targets.map(({ id }: { id: string }) => id)
  const override = { maintenance_window_hours: null, rollback_on_failure: null }
  const memberships = items.map((target) => ({ target, type: 'customer', priority: 1, override }))
  const request = { profile, count: items.length, by: 'operator-1' }
  await world.log.execute(membershipJobAggregate, 'job', requestMemberships(request), cause)
  const parts = [...inChunks(memberships, how === 'duty' ? 40 : 10)]
  for (const [chunk, some] of parts.entries()) {
    const part = listMemberships({ chunk, memberships: some })
    await world.log.execute(membershipJobAggregate, 'job', part, cause)
  }
  const healed = { id: 'job', cause, recent: async () => [] }
  return {
    ...{ world, items, poison: unreadable(world, targetAggregate.name) },
    act:
      how === 'duty'
        ? answering(world, makeMemberships)
        : () => makesMemberships.heal(world.services, healed),
    nameOf: (item) => item,
    isDone: async (item) => Object.hasOwn((await stateOf(world, item)).memberships, profile),
  }
}

/** A profile that forty targets are members of by name, and that is gone. */
async function leaves(): Promise<Errand> {
  const world = openWorld()
  await world.fleet(40)
  const profile = await createdProfile(world, weekly)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const items: string[] = targets.map(({ id }: { id: string }) => id)
  const resource_assignments = items.map((resource_id) => ({ resource_id, resource_type: 'customer' }))
  await world.call('POST', `${base}/${profile}/assignments`, { body: { resource_assignments } })
  world.givenUp.add(cleanUpProfile.name)
  await world.call('DELETE', `${base}/${profile}`)
  await world.settle()
  return {
    ...{ world, items, poison: unreadable(world, targetAggregate.name) },
    act: answering(world, cleanUpProfile),
    nameOf: (item) => item,
    isDone: async (item) => !Object.hasOwn((await stateOf(world, item)).memberships, profile),
  }
}

/** Forty upgrades at work, of a target each. */
async function atWork(world = openWorld()) {
  await world.fleet(40)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const items: string[] = []
  for (const { id } of targets) items.push(await deployed(world, { ...all, targets: { ids: [id] } }))
  await world.settle()
  return { world, items, poison: unreadable(world, upgradeAggregate.name), nameOf: (item: string) => item }
}

/** What a profile has under way, or has planned ahead: more than any has today. */
const aborts =
  (duty: Duty<ReactorServices>, said: (items: readonly string[]) => ProfileEvent) =>
  async (): Promise<Errand> => {
    const { items, world, ...errand } = await atWork()
    const act = acting(world, duty, [await commitOf(world, profileAggregate, 'p', [said(items)])])
    const isDone = async (item: string) => {
      const { state } = await world.log.load(upgradeAggregate, item)
      return exists(state) && state.abort !== null
    }
    return { ...errand, items, world, act, isDone }
  }

/** Forty upgrades that share what all may do at once, of whom none is bound any more. */
const settles = (how: 'bounds' | 'grants' | 'healer') => async (): Promise<Errand> => {
  const world = openWorld()
  const body = { together: { atOnce: 40 } }
  await world.call('PUT', '/api/v1/policies/all', { as: admin, body })
  const errand = await atWork(world)
  const document = { selector: { components: ['other'] }, ...body }
  await world.call('PUT', '/api/v1/policies/all', { as: admin, body: document, early: true })
  const budget = 'all:at-once'
  const granted = errand.items.map(
    (upgrade) => ({ type: 'ShareGranted', data: { upgrade, share: 1, limit: 40 } }) as const,
  )
  const acts = {
    bounds: answering(world, heedBounds),
    grants: acting(world, heedShares, [await commitOf(world, budgetAggregate, budget, granted)]),
    healer: () => settlesShares.heal(world.services, { id: budget, cause, recent: async () => [] }),
  }
  return {
    ...errand,
    act: acts[how],
    async isDone(item) {
      const { state } = await world.log.load(budgetAggregate, budget)
      return !state.holders.some(({ upgrade }) => upgrade === item)
    },
  }
}

/** One upgrade that has a share of each budget that binds it, and is over. */
async function returns(): Promise<Errand> {
  const world = openWorld()
  await world.fleet(1)
  const names = forty.slice(0, 3)
  for (const name of names) {
    const body = { together: { atOnce: 40 } }
    await world.call('PUT', `/api/v1/policies/${name}`, { as: admin, body })
  }
  const id = await deployed(world, all)
  world.givenUp.add(returnShares.name)
  await world.call('POST', `/api/upgrades/${id}/abort`)
  await world.advance(id)
  const items = names.map((name) => `${name}:at-once`)
  return {
    ...{ world, items, poison: unreadable(world, budgetAggregate.name), nameOf: (item) => item },
    act: answering(world, returnShares),
    isDone: async (item) => (await world.log.load(budgetAggregate, item)).state.holders.length === 0,
  }
}

/** Forty rollouts that wait for an approval, or that run and are watched. */
async function rollouts(more: (target: string) => object) {
  const world = openWorld()
  await world.fleet(40)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const items: string[] = []
  for (const { id } of targets) {
    const phases = [{ name: 'first', ...all, targets: { ids: [id] } }]
    items.push(await started(world, { name: id, phases, ...more(id) }))
  }
  await world.settle()
  return { world, items, poison: unreadable(world, rolloutAggregate.name), nameOf: (item: string) => item }
}

async function ticksRollouts(): Promise<Errand> {
  const { world, ...errand } = await rollouts(() => ({ approvals: { required: 1 } }))
  world.pass(8 * day)
  return {
    ...errand,
    world,
    act: () => tickDue(world.services),
    async isDone(item) {
      const { state } = await world.log.load(rolloutAggregate, item)
      return existsRollout(state) && state.standing.status === 'expired'
    },
  }
}

/** What fails is to read one, or to note what was found of it. */
const watchesRollouts = (fails: 'read' | 'note') => async (): Promise<Errand> => {
  const url = (name: string) => `https://${name}.acme.example/`
  const { world, ...errand } = await rollouts((name) => ({ monitor: { domains: [{ url: url(name) }] } }))
  const outbound = { send: async () => ({ kind: 'answered', status: 200, milliseconds: 1 }) as const }
  const pause = async (milliseconds: number) => world.pass(milliseconds / 1000)
  const failing = new Set<string>()
  const probes: typeof world.services.probes = {
    ...world.services.probes,
    async note(rollout, ...more) {
      if (failing.has(rollout)) throw away()
      return world.services.probes.note(rollout, ...more)
    },
  }
  const unnoted = (item: string) => {
    failing.add(item)
    return () => failing.delete(item)
  }
  return {
    ...errand,
    ...(fails === 'note' && { poison: unnoted }),
    world,
    act: () => watchRollouts({ ...world.services, probes, outbound, pause }),
    isDone: async (item) => (await world.services.probes.of(item)).size > 0,
  }
}

async function repeats(): Promise<Errand> {
  const world = openWorld()
  await world.fleet(40)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const items: string[] = targets.map(({ id }: { id: string }) => id)
  const name = 'note'
  const until = '2026-01-06T00:00:00.000Z'
  for (const item of items)
    await world.services.repeats.keep({ duty: name, stream: streamOf('target', item), commit: 1 }, until)
  const noted = new Set<string>()
  const note = {
    ...{ name, answers: { aggregate: 'target', types: [] } },
    async act({ stream }: Commit) {
      noted.add(stream)
    },
  }
  return {
    ...{ world, items, poison: unreadable(world, 'target') },
    act: () => repeat({ single: [note], collecting: [] }, world.services),
    nameOf: (item) => `${name} on ${streamOf('target', item)}@1`,
    isDone: async (item) => noted.has(streamOf('target', item)),
  }
}

const by = 'operator-1'

/** Streams of upgrades cannot be read. */
const ofUpgrades = (world: World, items: readonly string[]) => {
  return { world, items, poison: unreadable(world, upgradeAggregate.name), nameOf: (item: string) => item }
}
const hasBegun = async (world: World, item: string) =>
  (await world.log.load(upgradeAggregate, item)).commit > 0

/** Forty children that were noted, and that nobody has begun: all in one commit, which is more than any holds today, or each in its own. */
const beginsChildren = (how: 'duty' | 'healer') => async (): Promise<Errand> => {
  const world = openWorld()
  await world.fleet(1)
  const id = await deployed(world, all)
  await report(world)
  await world.advance(id)
  world.givenUp.add(beginChildren.name)
  const { state } = await world.log.load(upgradeAggregate, id)
  if (!exists(state)) throw new Error('There is no upgrade.')
  const asked = { parent: id, kind: 'rollback', by, reason: 'it loses orders' } as const
  const request = requestOfChild(asked, state, '2026-01-05T10:00:00.000Z')
  const noted = forty.map((child) => ({ child, kind: 'rollback', target: null, by, request }) as const)
  if (how === 'healer')
    for (const one of noted) await world.log.execute(upgradeAggregate, id, requestChild(one), cause)
  const told = noted.map((data) => ({ type: 'ChildRequested', data }) as const)
  const commit = await commitOf(world, upgradeAggregate, id, told)
  return {
    ...ofUpgrades(world, forty),
    act:
      how === 'duty' ? acting(world, beginChildren, [commit]) : () => driveUpgrade(world.services, id, cause),
    isDone: (item) => hasBegun(world, item),
  }
}

/** Lets agents say the same of what they were offered. */
async function tell(world: World, targets: readonly string[], status: string) {
  for (const target of targets)
    await world.call('POST', '/api/v1/updates/status', {
      as: { lambda: { kind: 'agent', target, tokenHash: '' } },
      body: { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status },
    })
}

/** Forty targets that have accepted, and fallen silent, of an upgrade that is paused: what was accepted may run on until its time is over. */
async function drives(): Promise<Errand> {
  const { isIdle, say, ...errand } = await admitted()
  const { world, items } = errand
  await answering(world, assignTargets)()
  await tell(world, items, 'in-progress')
  const [upgrade = ''] = (await world.call('GET', '/api/upgrades')).body.upgrades.map(
    ({ upgradeId }: { upgradeId: string }) => upgradeId,
  )
  world.givenUp.add(expireAttempts.name)
  await say('pause')
  for (const item of items) world.silent.add(item)
  world.pass(2 * day)
  return { ...errand, act: () => driveUpgrade(world.services, upgrade, cause), isDone: isIdle }
}

/** Ten targets of a profile that takes nothing back, each of which wants it nevertheless, and has failed. */
async function takesBack(): Promise<Errand> {
  const world = openWorld({ heard: true })
  await world.fleet(10)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const items: string[] = targets.map(({ id }: { id: string }) => id)
  const upgrade_settings = { ...weekly.upgrade_settings, parallel_upgrades: 10, pre_upgrade_checks: false }
  const profile = await createdProfile(world, { ...weekly, upgrade_settings })
  const resource_assignments = items.map((resource_id) => ({
    ...{ resource_id, resource_type: 'customer' },
    override_settings: { rollback_on_failure: true },
  }))
  await world.call('POST', `${base}/${profile}/assignments`, { body: { resource_assignments } })
  const path = `${base}/${profile}/executions`
  const { execution_id } = (await world.call('POST', path, { body: { reason: 'CVE-2026-1' } })).body
  await world.advance(execution_id)
  world.givenUp.add(rollBackWanted.name)
  for (const status of ['in-progress', 'failed']) await tell(world, items, status)
  await world.settle()
  return {
    ...{ world, items, poison: unreadable(world, targetAggregate.name), nameOf: (item) => item },
    act: acting(world, rollBackWanted, [inOne(world, rollBackWanted)]),
    isDone: (item) => hasBegun(world, ownRollback(execution_id, item)),
  }
}

/** A rollout of forty phases side by side. */
async function sideBySidePhases(more: object = {}) {
  const world = openWorld()
  await world.fleet(40)
  const { targets } = (await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  const phases = targets.map(({ id }: { id: string }, place: number) => {
    return { name: forty[place], ...all, targets: { ids: [id] } }
  })
  const id = await started(world, { name: 'all', phases, ...more })
  const phasesNow = async () => {
    const { state } = await world.log.load(rolloutAggregate, id)
    return existsRollout(state) ? state.phases : []
  }
  const begun = new Map((await phasesNow()).map(({ name, upgrade }) => [upgrade ?? '', name]))
  const items = [...begun.keys()]
  return { ...ofUpgrades(world, items), nameOf: (item: string) => begun.get(item) ?? '', id, phasesNow }
}

/** All phases run, and the rollout is paused: the reactor takes that to their upgrades. */
async function steers(): Promise<Errand> {
  const { id, phasesNow: _, ...errand } = await sideBySidePhases()
  const { world } = errand
  await world.log.execute(rolloutAggregate, id, pauseRollout({ by, reason: 'looks wrong' }), cause)
  const [paused] = (await Array.fromAsync(world.log.commits(streamOf(rolloutAggregate.name, id)))).slice(-1)
  if (!paused) throw new Error('There is no commit.')
  return {
    ...errand,
    act: acting(world, steerRollout, [paused]),
    isDone: async (item) => (await world.upgrade(item)).status === 'paused',
  }
}

/** All phases have ended, and the rollout has not heard of it. */
async function hearsOfPhases(): Promise<Errand> {
  const { id, phasesNow, ...errand } = await sideBySidePhases()
  const { world } = errand
  world.givenUp.add(recordPhases.name)
  await report(world)
  for (const item of errand.items) await world.advance(item)
  return {
    ...errand,
    act: () => driveRollout(world.services, id, cause),
    isDone: async (item) => (await phasesNow()).some(({ upgrade, end }) => upgrade === item && end !== null),
  }
}

/** Forty rollbacks of a rollout, noted and not begun. */
async function beginsRollbacks(): Promise<Errand> {
  const world = openWorld()
  await world.fleet(1)
  const id = await started(world, { name: 'one', phases: [{ name: 'first', ...all }] })
  const noted = forty.map((child): RolloutEvent => {
    const reason = 'it loses orders'
    return { type: 'ChildRequested', data: { child, phases: [0], by, reason, settings: {} } }
  })
  return {
    ...{ world, items: forty, poison: unreadable(world, rolloutAggregate.name), nameOf: (item) => item },
    act: acting(world, beginRollbacks, [await commitOf(world, rolloutAggregate, id, noted)]),
    isDone: async (item) => (await world.log.load(rolloutAggregate, item)).commit > 0,
  }
}

/** The phases of a rollout that a profile has started run, and the profile names a calendar. */
async function bindsCalendars(): Promise<Errand> {
  const world = openWorld({ heard: true })
  await closes(world, '2026-03-11')
  const components = forty.slice(0, 5)
  for (const component of components)
    await world.call('POST', '/api/v1/releases', { body: { component, version: 'v1.2.0', digest } })
  const targets = components.map((component) => {
    return { id: component, type: 'customer', components: { [component]: 'v1.1.0' } }
  })
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  const { component: _, ...settings } = weekly.upgrade_settings
  const profile = await createdProfile(world, {
    ...weekly,
    upgrade_settings: { ...settings, pre_upgrade_checks: false },
    rollout: { phases: components.map((component) => ({ name: component, component })) },
  })
  const path = `${base}/${profile}/executions`
  const { execution_id } = (await world.call('POST', path, { body: { reason: 'CVE-2026-1' } })).body
  await world.advanceRollout(execution_id)
  const { state } = await world.log.load(rolloutAggregate, execution_id)
  const items = existsRollout(state) ? state.phases.flatMap(({ upgrade }) => upgrade ?? []) : []
  world.givenUp.add(bindProfileCalendars.name)
  await world.call('PUT', `${base}/${profile}`, {
    body: { schedule: { ...weekly.schedule, calendars: ['acme'] } },
  })
  await world.settle()
  return {
    ...ofUpgrades(world, items),
    act: answering(world, bindProfileCalendars),
    async isDone(item) {
      const { state: upgrade } = await world.log.load(upgradeAggregate, item)
      return exists(upgrade) && upgrade.calendars.includes('acme')
    },
  }
}

/** A profile that has planned the upgrades of forty components: more than any does today. */
async function plansMany(): Promise<Errand> {
  const world = openWorld({ heard: true })
  await world.fleet(1)
  const profile = await createdProfile(world, weekly)
  const [scheduledAt, end] = ['2026-01-11T02:00:00.000Z', '2026-01-11T06:00:00.000Z']
  const upgrades = forty.map((upgrade) => ({ upgrade, component: 'api' }))
  const planned = { type: 'WindowPlanned', data: { scheduledAt, end, upgrades, by } } as const
  return {
    ...ofUpgrades(world, forty),
    act: acting(world, runProfile, [await commitOf(world, profileAggregate, profile, [planned])]),
    isDone: (item) => hasBegun(world, item),
  }
}

/** Forty schedules of a profile that nobody wants any more. */
async function removesSchedules(): Promise<Errand> {
  const world = openWorld({ heard: true })
  await world.fleet(1)
  const profile = await createdProfile(world, weekly)
  await world.settle()
  const items = forty.map((_, place) => `window-${profile}-${place}`)
  const at = '2026-01-06T00:00:00.000Z'
  const input = { profileId: profile, scheduledAt: at }
  for (const name of items) await world.schedules.create({ name, at, input, maximumAge: 60 })
  const failing = new Set<string>()
  const windowSchedules: typeof world.schedules = {
    ...world.schedules,
    async remove(name) {
      if (failing.has(name)) throw away()
      return world.schedules.remove(name)
    },
  }
  const healed = { id: profile, cause, recent: async () => [] }
  return {
    ...{ world, items, nameOf: (item) => item },
    poison(item) {
      failing.add(item)
      return () => failing.delete(item)
    },
    act: () => keepsWindows.heal({ ...world.services, windowSchedules }, healed),
    isDone: async (item) => !world.schedules.all.has(item),
  }
}

/** Twenty domains of one rollout, each of which is looked at again and again for most of a minute. */
async function watchesDomains(): Promise<Errand> {
  const world = openWorld()
  await world.fleet(1)
  const items = forty.slice(0, 20).map((name) => `https://${name}.acme.example/`)
  const monitor = { everySeconds: 10, domains: items.map((url) => ({ url })) }
  const id = await started(world, { name: 'one', phases: [{ name: 'first', ...all }], monitor })
  await world.settle()
  const failing = new Set<string>()
  const outbound = {
    async send({ url }: { readonly url: string }) {
      if (failing.has(url)) throw away()
      return { kind: 'answered', status: 200, milliseconds: 1 } as const
    },
  }
  const pause = async (milliseconds: number) => world.pass(milliseconds / 1000)
  return {
    ...{ world, items, nameOf: (item) => item },
    poison(item) {
      failing.add(item)
      return () => failing.delete(item)
    },
    act: () => watchRollouts({ ...world.services, outbound, pause }),
    // Once is not again and again.
    isDone: async (item) => ((await world.services.probes.of(id)).get(items.indexOf(item))?.writes ?? 0) > 3,
  }
}

/** Three policies that bound nobody any more, by a budget each that one upgrade has a share of. */
async function settlesBudgets(): Promise<Errand> {
  const world = openWorld()
  await world.fleet(1)
  const names = forty.slice(0, 3)
  const body = { together: { atOnce: 40 } }
  for (const name of names) await world.call('PUT', `/api/v1/policies/${name}`, { as: admin, body })
  await deployed(world, all)
  world.givenUp.add(heedBounds.name)
  const other = { selector: { components: ['other'] }, ...body }
  for (const name of names)
    await world.call('PUT', `/api/v1/policies/${name}`, { as: admin, body: other, early: true })
  await world.settle()
  const items = names.map((name) => `${name}:at-once`)
  return {
    ...{ world, items, poison: unreadable(world, budgetAggregate.name), nameOf: (item) => item },
    act: acting(world, heedBounds, [inOne(world, heedBounds)]),
    isDone: async (item) => (await world.log.load(budgetAggregate, item)).state.holders.length === 0,
  }
}

/** Five revisions whose machines nobody has needed for long. */
async function removesMachines(): Promise<Errand> {
  const world = openWorld()
  const steps = [{ id: 'look', name: 'Look', http: { request: { url: 'http://node.example/' } } }]
  for (const description of ['1st', '2nd', '3rd', '4th', '5th', '6th'])
    await world.call('PUT', '/api/v1/procedures/node', { body: { description, steps } })
  await world.settle()
  world.pass(40 * day)
  const items = ['1', '2', '3', '4', '5']
  const failing = new Set<string>()
  const procedureMachines: typeof world.services.procedureMachines = {
    ...world.services.procedureMachines,
    async remove(revision) {
      if (failing.has(`${revision.revision}`)) throw away()
      return world.services.procedureMachines.remove(revision)
    },
  }
  const healed = { id: 'node', cause, recent: async () => [] }
  return {
    ...{ world, items, nameOf: (item) => `node ${item}` },
    poison(item) {
      failing.add(item)
      return () => failing.delete(item)
    },
    act: () => keepsMachines.heal({ ...world.services, procedureMachines }, healed),
    async isDone(item) {
      const { revisions } = (await world.log.load(procedureAggregate, 'node')).state
      return revisions[Number(item) - 1]?.machine === false
    },
  }
}

/** Commits of one stream, each of which is collected by another group. */
async function collects(): Promise<Errand> {
  const world = openWorld()
  const recorded = new Set<string>()
  const failing = new Set<string>()
  const record = {
    ...{ name: 'record', answers: { aggregate: 'target', types: ['AttemptRegressed'] } },
    groupOf: ({ commit }: Commit) => `t@${commit}`,
    async act(group: string) {
      if (failing.has(group)) throw away()
      recorded.add(group)
    },
  }
  const items = forty.map((_, place) => `t@${place + 1}`)
  const event = { type: 'AttemptRegressed', schema: 1, data: '{}' }
  const commits = items.map((_, place) => ({ stream: 'target#t', commit: place + 1, events: [event] }))
  const stream = { id: 't', cause, recent: async () => commits as unknown as readonly Commit[] } // what is read of them here
  return {
    ...{ world, items, nameOf: (item) => `target#${item}` },
    poison(item) {
      failing.add(item)
      return () => failing.delete(item)
    },
    act: () => collectsAgain(record, ['AttemptRegressed']).heal(world.services, stream),
    isDone: async (item) => recorded.has(item),
  }
}

it.each<readonly [string, () => Promise<Errand>]>([
  ['a target that is assigned its attempt', assigns],
  ['a target that is looked up before its attempt is assigned', assignsChecked('read')],
  ['a target that was looked up before its attempt is assigned', assignsChecked('write')],
  ['a target whose attempt is withdrawn', withdraws],
  ['a target whose attempt was held back until now', resumes],
  ['a target whose attempt runs out', expires],
  ['a target that becomes a member of a profile', joins('duty')],
  ['a target that a job makes a member', joins('healer')],
  ['a target whose profile is gone', leaves],
  ['a profile whose window a calendar opens', plansAhead],
  ['a profile whose windows are brought to what it says', reconcilesProfiles],
  ['a profile of which the targets were counted', counts('row')],
  ['a profile of which the targets are counted beside canaries', counts('facts')],
  ['a calendar that runs out', findsCalendarsRunningOut],
  ['an upgrade that another calendar binds', heeds(heedCalendar, (world) => closes(world, '2026-01-05'))],
  [
    'an upgrade whose release is withdrawn',
    heeds(heedWithdrawal, (world) =>
      world.call('POST', '/api/v1/releases/api/1.3.0/withdraw', { body: { reason: 'x' }, early: true }),
    ),
  ],
  [
    'an upgrade whose signer is trusted no more',
    heeds(heedTrust, (world, keyId) =>
      world.call('POST', `/api/v1/keys/${keyId}/revoke`, {
        ...{ as: admin, body: { reason: 'stolen' }, early: true },
      }),
    ),
  ],
  [
    'an upgrade that a policy blocks',
    heeds(heedRules, (world) =>
      world.call('PUT', '/api/v1/policies/no-more', {
        ...{ as: admin, body: { blockedVersions: ['1.3.0'] }, early: true },
      }),
    ),
  ],
  [
    'an upgrade of a profile that is deleted',
    aborts(cleanUpProfile, (cancelled) => ({
      type: 'ProfileDeleted',
      data: { force: true, cancelled: [...cancelled], by },
    })),
  ],
  [
    'an upgrade that was planned ahead in vain',
    aborts(voidPlans, (upgrades) => ({
      type: 'PlanVoided',
      data: { scheduledAt: '2026-01-11T02:00:00.000Z', upgrades: [...upgrades], reason: 'edited', by },
    })),
  ],
  ['an upgrade whose share is bounded no more', settles('bounds')],
  ['an upgrade whose share is granted', settles('grants')],
  ['a budget that a share comes back to', returns],
  ['an upgrade whose share is looked after', settles('healer')],
  ['a rollout whose time has come', ticksRollouts],
  ['a rollout that is to be watched', watchesRollouts('read')],
  ['a rollout that is watched', watchesRollouts('note')],
  ['something that is done over again', repeats],
  ['a child that nobody has begun', beginsChildren('duty')],
  ['a child that is found not to have begun', beginsChildren('healer')],
  ['a target that is to be withdrawn, or asked,', drives],
  ['a target that wants to be taken back', takesBack],
  ['a phase of a rollout that is paused', steers],
  ['a phase whose end was not heard of', hearsOfPhases],
  ['a rollback of a rollout', beginsRollbacks],
  ['a phase that the calendars of a profile bind', bindsCalendars],
  ['an upgrade that is planned ahead', plansMany],
  ['a schedule that nobody wants any more', removesSchedules],
  ['a domain that is watched', watchesDomains],
  ['a budget that bounds nobody any more', settlesBudgets],
  ['a machine that nobody needs any more', removesMachines],
  ['a commit that is collected again', collects],
])('%s keeps no other from it, is named, and has its turn again', async (_, prepare) => {
  const { world, items, poison, act, nameOf, isDone } = await prepare()
  const remaining = async () => {
    const done = await Promise.all(items.map(isDone))
    return items.filter((__, place) => !done[place])
  }
  expect(items.length).toBeGreaterThanOrEqual(3)
  expect(await remaining()).toEqual(items)
  const poisoned = items[Math.floor(items.length / 8)] ?? ''
  const heal = poison(poisoned)
  const error = await act().then(
    () => undefined,
    (refusal: unknown) => refusal,
  )
  heal()
  expect(error).toBeInstanceOf(SomeFailed)
  expect(isPassing(error)).toBe(true)
  const names = new Set(innermost(error))
  expect([...names]).toEqual([expect.stringMatching(nameOf(poisoned))])
  expect(await remaining()).toEqual([poisoned])
  world.pass(1)
  await act()
  expect(await remaining()).toEqual([])
})

it('a figure that cannot be counted keeps no other from it', async () => {
  const world = openWorld()
  await world.fleet(1)
  await deployed(world, all)
  await world.settle()
  world.pass(day)
  const viewStore: typeof world.viewStore = {
    ...world.viewStore,
    async page(view, asked) {
      if (view.endsWith('/upgrades')) throw away()
      return world.viewStore.page(view, asked)
    },
  }
  const keep = (store: typeof viewStore) => keepFigures({ ...world.services, viewStore: store })
  await expect(keep(viewStore)).rejects.toThrow('1 failed: the queue.')
  expect(await readAttemptFigure(viewStore)).toBeDefined()
  expect(await readQueueFigure(viewStore)).toBeUndefined()
  const services = { ...world.services, viewStore }
  const first = { stage: 'over', found: { failed: 0 } }
  await quietly(() =>
    expect(reconcileAll(services, {})).rejects.toThrow(
      '1 failed: the figures. The first: SomeFailed: 1 failed: the queue.',
    ),
  )
  expect(roundFrom((await world.services.progress.read())?.body ?? '')).toMatchObject(first)
  await keep(world.viewStore)
  expect(await readQueueFigure(viewStore)).toBeDefined()
})

it('upgrades that are due and cannot be listed keep no rollout from being told the time', async () => {
  const { world, items, isDone } = await ticksRollouts()
  const views: typeof world.services.views = {
    ...world.services.views,
    dueUpgrades() {
      throw away()
    },
  }
  const ticking = tickDue({ ...world.services, views })
  await expect(ticking).rejects.toThrow('1 failed: the upgrades that are due.')
  expect(await Promise.all(items.map(isDone))).toEqual(items.map(() => true))
})

it('a budget that cannot be asked for a share keeps no other from being asked', async () => {
  const world = openWorld()
  await world.fleet(2)
  const names = forty.slice(0, 3)
  for (const name of names)
    await world.call('PUT', `/api/v1/policies/${name}`, { as: admin, body: { together: { atOnce: 1 } } })
  await deployed(world, { ...all, targets: { ids: ['cust_0001'] } })
  world.givenUp.add(askForShares.name)
  await deployed(world, { ...all, targets: { ids: ['cust_0002'] } })
  await world.settle()
  const [first = '', ...others] = names.map((name) => `${name}:at-once`)
  unwritable(world)(first)
  await expect(answering(world, askForShares)()).rejects.toThrow(`1 failed: ${first}.`)
  for (const budget of others)
    expect((await world.log.load(budgetAggregate, budget)).state.waiting).toHaveLength(1)
})

it('upgrades that are held and cannot be counted keep no round from being told', async () => {
  const world = openWorld()
  await world.fleet(1)
  await world.settle()
  const views: typeof world.services.views = {
    ...world.services.views,
    heldSince: async () => {
      throw away()
    },
  }
  const told = vi.spyOn(console, 'log').mockReturnValue()
  const services = { ...world.services, views, viewStore: world.viewStore }
  await expect(reconcileAll(services, {})).rejects.toThrow('1 failed: the upgrades that are held.')
  expect(told).toHaveBeenCalledWith(expect.objectContaining({ stage: 'over' }))
  told.mockRestore()
})

/** The names of what failed, where it did. */
function innermost(error: unknown): string[] {
  if (!(error instanceof SomeFailed)) return []
  return error.failed.flatMap(({ what, error: cause }) =>
    cause instanceof SomeFailed ? innermost(cause) : [what],
  )
}
