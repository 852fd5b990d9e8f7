import type { Log } from '../log/log.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import type { Repeats } from '../work/repeats.ts'
import type { Duties } from './duties.ts'

/** Does again what was asked to be done over again, each by itself. */
export async function repeat<
  Services extends { readonly log: Pick<Log, 'commits'>; readonly repeats: Repeats },
>({ single }: Duties<Services>, services: Services): Promise<void> {
  const each = new OnTheirOwn()
  await each.each(
    await services.repeats.list(),
    1,
    async ({ duty: name, stream, commit: number }) => {
      const duty = single.find((candidate) => candidate.name === name)
      const commits = services.log.commits(stream, { from: number, to: number, consistent: true })
      for await (const commit of commits) await duty?.act(commit, services)
    },
    ({ duty, stream, commit }) => `${duty} on ${stream}@${commit}`,
  )
  each.end()
}
