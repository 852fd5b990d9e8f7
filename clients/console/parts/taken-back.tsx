import { to } from '../router.ts'

/** Below a run, in a list and on its own page: in these words that it is taken back, and the way to the run by which it is. */
export function TakenBack({
  words,
  of,
  by,
}: {
  readonly words: string
  readonly of: 'upgrades' | 'rollouts'
  readonly by: string
}) {
  return (
    <p class="row-after held">
      {words} <a href={to([of, by])}>{by}</a>
    </p>
  )
}
