import type { Commit } from '../../events/envelope.ts'
import { isLasting } from '../errors.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Parked } from '../work/parked.ts'
import type { Duties } from './duties.ts'
import { isAnswered } from './duty.ts'

/** Why a stream has to be delivered again. */
interface Postponed {
  readonly duty: string
  readonly error: unknown
}

/**
 * Lets the duties act on a batch of commits: those of one stream in their order, streams side by side. Returns the streams (of the
 * commits given) that have to be delivered again, and why; what is known to last is parked by duty and stream, and the rest goes on.
 */
export async function runDuties<Services extends { readonly parked: Parked }>(
  commits: readonly Commit[],
  { single, collecting }: Duties<Services>,
  services: Services,
): Promise<ReadonlyMap<string, Postponed>> {
  const again = new Map<string, Postponed>()
  /** Answers whether to go on with the stream. */
  const attempt = async (
    duty: string,
    concerned: readonly Commit[],
    act: () => Promise<void>,
  ): Promise<boolean> => {
    try {
      try {
        await act()
      } catch (error) {
        if (!isLasting(error)) throw error
        for (const { stream, commit } of concerned) await services.parked.park(duty, stream, commit, error)
      }
      return true
    } catch (error) {
      // Also what could not be set aside: it is lost to nobody.
      for (const { stream } of concerned) again.set(stream, { duty, error })
      return false
    }
  }
  const tasks: (() => Promise<unknown>)[] = []
  for (const ofStream of Map.groupBy(commits, ({ stream }) => stream).values()) {
    const ordered = ofStream.toSorted((a, b) => a.commit - b.commit)
    tasks.push(async () => {
      for (const commit of ordered) {
        for (const duty of single) {
          if (!isAnswered(duty.answers, commit)) continue
          if (!(await attempt(duty.name, [commit], () => duty.act(commit, services)))) return
        }
      }
    })
  }
  for (const duty of collecting) {
    const groups = new Map<string, Commit[]>()
    for (const commit of commits) {
      if (!isAnswered(duty.answers, commit)) continue
      try {
        const group = duty.groupOf(commit)
        groups.set(group, [...(groups.get(group) ?? []), commit])
      } catch (error) {
        // One that cannot be read keeps no other from being collected.
        tasks.push(() => attempt(duty.name, [commit], () => Promise.reject(error)))
      }
    }
    for (const [group, concerned] of groups)
      tasks.push(() => attempt(duty.name, concerned, () => duty.act(group, concerned, services)))
  }
  await sideBySide(tasks, atOnce.streams, (task) => task())
  return again
}
