import { useEffect, useRef, useState } from 'preact/hooks'
import type { Told } from '../answers.ts'
import { joined, readable } from '../pictures/timeline.ts'
import { type Reading, useRepeated, useSigned } from '../use.ts'
import { clock, instant, sentence } from '../words.ts'
import { Scrolling } from './scrolling.tsx'

/** So many events are read. */
const mostEvents = 2000
const shownAtFirst = 100

/** Reads the story of an upgrade or a rollout, and what is added to it. */
export function useStory(
  operation: 'getUpgradeEvents' | 'getRolloutEvents',
  id: string,
  every: number,
): Reading<readonly Told[]> {
  const { api } = useSigned()
  const known = useRef<{ readonly id: string; readonly told: readonly Told[] }>({ id, told: [] })
  const read = async () => {
    if (known.current.id !== id) known.current = { id, told: [] }
    let told = known.current.told
    for (
      let cursor: string | null = String((told.at(-1)?.commit ?? 0) + 1);
      cursor !== null && told.length < mostEvents;
    ) {
      const page: { readonly events: readonly Told[]; readonly nextCursor: string | null } = await api.read(
        operation,
        {
          params: { id },
          query: { limit: 100, cursor },
        },
      )
      told = joined(told, page.events)
      cursor = page.nextCursor
    }
    known.current = { id, told }
    return told
  }
  return useRepeated(read, `${operation} ${id}`, every)
}

/** What has happened, the latest first. */
export function Story({ told }: { readonly told: readonly Told[] }) {
  const [most, setMost] = useState(shownAtFirst)
  const all = readable(told)
  useEffect(() => setMost(shownAtFirst), [])
  const shown = all.slice(-most).reverse()
  return (
    <Scrolling name="story" label="Timeline">
      {told.length >= mostEvents && (
        <p class="notice waits">
          This is how it began: what came after the first {mostEvents.toLocaleString('en')} events is not read
          here.
          <code>drydock events ID</code> tells all of them.
        </p>
      )}
      <ol>
        {shown.map(({ at, commit, actor, sentence: words }, index) => (
          <li key={`${commit} ${index}`}>
            <time dateTime={at} title={instant(at)}>
              {clock(at)}
            </time>
            <span>
              {sentence(words)}
              <small>
                {actor}, commit {commit}
              </small>
            </span>
          </li>
        ))}
      </ol>
      {all.length > most && (
        <button type="button" onClick={() => setMost(most + shownAtFirst)}>
          Earlier
        </button>
      )}
    </Scrolling>
  )
}
