import { streamOf } from '../../events/stream.ts'
import { budgetAggregate } from '../../functions/domain/budget/budget.ts'
import { releaseAggregate } from '../../functions/domain/release/release.ts'
import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { pauseRollout, requestChild as requestRollback } from '../../functions/domain/rollout/control.ts'
import { startPhases } from '../../functions/domain/rollout/execution.ts'
import { phaseUpgrade } from '../../functions/domain/rollout/phases.ts'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { holdStep, startStep } from '../../functions/domain/target/procedure.ts'
import { acceptAttempt } from '../../functions/domain/target/report.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { requestChild, requestOfChild } from '../../functions/domain/upgrade/children.ts'
import { startWave } from '../../functions/domain/upgrade/execution.ts'
import { exists, isPlanned } from '../../functions/domain/upgrade/state.ts'
import { admissionFacts } from '../../functions/facts/admission.ts'
import type { DutyName } from '../../functions/reactor/duties.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { noteUnsignedReleases } from '../../functions/reactor/upgrades/judge-unsigned.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { deployed, report, type World } from '../api/world.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { nextSunday, type openProfileWorld, sunday, weekly } from './profile-world.ts'

type Opened = Awaited<ReturnType<typeof openProfileWorld>>

/** Something that happens, and what is to be seen once the reactor has done all that follows from it. */
export interface Story {
  readonly words: string
  /** `lose` is called when everything is prepared: from then on the duty hears of nothing. Returns what shows whether it was done. */
  tell(opened: Opened, lose: () => Promise<void>): Promise<() => unknown>
}

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const names = ['cust_0001', 'cust_0002', 'cust_0003']
const agent = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
const timestamp = '2026-01-05T10:00:00Z'
const base = '/api/v1/upgrade-profiles'
const hour = 3600
const oneArtifact = { backend: { sha256: 'c'.repeat(64), length: 1000 } }

const says = (world: World, target: string, status: string, more: object = {}) =>
  world.call('POST', '/api/v1/updates/status', {
    as: agent(target),
    body: { version: 'v1.2.0', timestamp, status, ...more },
  })

const activeOf = async ({ log }: World) => {
  const states = await Promise.all(names.map((name) => log.load(targetAggregate, name)))
  return states.filter(({ state }) => state.active).length
}
const counts = async (world: World, id: string) => (await world.upgrade(id)).counts
const holds = async (world: World, id: string) => (await world.upgrade(id)).holds.map(({ code }) => code)
const stop = (world: World) => world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
const closed = (world: World, from: string, to: string) =>
  world.call('PUT', '/api/v1/calendars/acme', {
    body: { kind: 'ranges', ranges: [{ start: from, end: to, name: 'x' }] },
  })

/** Requests a deploy of which nothing has followed yet. */
async function requested({ world }: Opened, more: object = {}): Promise<string> {
  const body = { ...all, ...more }
  const reply = await world.call('POST', '/api/upgrades/deploy', { body })
  return reply.body.upgradeId
}

/** How an upgrade of a profile stands, and the window that it has; undefined: nobody has asked for it. */
async function standingOf({ world }: Opened, id: string) {
  const { state } = await world.log.load(upgradeAggregate, id)
  return exists(state) ? [state.standing.status, state.window] : undefined
}

/** The upgrade that a window of a profile has started, and offered. */
async function opened(profiles: Opened, definition: object = weekly) {
  const id = await profiles.created(definition)
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  await profiles.world.advance(upgrade)
  return { id, upgrade }
}

/** A rollout of one phase that somebody has asked for. */
async function requestedRollout(world: World, more: object = {}): Promise<string> {
  const body = { name: 'Customers', phases: [{ ...all, name: 'customers' }], ...more }
  return (await world.call('POST', '/api/v1/rollouts', { body })).body.rolloutId
}

async function storeProcedure(world: World): Promise<void> {
  const steps = [{ id: 'agree', name: 'Agree', acknowledge: { ask: 'May it go on?' } }]
  const { status } = await world.call('PUT', '/api/v1/procedures/node', { body: { steps } })
  if (status !== 200) throw new Error('The procedure was not stored.')
}

