import type { AnswerOf } from '../../../contracts/bodies.ts'
import { seldom, useRead } from '../use.ts'
import { holdTitle, lasting } from '../words.ts'
import { Instant } from './basic.tsx'

type Answer = AnswerOf<'forecastUpgrade'> | AnswerOf<'forecastRollout'>
type Of = AnswerOf<'planUpgrade'>['forecast']

/** When an upgrade or a rollout that goes on will end, and how often such forecasts came true. */
export function Forecast({
  operation,
  id,
  at,
}: {
  readonly operation: 'forecastUpgrade' | 'forecastRollout'
  readonly id: string
  readonly at: string | undefined
}) {
  const { value } = useRead<typeof operation>(operation, { params: { id }, query: { at } }, seldom)
  const { forecast = null, track = null }: Partial<Answer> = value ?? {}
  return forecast && <End of={forecast} track={track} />
}

/** When something will end, as a range; where nobody knows for how long it waits for somebody, how long it takes beside that. */
export function End({ of, track }: { readonly of: Of; readonly track: Answer['track'] }) {
  const { ends, seconds, waitsFor } = of
  if (seconds === null) return null
  const { earliest, likely, latest } = seconds
  const waits = waitsFor.map(({ code, times }) => `${holdTitle(code)}${times > 1 ? ` (${times} times)` : ''}`)
  return (
    <p class="hint">
      {ends !== null ? (
        <>
          Ends about <Instant at={ends.likely} />, from <Instant at={ends.earliest} /> to{' '}
          <Instant at={ends.latest} />.
        </>
      ) : earliest === null || likely === null || latest === null ? (
        <>No end is known.</>
      ) : (
        <>
          Takes about {lasting(likely)} more, from {lasting(earliest)} to {lasting(latest)}, beside what it
          waits for.
        </>
      )}{' '}
      {waits.length > 0 && <>{waits.join('; ')}. </>}
      {track !== null && track.judged > 0 && (
        <span class="quiet">
          {track.inside} of the last {track.judged} forecasts came true.
        </span>
      )}
    </p>
  )
}
