import { readFileSync } from 'node:fs'
import type { Commit } from '../../events/envelope.ts'
import { publicData } from '../../events/public.ts'
import { publicDetailsOf } from '../../functions/reactor/publishing/public-detail.ts'

type Samples = Record<string, Record<string, Record<string, object>>>
const golden: Samples = JSON.parse(readFileSync(new URL('../events/golden.json', import.meta.url), 'utf8'))

/** Returns a commit with these events, as the log keeps it. */
export function commitOf(
  stream: string,
  ...events: readonly { type: string; schema: number; data: object }[]
): Commit {
  return {
    ...{ stream, commit: 7, version: 9, count: events.length, id: 'c', at: '2026-01-11T02:00:00.000Z' },
    ...{ actor: 'ada', correlation: 'r1', hash: '' },
    events: events.map(({ data, ...event }) => ({ ...event, data: JSON.stringify(data) })),
  }
}

/** A golden sample of an event. */
interface Sample {
  readonly aggregate: keyof typeof publicData
  readonly type: string
  readonly schema: number
  readonly data: object
}

const aggregates = Object.keys(publicData) as Sample['aggregate'][] // Object.keys forgets which keys

/** Every version of every event of the aggregates that integrations hear of. */
export const samples: readonly Sample[] = aggregates.flatMap((aggregate) =>
  Object.entries(golden[aggregate] ?? {}).flatMap(([type, versions]) =>
    Object.entries(versions).map(([version, data]) => ({ aggregate, type, schema: Number(version), data })),
  ),
)

const uuid = '4544f43a-6f93-4d76-afdf-fe5e6139f6dd'
/** What one of each aggregate is called. */
const ids = {
  upgrade: uuid,
  rollout: uuid,
  profile: uuid,
  release: 'api@1.2.0',
  target: 'cust_0001',
} as const

/** Returns what integrations hear of a sample. */
export function published({ aggregate, ...event }: Sample) {
  return publicDetailsOf(commitOf(`${aggregate}#${ids[aggregate]}`, event))
}