/** Lets an attempt wait for a person, as its task would, and returns which it is. */
async function heldStep({ log, services }: World, target: string): Promise<string> {
  const { active } = (await log.load(targetAggregate, target)).state
  const attempt = active?.attempt ?? ''
  const command = { attempt, generation: 1, direction: 'there', place: 0, step: 'agree' } as const
  const by = { actor: 'drydock', correlation: attempt }
  for (const decision of [
    acceptAttempt({ attempt, byProcedure: true }),
    startStep({ ...command, name: 'Agree', seconds: 100_000, again: 'failed', seen: 0 }),
    holdStep({ ...command, why: 'acknowledgement', ask: 'May it go on?' }),
  ])
    await log.execute(targetAggregate, target, decision, by)
  const stream = streamOf('target', target)
  await services.tokens.store({ stream, generation: 1, move: 'held', place: 0, token: 'token' }, 100_000)
  return attempt
}

/** What integrations were told, by type; the same id counts once. */
function heardBy(world: World): () => readonly string[] {
  const heard = new Map<string, string>()
  const send = async ({ input }: { input: { Entries: readonly { Detail: string }[] } }) => {
    for (const { Detail } of input.Entries) {
      const { id, type } = JSON.parse(Detail)
      heard.set(id, type)
    }
    return { FailedEntryCount: 0 }
  }
  world.services.bus.client.send = send as unknown as typeof world.services.bus.client.send // called with entries alone
  return () => [...heard.values()].sort()
}

/** Lets all upgrades together have so many in flight. */
async function together(world: World, atOnce: number): Promise<void> {
  const as = { user: 'admin-1', roles: ['admin'] }
  const { status } = await world.call('PUT', '/api/v1/policies/all', { as, body: { together: { atOnce } } })
  if (status !== 201) throw new Error(`The policy was answered ${status}.`)
}

/** Lets an upgrade end whose share of what all may do together another waits for. */
async function sharedBy(world: World, lose: () => Promise<void>): Promise<() => Promise<unknown>> {
  await together(world, 1)
  const first = await deployed(world, { ...all, targets: { ids: ['cust_0001'] } })
  await world.settle()
  const second = await deployed(world, { ...all, targets: { ids: ['cust_0002'] } })
  await world.settle()
  await lose()
  await report(world, (target) => (target === 'cust_0001' ? 'completed' : 'in-progress'))
  await world.advance(first)
  return async () => [await activeOf(world), await counts(world, second)]
}

