import { type PublicDetail, publicDetails } from '../../events/public.ts'
import { refOf, streamOf } from '../../events/stream.ts'
import { instantOf } from '../../events/time.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { Telling } from './deliver.ts'

/** Is it a type of public events? */
export function isPublic(type: string): boolean {
  return Object.hasOwn(publicDetails, type)
}

/** Returns what a destination is told to be tried, by whom, at an instant in milliseconds since the epoch: an upgrade that there is not. */
export function sampleOf(by: string, now: number): Telling {
  const stream = streamOf(upgradeAggregate.name, 'sample')
  const detail: PublicDetail = {
    // One of its own each time: who knows the last sample by its id takes this one too.
    ...{ id: `${refOf(stream, 1)}.${now}`, type: 'UpgradeCompleted', stream, commit: 1 },
    ...{ occurredAt: instantOf(now), actor: by, correlation: 'sample', upgradeId: 'sample' },
    links: { self: '/api/upgrades/sample' },
    data: { exceptions: false },
  }
  return {
    detail,
    notice: {
      ...{ severity: 'info', title: 'A sample of Drydock', version: null, question: null, link: '/console' },
      lines: ['This destination works: what happens is told here.'],
      facts: [['Sent by', by]],
    },
    changelog: [],
  }
}
