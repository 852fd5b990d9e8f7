import { expect } from 'vitest'
import type { Client } from './client.ts'

const base = '/api/v1/upgrade-profiles'

/** An execution as the history tells it (P7), as far as the tests read it. */
export interface Execution {
  readonly execution_id: string
  readonly started_at: string
  readonly completed_at: string | null
  readonly duration_minutes: number | null
  readonly status: string
  readonly target_version: string
  readonly resources_targeted: number
  readonly resources_successful: number
  readonly resources_failed: number
  readonly failure_reasons: readonly { readonly error_code: string; readonly affected_resources: number }[]
  readonly resource_results: readonly { readonly resource_id: string; readonly status: string }[]
  readonly metrics: { readonly peak_concurrent_upgrades: number; readonly rollback_count: number }
}

interface History {
  /** The latest first. */
  readonly executions: readonly Execution[]
  readonly summary: { readonly total_executions: number; readonly success_rate: number | null }
}

/** A profile in detail (P3), as far as the tests read it. */
interface Detail {
  readonly status: string
  readonly schedule: { readonly next_runs: readonly string[]; readonly human_readable: string }
  readonly statistics: Readonly<Record<string, number | string | null>>
  readonly recent_windows: readonly Readonly<Record<string, unknown>>[]
  readonly recent_executions: readonly Readonly<Record<string, unknown>>[]
  readonly current_resources: readonly { readonly id: string; readonly current_version: string | null }[]
}

/** One attempt on one resource, from its assignment to its end. */
export interface Upgraded {
  readonly customer_id: string
  readonly to_version: string
  readonly status: string
  readonly started_at: string
  readonly completed_at: string | null
}

/** A profile that a test has created, seen through the API. */
export class Profile {
  readonly id: string
  /** What the creation was answered with. */
  readonly created: Readonly<Record<string, unknown>>
  readonly #client: Client

  private constructor(client: Client, created: { readonly id: string }) {
    this.#client = client
    this.id = created.id
    this.created = { ...created }
  }

  static async create(client: Client, definition: object): Promise<Profile> {
    return new Profile(client, (await client.write<{ readonly id: string }>(base, definition)).body)
  }

  async update(updates: object): Promise<void> {
    const { status, body } = await this.#client.send('PUT', `${base}/${this.id}`, { body: updates })
    expect([status, status === 200 ? '' : body]).toEqual([200, ''])
  }

  /** Starts an execution now (P12); returns its id. */
  async execute(reason: string): Promise<string> {
    const path = `${base}/${this.id}/executions`
    return (await this.#client.write<{ readonly execution_id: string }>(path, { reason })).body.execution_id
  }

  async assign(ids: readonly string[], type: string): Promise<void> {
    const resource_assignments = ids.map((resource_id) => ({ resource_id, resource_type: type }))
    const path = `${base}/${this.id}/assignments`
    const { body } = await this.#client.write(path, { resource_assignments })
    expect(body).toMatchObject({ assignments_created: ids.length, assignments_failed: 0 })
  }

  history(query = ''): Promise<History> {
    return this.#client.read<History>(`${base}/${this.id}/history${query}`)
  }

  detail(): Promise<Detail> {
    return this.#client.read<Detail>(`${base}/${this.id}`)
  }

  /** Has it had so many executions, none of which runs any more? */
  async hasRun(times: number): Promise<boolean> {
    const { executions } = await this.history()
    return executions.length >= times && executions.every(({ status }) => status !== 'running')
  }

  /** Returns the executions that began in the window of an opening, the earliest first. */
  async executionsOf(opening: string): Promise<readonly Execution[]> {
    return (await this.history(`?start_date=${opening}`)).executions.toReversed()
  }

  /** Returns every attempt of an execution, the earliest first. */
  async upgraded({ execution_id }: Pick<Execution, 'execution_id'>): Promise<Upgraded[]> {
    const { logs } = await this.#client.read<{ readonly logs: readonly Upgraded[] }>(
      `/api/upgrades/${execution_id}/logs?limit=100`,
    )
    return logs.toSorted((a, b) => (a.started_at < b.started_at ? -1 : 1))
  }
}

/** Returns what began or ended outside `[opening, opening + hours)`. */
export function outside(upgraded: readonly Upgraded[], opening: string, hours: number): readonly Upgraded[] {
  const end = new Date(Date.parse(opening) + hours * 3_600_000).toISOString()
  return upgraded.filter(
    ({ started_at, completed_at }) => started_at < opening || (completed_at ?? '~') >= end,
  )
}

/** Returns what a target runs of the component that bears the name of its type. */
export async function versionOf(client: Client, id: string): Promise<string | undefined> {
  const target = await client.read<{
    readonly type: string
    readonly components: Readonly<Record<string, string>>
  }>(`/api/v1/targets/${id}`)
  return target.components[target.type]
}

/** Registers a release of each component. */
export async function release(client: Client, version: string, ...components: string[]): Promise<void> {
  for (const component of components)
    await client.write('/api/v1/releases', { component, version, digest: `sha256:${'1f'.repeat(32)}` })
}

/** Returns so many targets of one type, which run `from` of the component of the same name. */
export function targets(type: string, count: number, facts: object = {}, from = '4.1.0') {
  const { name = type, ...rest } = facts as { readonly name?: string } // the rest are facts of the registration
  return Array.from({ length: count }, (_, number) => ({
    id: `${name}-${number + 1}`,
    type,
    components: { [type]: from },
    ...rest,
  }))
}