/** For each duty, what it answers, and what becomes of that. A duty without a story does not compile. */
export const stories: Readonly<Record<DutyName, readonly Story[]>> = {
  'start-execution': [
    {
      words: 'an upgrade is requested',
      async tell(profiles, lose) {
        await lose()
        const id = await requested(profiles)
        const { world } = profiles
        return async () => {
          const { state } = await world.log.load(upgradeAggregate, id)
          return exists(state) && world.services.executions.get(`${id}-${state.standing.generation}`)
        }
      },
    },
  ],
  'withdraw-targets': [
    {
      words: 'an upgrade is paused before its targets have accepted',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        await world.call('POST', `/api/upgrades/${id}/pause`)
        return async () => [await activeOf(world), (await counts(world, id)).inFlight]
      },
    },
  ],
  'assign-targets': [
    {
      words: 'targets are admitted',
      async tell(profiles, lose) {
        const { world } = profiles
        const id = await requested(profiles)
        await lose()
        await world.advance(id)
        return () => activeOf(world)
      },
    },
  ],
  'resume-targets': [
    {
      words: 'a pause is over before the reactor has come to it',
      async tell(profiles, lose) {
        const { world } = profiles
        const id = await requested(profiles)
        await world.settle()
        const { state } = await world.log.load(upgradeAggregate, id)
        await lose()
        const say = (word: string) => world.call('POST', `/api/upgrades/${id}/${word}`, { early: true })
        const first = startWave({ wave: 0, generation: 1 }, await admissionFacts(world.services, id, state))
        await world.log.execute(upgradeAggregate, id, first, { actor: 'drydock', correlation: id })
        await say('pause')
        // Nobody is assigned, as it is paused; and nobody is withdrawn, as it is not any more.
        world.givenUp.add('withdraw-targets')
        await world.settle()
        world.givenUp.delete('withdraw-targets')
        await say('resume')
        return () => activeOf(world)
      },
    },
  ],
  'expire-attempts': [
    {
      words: 'nobody has accepted in time',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        world.pass(25 * hour)
        await tickDue(world.services)
        return async () => [await activeOf(world), (await counts(world, id)).unreachable]
      },
    },
  ],
  'record-outcomes': [
    {
      words: 'attempts have ended',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        await report(world)
        return () => counts(world, id)
      },
    },
    {
      words: 'one that had succeeded has failed after all',
      async tell({ world }, lose) {
        const canary = { ...all, strategy: 'canary', canaryPercent: 34, bakeSeconds: 9 * hour }
        const id = await deployed(world, canary)
        const [first = ''] = await report(world)
        await world.advance(id)
        await lose()
        await says(world, first, 'failed', { code: 'CRASH_LOOP' })
        return async () => [await counts(world, id), (await world.upgrade(id)).status]
      },
    },
  ],
  'end-waits': [
    {
      words: 'what an execution waits for is over',
      async tell(profiles, lose) {
        const { world } = profiles
        const id = await requested(profiles, { approvals: { required: 1 } })
        await world.advance(id)
        const wait = { stream: `upgrade#${id}`, generation: 1, move: 'approval', place: 0 }
        await world.services.tokens.store({ ...wait, token: 'token-1' }, 60)
        await lose()
        const { plan } = await world.upgrade(id)
        const as = { user: 'approver-1', roles: ['approver'] }
        await world.call('POST', `/api/upgrades/${id}/approve`, { as, body: { planHash: plan?.planHash } })
        return () => world.services.redeemed.map(({ token }) => token)
      },
    },
    {
      words: 'it has ended, while its execution waits',
      async tell(profiles, lose) {
        const { world } = profiles
        const id = await requested(profiles, { approvals: { required: 1 } })
        await world.advance(id)
        const wait = { stream: `upgrade#${id}`, generation: 1, move: 'approval', place: 0 }
        await world.services.tokens.store({ ...wait, token: 'token-1' }, 60)
        await lose()
        const as = { user: 'approver-1', roles: ['approver'] }
        await world.call('POST', `/api/upgrades/${id}/reject`, { as, body: { reason: 'no' } })
        return () => world.services.redeemed.map(({ token }) => token)
      },
    },
  ],
  'begin-children': [
    {
      words: 'a rollback was noted, and whoever noted it was cut short',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await report(world)
        await world.advance(id)
        await lose()
        const { state } = await world.log.load(upgradeAggregate, id)
        if (!exists(state)) throw new Error('There is no upgrade.')
        const by = 'operator-1'
        const command = { parent: id, kind: 'rollback', by, reason: 'it loses orders' } as const
        const request = requestOfChild(command, state, '2026-01-05T10:00:00.000Z')
        const note = requestChild({ child: 'c1', kind: 'rollback', target: null, by, request })
        await world.log.execute(upgradeAggregate, id, note, { actor: by, correlation: 'cut short' })
        return async () => exists((await world.log.load(upgradeAggregate, 'c1')).state)
      },
    },
  ],
  'start-rollout-execution': [
    {
      words: 'a rollout is requested',
      async tell({ world }, lose) {
        await lose()
        const id = await requestedRollout(world)
        return async () => {
          const { state } = await world.log.load(rolloutAggregate, id)
          return state.stage !== 'none' && world.services.executions.get(`${id}-${state.standing.generation}`)
        }
      },
    },
  ],
  'end-rollout-waits': [
    {
      words: 'what the execution of a rollout waits for is over',
      async tell({ world }, lose) {
        const id = await requestedRollout(world, { approvals: { required: 1 } })
        await world.advanceRollout(id)
        const wait = { stream: `rollout#${id}`, generation: 1, move: 'approval', place: 0 }
        await world.services.tokens.store({ ...wait, token: 'token-1' }, 60)
        await lose()
        const as = { user: 'approver-1', roles: ['approver'] }
        await world.call('POST', `/api/v1/rollouts/${id}/reject`, { as, body: { reason: 'no' } })
        return () => world.services.redeemed.map(({ token }) => token)
      },
    },
  ],
  'steer-rollout': [
    {
      words: 'a rollout is paused, and whoever paused it was cut short',
      async tell({ world }, lose) {
        const id = await requestedRollout(world)
        await world.advanceRollout(id)
        await lose()
        const pause = pauseRollout({ by: 'operator-1', reason: 'lunch' })
        await world.log.execute(rolloutAggregate, id, pause, {
          actor: 'operator-1',
          correlation: 'cut short',
        })
        return async () => (await world.upgrade(phaseUpgrade(id, 0))).status
      },
    },
    {
      words: 'a phase has begun, and its upgrade has not',
      async tell({ world }, lose) {
        const id = await requestedRollout(world)
        await world.settle()
        await lose()
        const start = startPhases({ rollout: id, generation: 1, overtaken: new Map() })
        await world.log.execute(rolloutAggregate, id, start, { actor: 'drydock', correlation: 'cut short' })
        return async () => (await world.log.load(upgradeAggregate, phaseUpgrade(id, 0))).commit > 0
      },
    },
  ],
  'record-phases': [
    {
      words: 'the upgrade of a phase has ended',
      async tell({ world }, lose) {
        const id = await requestedRollout(world)
        await world.advanceRollout(id)
        await report(world)
        await lose()
        await world.advance(phaseUpgrade(id, 0))
        return async () => {
          const { state } = await world.log.load(rolloutAggregate, id)
          return state.stage === 'none' ? [] : state.phases.map(({ end }) => end?.status)
        }
      },
    },
  ],
  'make-machines': [
    {
      words: 'a procedure is stored',
      async tell({ world }, lose) {
        await lose()
        await storeProcedure(world)
        return () => [...world.services.machines.keys()]
      },
    },
  ],
  'run-procedures': [
    {
      words: 'an attempt that a procedure drives is assigned',
      async tell(profiles, lose) {
        const { world } = profiles
        await storeProcedure(world)
        await lose()
        await world.advance(await requested(profiles, { procedure: { name: 'node' } }))
        const [name = ''] = names
        return async () => {
          const attempt = (await world.log.load(targetAggregate, name)).state.active?.attempt
          return [1, 2].some((generation) => world.services.executions.has(`${attempt}-${generation}`))
        }
      },
    },
  ],
  'end-step-waits': [
    {
      words: 'a person acknowledges a step',
      async tell(profiles, lose) {
        const { world } = profiles
        await storeProcedure(world)
        await world.advance(await requested(profiles, { procedure: { name: 'node' } }))
        const [name = ''] = names
        const held = await heldStep(world, name)
        await lose()
        const path = `/api/v1/targets/${name}/steps/agree/acknowledge`
        await world.call('POST', path, { body: { attempt: held } })
        const { redeemed, executions } = world.services
        return () => redeemed.length > 0 || executions.has(`${held}-2`)
      },
    },
  ],
  'begin-rollbacks': [
    {
      words: 'a rollback of a rollout was noted, and whoever noted it was cut short',
      async tell({ world }, lose) {
        const id = await requestedRollout(world)
        await world.advanceRollout(id)
        await report(world)
        await world.advanceRollout(id)
        await lose()
        const by = 'operator-1'
        const noted = { child: 'r1', phases: [0], by, reason: 'it loses orders', settings: {}, living: [] }
        const note = requestRollback(noted)
        await world.log.execute(rolloutAggregate, id, note, { actor: by, correlation: 'cut short' })
        return async () => (await world.log.load(rolloutAggregate, 'r1')).commit > 0
      },
    },
  ],
  'hold-back': [
    {
      words: 'an upgrade is taken back',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await report(world)
        await world.advance(id)
        await lose()
        await world.call('POST', `/api/upgrades/${id}/rollback`, { body: { reason: 'it loses orders' } })
        return async () => (await world.log.load(releaseAggregate, 'api@1.2.0')).state.heldBack?.reason
      },
    },
    {
      words: 'an upgrade is aborted with rollBack',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        const body = { reason: 'it loses orders', rollBack: true }
        await world.call('POST', `/api/upgrades/${id}/abort`, { body })
        return async () => (await world.log.load(releaseAggregate, 'api@1.2.0')).state.heldBack?.reason
      },
    },
  ],
  'heed-stop': [
    {
      words: 'everything is stopped',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        await stop(world)
        return async () => [await holds(world, id), await activeOf(world)]
      },
    },
    {
      words: 'the last stop is lifted',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        const { body } = await stop(world)
        await world.settle()
        await lose()
        await world.call('DELETE', `/api/v1/stop/${body.stopId}`, { query: { reason: 'seen' } })
        return async () => [await holds(world, id), await activeOf(world)]
      },
    },
    {
      words: 'unsigned releases are refused from now on',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        await noteUnsignedReleases({ log: world.log, unsignedReleases: 'refused' })
        return async () => [await activeOf(world), await counts(world, id)]
      },
    },
  ],
  'heed-calendar': [
    {
      words: 'a calendar is defined anew and closes an upgrade',
      async tell({ world }, lose) {
        await closed(world, '2026-02-05T10:00:00.000Z', '2026-02-05T11:00:00.000Z')
        const id = await deployed(world, { ...all, calendars: ['acme'] })
        await lose()
        await closed(world, '2026-01-05T10:00:00.000Z', '2026-01-08T10:00:00.000Z')
        return async () => [await holds(world, id), await activeOf(world)]
      },
    },
  ],
  'heed-withdrawal': [
    {
      words: 'a release is withdrawn',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        const path = '/api/v1/releases/api/v1.2.0/withdraw'
        await world.call('POST', path, { body: { reason: 'corrupts data' } })
        return async () => [await activeOf(world), await counts(world, id)]
      },
    },
  ],
  'note-tests': [
    {
      words: 'an upgrade of an environment has completed',
      async tell({ world }, lose) {
        const tags = { environment: 'staging' }
        const targets = { targets: [{ id: 's1', components: { api: 'v1.1.0' }, tags }] }
        await world.call('POST', '/api/v1/targets', { body: targets })
        const id = await deployed(world, { ...all, targets: { tags } })
        await report(world)
        await lose()
        await world.advance(id)
        const path = `/api/v1/releases/${all.component}/${all.version}/verdicts`
        return async () => {
          const { testedBy } = (await world.call('GET', path)).body
          return testedBy.map(({ environment }: { environment: string }) => environment)
        }
      },
    },
  ],
  'heed-rules': [
    {
      words: 'a policy blocks the version that is rolled out',
      async tell({ world }, lose) {
        const id = await deployed(world, all)
        await lose()
        const as = { user: 'admin-1', roles: ['admin'] }
        const body = { blockedVersions: [all.version] }
        await world.call('PUT', '/api/v1/policies/no-more', { as, body })
        return async () => [await activeOf(world), await counts(world, id)]
      },
    },
  ],
  'ask-for-shares': [
    {
      words: 'a budget of all upgrades lets one admit nobody before it has a share',
      async tell({ world }, lose) {
        await together(world, 2)
        await lose()
        const id = await deployed(world, all)
        return async () => [await activeOf(world), await counts(world, id)]
      },
    },
  ],
  'return-shares': [
    {
      words: 'an upgrade ends whose share another waits for',
      tell: async ({ world }, lose) => sharedBy(world, lose),
    },
  ],
  'heed-shares': [
    {
      words: 'an upgrade is granted the share that it has waited for',
      tell: async ({ world }, lose) => sharedBy(world, lose),
    },
  ],
  'heed-bounds': [
    {
      words: 'an upgrade that has a share is bound by it no more',
      async tell({ world }, lose) {
        await together(world, 2)
        await deployed(world, all)
        await lose()
        const as = { user: 'admin-1', roles: ['admin'] }
        const body = { selector: { components: ['other'] }, together: { atOnce: 2 } }
        await world.call('PUT', '/api/v1/policies/all', { as, body })
        return async () => (await world.log.load(budgetAggregate, 'all:at-once')).state.holders
      },
    },
  ],
  'heed-trust': [
    {
      words: 'the key is revoked that has signed what is rolled out',
      async tell({ world }, lose) {
        const signer = newSigner()
        const as = { user: 'admin-1', roles: ['admin'] }
        const { keyId, publicKey } = signer
        await world.call('POST', '/api/v1/keys', { as, body: { publicKey, label: 'a signer' } })
        const manifest = manifestOf({ version: '1.3.0', minimumVersion: '1.0.0', components: oneArtifact })
        const signatures = [signatureOf(signer, manifest)]
        await world.call('POST', '/api/v1/releases', { body: { manifest, signatures } })
        const id = await deployed(world, { ...all, version: '1.3.0' })
        await lose()
        await world.call('POST', `/api/v1/keys/${keyId}/revoke`, { as, body: { reason: 'stolen' } })
        return async () => [await activeOf(world), await counts(world, id)]
      },
    },
  ],
  'make-memberships': [
    {
      words: 'many members are made by a job',
      async tell({ world, created }, lose) {
        const id = await created({ ...weekly, resource_filters: { resource_types: ['publisher'] } })
        const ids = Array.from({ length: 1001 }, (_, place) => `pub-${place}`)
        for (const half of [ids.slice(0, 501), ids.slice(501)]) {
          const targets = half.map((one) => ({ id: one, type: 'publisher', components: {} }))
          await world.call('POST', '/api/v1/targets', { body: { targets } })
        }
        await lose()
        const resource_assignments = ids.map((resource_id) => ({ resource_id, resource_type: 'publisher' }))
        const path = `${base}/${id}/assignments`
        const { body } = await world.call('POST', path, { body: { resource_assignments } })
        return async () => {
          const { state } = await world.log.load(targetAggregate, 'pub-1000')
          const job = (await world.call('GET', `${path}/jobs/${body.job_id}`)).body
          return [Object.keys(state.memberships).length, job.status, job.assignments_created]
        }
      },
    },
  ],
  'run-profile': [
    {
      words: 'a window opens',
      async tell(profiles, lose) {
        const id = await profiles.created()
        profiles.at(sunday)
        await lose()
        await profiles.fire(id, sunday)
        return () => standingOf(profiles, upgradeOfWindow(id, sunday))
      },
    },
    {
      words: 'an execution is started out of turn',
      async tell(profiles, lose) {
        const { world } = profiles
        const id = await profiles.created()
        await lose()
        const { body } = await world.call('POST', `${base}/${id}/executions`, { body: { reason: 'now' } })
        return () => standingOf(profiles, body.execution_id)
      },
    },
    {
      words: 'a window is planned ahead',
      async tell(profiles, lose) {
        const id = await profiles.created({ ...weekly, approvals: { required: 1 } })
        profiles.at('2026-01-10T02:00:00.000Z')
        await lose()
        await profiles.fire(id, sunday, true)
        return async () => {
          const [first] = (await profiles.profile(id)).planned?.upgrades ?? []
          return standingOf(profiles, first?.upgrade ?? 'none')
        }
      },
    },
    {
      words: 'a window opens for what was planned ahead of it',
      async tell(profiles, lose) {
        const id = await profiles.created({ ...weekly, approvals: { required: 1 } })
        profiles.at('2026-01-10T02:00:00.000Z')
        await profiles.fire(id, sunday, true)
        const [first] = (await profiles.profile(id)).planned?.upgrades ?? []
        const upgrade = first?.upgrade ?? ''
        await profiles.world.advance(upgrade)
        const { plan } = await profiles.upgrade(upgrade)
        const as = { user: 'approver-1', roles: ['approver'] }
        const body = { planHash: plan?.planHash }
        await profiles.world.call('POST', `/api/upgrades/${upgrade}/approve`, { as, body })
        profiles.at(sunday)
        await lose()
        await profiles.fire(id, sunday)
        return () => holds(profiles.world, upgrade)
      },
    },
    {
      words: 'a window opens for what another has left over',
      async tell(profiles, lose) {
        const { id, upgrade } = await opened(profiles)
        profiles.at('2026-01-11T06:30:00.000Z')
        await tickDue(profiles.world.services)
        await profiles.world.settle()
        profiles.at(nextSunday)
        await lose()
        await profiles.fire(id, nextSunday)
        return async () => (await profiles.upgrade(upgrade)).window
      },
    },
  ],
  'summarise-upgrades': [
    {
      words: 'the upgrade of a profile has ended',
      async tell(profiles, lose) {
        const { id, upgrade } = await opened(profiles)
        await lose()
        await profiles.finish(upgrade)
        return async () => {
          const { running, summaries } = await profiles.profile(id)
          return [running, summaries.map(({ status, counts }) => [status, counts.succeeded])]
        }
      },
    },
  ],
  'summarise-rollouts': [
    {
      words: 'the rollout of a profile has ended',
      async tell(profiles, lose) {
        const { world } = profiles
        const rollout = { phases: [{ name: 'all', component: 'api' }] }
        const { component: _, ...settings } = weekly.upgrade_settings
        const id = await profiles.created({ ...weekly, upgrade_settings: settings, rollout })
        profiles.at(sunday)
        await profiles.fire(id, sunday)
        const execution = upgradeOfWindow(id, sunday)
        await world.advanceRollout(execution)
        await lose()
        await report(world)
        await world.advanceRollout(execution)
        await world.settle()
        return async () => {
          const { running, summaries } = await profiles.profile(id)
          return [running, summaries.map(({ status, counts }) => [status, counts.succeeded])]
        }
      },
    },
  ],
  'keep-schedules': [
    {
      words: 'a profile is created',
      async tell(profiles, lose) {
        await lose()
        await profiles.created()
        return () => profiles.schedules()
      },
    },
  ],
  'plan-after-calendar': [
    {
      words: 'a calendar closes the next window no more',
      async tell(profiles, lose) {
        const { world } = profiles
        await closed(world, '2026-01-10T00:00:00.000Z', '2026-01-12T00:00:00.000Z')
        const schedule = { ...weekly.schedule, calendars: ['acme'] }
        const id = await profiles.created({ ...weekly, schedule, approvals: { required: 1 } })
        profiles.at('2026-01-10T03:00:00.000Z')
        await lose()
        await closed(world, '2026-02-10T00:00:00.000Z', '2026-02-12T00:00:00.000Z')
        return async () => (await profiles.profile(id)).planned?.scheduledAt
      },
    },
  ],
  'bind-calendars': [
    {
      words: 'a profile names a calendar while its upgrade runs',
      async tell(profiles, lose) {
        const { world } = profiles
        await closed(world, '2026-02-10T00:00:00.000Z', '2026-02-12T00:00:00.000Z')
        const { id, upgrade } = await opened(profiles)
        await lose()
        await profiles.updated(id, { schedule: { calendars: ['acme'] } })
        return async () => {
          const { state } = await world.log.load(upgradeAggregate, upgrade)
          return isPlanned(state) && state.calendars
        }
      },
    },
  ],
  'void-plans': [
    {
      words: 'a profile is edited after its window was planned',
      async tell(profiles, lose) {
        const id = await profiles.created({ ...weekly, approvals: { required: 1 } })
        profiles.at('2026-01-10T02:00:00.000Z')
        await profiles.fire(id, sunday, true)
        const [first] = (await profiles.profile(id)).planned?.upgrades ?? []
        await profiles.world.advance(first?.upgrade ?? '')
        await lose()
        await profiles.updated(id, { upgrade_settings: { parallel_upgrades: 2 } })
        return async () => (await profiles.upgrade(first?.upgrade ?? '')).abort?.reason
      },
    },
  ],
  'void-unapproved': [
    {
      words: 'a profile is edited while its upgrade waits for approval',
      async tell(profiles, lose) {
        const { world } = profiles
        const id = await profiles.created({ ...weekly, approvals: { required: 1 } })
        profiles.at(sunday)
        await profiles.fire(id, sunday)
        const upgrade = upgradeOfWindow(id, sunday)
        await world.advance(upgrade)
        await lose()
        await profiles.updated(id, { upgrade_settings: { parallel_upgrades: 2 } })
        return async () => (await profiles.upgrade(upgrade)).abort?.reason
      },
    },
  ],
  'clean-up-profile': [
    {
      words: 'a profile is deleted with all that it runs',
      async tell(profiles, lose) {
        const { world } = profiles
        const { id, upgrade } = await opened(profiles)
        const resource_assignments = [{ resource_id: 'cust_0001', resource_type: 'customer' }]
        await world.call('POST', `${base}/${id}/assignments`, { body: { resource_assignments } })
        await world.settle()
        await lose()
        await world.call('DELETE', `${base}/${id}`, { query: { force: 'true' } })
        return async () => {
          const { memberships } = (await world.log.load(targetAggregate, 'cust_0001')).state
          return [(await profiles.upgrade(upgrade)).abort?.reason, memberships]
        }
      },
    },
  ],
  'heed-failures': [
    {
      words: 'a target of a profile fails critically',
      async tell(profiles, lose) {
        const { world } = profiles
        const { id } = await opened(profiles)
        await lose()
        for (const name of names) await says(world, name, 'in-progress')
        await says(world, 'cust_0001', 'failed', { code: 'CRITICAL_DISK' })
        return async () => {
          const { status, running } = await profiles.profile(id)
          return [status, running?.alerts]
        }
      },
    },
  ],
  'roll-back-wanted': [
    {
      words: 'a target fails that wants to be taken back',
      async tell(profiles, lose) {
        const { world } = profiles
        const id = await profiles.created()
        const override_settings = { rollback_on_failure: true }
        const resource_assignments = [
          { resource_id: 'cust_0001', resource_type: 'customer', override_settings },
        ]
        await world.call('POST', `${base}/${id}/assignments`, { body: { resource_assignments } })
        profiles.at(sunday)
        await profiles.fire(id, sunday)
        const upgrade = upgradeOfWindow(id, sunday)
        await world.advance(upgrade)
        await lose()
        for (const name of names) await says(world, name, 'in-progress')
        await says(world, 'cust_0001', 'failed', { code: 'HEALTH_CHECK_FAILED' })
        return async () =>
          (await profiles.upgrade(upgrade)).children.map(({ kind, target }) => [kind, target])
      },
    },
  ],
  'publish-upgrades': [
    {
      words: 'an upgrade is requested, planned and begun',
      async tell(profiles, lose) {
        const heard = heardBy(profiles.world)
        await lose()
        await profiles.world.advance(await requested(profiles))
        return heard
      },
    },
  ],
  'publish-rollouts': [
    {
      words: 'a rollout is requested, planned, and its first phase begins',
      async tell({ world }, lose) {
        const heard = heardBy(world)
        await lose()
        await world.advanceRollout(await requestedRollout(world))
        return heard
      },
    },
  ],
  'publish-profiles': [
    {
      words: 'a profile raises an alert',
      async tell(profiles, lose) {
        const { world } = profiles
        await opened(profiles)
        const heard = heardBy(world)
        await lose()
        for (const name of names) await says(world, name, 'in-progress')
        await says(world, 'cust_0001', 'failed', { code: 'CRITICAL_DISK' })
        return heard
      },
    },
  ],
  'publish-releases': [
    {
      words: 'a release is registered and blocked',
      async tell({ world }, lose) {
        const heard = heardBy(world)
        await lose()
        const digest = `sha256:${'4b'.repeat(32)}`
        await world.call('POST', '/api/v1/releases', {
          body: { component: 'api', version: 'v1.9.0', digest },
        })
        await world.call('POST', '/api/v1/releases/api/v1.9.0/block', { body: { reason: 'it loses orders' } })
        return heard
      },
    },
  ],
  'publish-targets': [
    {
      words: 'a target has failed after all',
      async tell({ world }, lose) {
        await deployed(world, all)
        const [first = ''] = await report(world)
        const heard = heardBy(world)
        await lose()
        await says(world, first, 'failed', { code: 'CRASH_LOOP' })
        return heard
      },
    },
  ],
}
