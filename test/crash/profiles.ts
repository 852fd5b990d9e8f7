import { setTimeout as sleep } from 'node:timers/promises'
import type { Person } from './person.ts'

/** The type of the instances that profiles upgrade. */
export const edges = 'edge'

const profilesPath = '/api/v1/upgrade-profiles'

/** What the owners of profiles did. */
export interface Owned {
  /** The profile whose windows open from beginning to end. */
  readonly steady: string
  profiles: number
  started: number
  toggled: number
  deleted: number
}

interface Profile {
  readonly recent_executions: readonly { readonly status: string }[]
}

/** Of the machine's fast clock: a window opens every few seconds of the wall, and each lasts over many openings. */
const often = '*/2 * * * *'
/** Not before a minute of the wall, mostly: such a profile is about its schedules. */
const seldom = '*/30 * * * *'

const definitionOf = (name: string, cron: string) => ({
  name,
  schedule: { cron_expression: cron, timezone: 'UTC', maintenance_window_hours: 1 },
  upgrade_settings: {
    target_version: 'latest',
    component: 'api',
    pre_upgrade_checks: false,
    rollback_on_failure: false,
    parallel_upgrades: 3,
  },
  resource_filters: { resource_types: [edges] },
})

/**
 * Keeps profiles whose windows open all the time, until told to stop: one that stays; one that is taken out of service and put back; and
 * some that get a target, run out of turn and are deleted over it. In the end all are out of service and nothing of them runs.
 */
export async function runProfiles(options: {
  readonly operator: Person
  readonly targets: readonly string[]
  enough(): boolean
  /** Resolves when what was given up has been made good. */
  calm(): Promise<void>
}): Promise<Owned> {
  const { operator, targets, enough, calm } = options
  const steady = await create('steady', often)
  const other = await create('now and then', seldom)
  const owned: Owned = { steady, profiles: 2, started: 0, toggled: 0, deleted: 0 }
  const [first = '', second = '', ...rest] = targets
  await assign(steady, [first, second])
  while (!enough() || owned.deleted === 0) {
    await setStatus(other, 'inactive')
    const passing = await create(`passing ${owned.profiles - 1}`, seldom)
    owned.profiles += 1
    await assign(passing, rest.slice(0, 1))
    await startNow(owned.deleted % 3 === 2 ? steady : passing)
    await sleep(1000)
    await setStatus(other, 'active')
    owned.toggled += 1
    await remove(passing)
    await sleep(1000)
  }
  // Openings that were given up are made up for then, while their windows are open.
  await calm()
  // Long enough for whatever fell due while the runtime was away.
  await sleep(settling)
  for (const profile of [other, steady]) {
    // What is unfinished when its window closes needs another one.
    while (await running(profile)) await sleep(200)
    await setStatus(profile, 'inactive')
    while (await running(profile)) await sleep(200)
  }
  return owned

  async function create(name: string, cron: string): Promise<string> {
    const definition = definitionOf(name, cron)
    const { status, body } = await operator.write<{ readonly id: string }>(profilesPath, definition)
    if (status !== 201) throw new Error(`The profile ${name} was refused: ${JSON.stringify(body)}`)
    return body.id
  }

  async function assign(profile: string, ids: readonly string[]): Promise<void> {
    const assignments = ids.map((id, place) => ({
      resource_id: id,
      resource_type: edges,
      priority: place + 1,
    }))
    const path = `${profilesPath}/${profile}/assignments`
    const { status, body } = await operator.write(path, { resource_assignments: assignments })
    if (status !== 200) throw new Error(`${ids} were not assigned: ${JSON.stringify(body)}`)
  }

  /** One that is running something already refuses, which is fine. */
  async function startNow(profile: string): Promise<void> {
    const path = `${profilesPath}/${profile}/executions`
    const { status, body } = await operator.write<{ readonly execution_id: string }>(path, { reason: 'CVE' })
    if (status !== 202) return
    owned.started += 1
    // Whoever asks faster than the reactor works would only make the batch longer that the next kill takes back.
    while (!enough() && (await operator.read(`/api/upgrades/${body.execution_id}/status`)).status !== 200)
      await sleep(200)
  }

  async function setStatus(profile: string, status: 'active' | 'inactive'): Promise<void> {
    const reply = await operator.write(`${profilesPath}/${profile}`, { status }, 'PUT')
    if (reply.status !== 200) throw new Error(`${profile} did not become ${status}: ${JSON.stringify(reply)}`)
  }

  async function remove(profile: string): Promise<void> {
    const { status, body } = await operator.write(
      `${profilesPath}/${profile}?force=true`,
      undefined,
      'DELETE',
    )
    if (status !== 200) throw new Error(`${profile} was not deleted: ${JSON.stringify(body)}`)
    owned.deleted += 1
  }

  async function running(profile: string): Promise<boolean> {
    const { body } = await operator.read<Profile>(`${profilesPath}/${profile}`)
    return body.recent_executions.some(({ status }) => status === 'running')
  }
}

/** So many milliseconds of the wall: minutes of the machine's clock. */
const settling = 6000
