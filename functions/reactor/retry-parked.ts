import type { Commit } from '../../events/envelope.ts'
import type { Log } from '../log/log.ts'
import type { Parked } from '../work/parked.ts'
import { type CollectingDuty, type Duty, holds } from './duty.ts'

interface Known {
  readonly log: Log
  readonly parked: () => Parked
  readonly duties: readonly Duty[]
  readonly collecting: readonly CollectingDuty[]
}

async function actAgain(known: Known, name: string, commit: Commit): Promise<void> {
  const duty = known.duties.find((candidate) => candidate.name === name)
  if (duty?.concerns(commit)) await duty.act(commit)
  const collector = known.collecting.find((candidate) => candidate.name === name)
  const group = collector?.collectedBy(commit)
  if (collector && group !== undefined) await collector.act(group, [commit])
}

/**
 * An upgrade wants to be asked again later, which each live one does at least daily: the occasion on which duties that were set aside are
 * tried again, on all commits of their streams since.
 */
export function retryParked(known: Known): Duty {
  const names = new Set([...known.duties, ...known.collecting].map(({ name }) => name))
  return {
    name: 'retry-parked',
    concerns: (commit) => holds(commit, 'WakeUpMoved'),
    async act() {
      for (const { duty, stream, commit: from } of await known.parked().list()) {
        if (!names.has(duty)) continue
        try {
          for await (const commit of known.log.commits(stream, { from, consistent: true })) {
            await actAgain(known, duty, commit)
          }
        } catch {
          // It stays parked, with the error that parked it.
          continue
        }
        await known.parked().clear(duty, stream)
      }
    },
  }
}
