import type { Stop } from '../pictures/timeline.ts'
import { instant, sentence } from '../words.ts'

/** Looks back: the page shows what was true at an instant of the story. */
export function Slider({
  stops,
  at,
  go,
}: {
  readonly stops: readonly Stop[]
  readonly at: string | undefined
  go(at: string | undefined): void
}) {
  const last = stops.length - 1
  if (last < 1) return null
  const found = at === undefined ? last : stops.findLastIndex((stop) => stop.at <= at)
  const index = Math.max(0, found)
  const stop = stops[index]
  return (
    <section class={at === undefined ? 'card slider' : 'card slider past'} aria-label="Time">
      <label>
        <span class="hidden">Look back to</span>
        <input
          type="range"
          min="0"
          max={last}
          value={index}
          aria-valuetext={stop === undefined ? '' : `${instant(stop.at)}: ${stop.sentence}`}
          onInput={(event) => {
            const chosen = Number(event.currentTarget.value)
            go(chosen === last ? undefined : stops[chosen]?.at)
          }}
        />
      </label>
      <div class="slider-foot">
        <span>
          {at === undefined ? (
            <b>Now</b>
          ) : (
            <>
              <b>As it was</b> {stop !== undefined && instant(stop.at)}
            </>
          )}
        </span>
        <span class="quiet">{stop !== undefined && sentence(stop.sentence)}</span>
        {at !== undefined && (
          <button type="button" onClick={() => go(undefined)}>
            Back to now
          </button>
        )}
      </div>
    </section>
  )
}
