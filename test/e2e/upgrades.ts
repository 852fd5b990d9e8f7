import { expect } from 'vitest'
import type { Client } from './client.ts'
import { eventually } from './patience.ts'

/** C2, as far as the tests read it. */
export interface Status {
  readonly upgradeId: string
  readonly total: number
  readonly completed: number
  readonly failed: number
  readonly inProgress: number
  readonly skipped: number
  readonly unreachable: number
  readonly status: string
  readonly wave: number
  readonly startedAt: string | null
  readonly completedAt: string | null
  readonly holds: readonly { readonly code: string; readonly ref: string | null; readonly unblock: string }[]
}

export interface Logs {
  readonly count: number
  readonly nextCursor: string | null
  readonly logs: readonly {
    readonly id: string
    readonly customer_id: string
    readonly status: string
    readonly output: string | null
    readonly error: string | null
  }[]
}

export interface Told {
  readonly commit: number
  readonly at: string
  readonly actor: string
  readonly sentence: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Waits until the status of an upgrade matches; `commit` is the last one that the caller has written to it. */
export function statusOf(
  client: Client,
  upgradeId: string,
  expected: object,
  commit: string | null = null,
): Promise<Status> {
  return eventually(
    () => client.read<Status>(`/api/upgrades/${upgradeId}/status`, commit),
    (status) => expect(status).toMatchObject(expected),
  )
}

/** Waits until an upgrade has come to its end, whichever. */
export function ended(client: Client, upgradeId: string, expected: object): Promise<Status> {
  return statusOf(client, upgradeId, { completedAt: expect.any(String), ...expected })
}

/** Returns the whole story of an upgrade. */
export async function storyOf(client: Client, upgradeId: string, at?: string): Promise<Told[]> {
  const told: Told[] = []
  let cursor: string | null = '1'
  while (cursor !== null) {
    const query: string = `limit=100&cursor=${cursor}${at === undefined ? '' : `&at=${at}`}`
    const page: { readonly events: readonly Told[]; readonly nextCursor: string | null } = await client.read(
      `/api/upgrades/${upgradeId}/events?${query}`,
    )
    told.push(...page.events)
    cursor = page.nextCursor
  }
  return told
}

/** Returns the types of the events of an upgrade, in order. */
export async function typesOf(client: Client, upgradeId: string): Promise<string[]> {
  return (await storyOf(client, upgradeId)).map(({ type }) => type)
}
