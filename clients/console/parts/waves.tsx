import {
  barOf,
  type CellState,
  type Counts,
  cellStates,
  cellWords,
  countsOf,
  countsOfWhole,
  saidOf,
  squaresOf,
  type Wave,
  type Waving,
} from '../pictures/waves.ts'

/** More targets than this are a bar: squares that nobody can tell apart say nothing. */
const mostSquares = 10_000

/** How far all of an upgrade is, as one bar. */
export function Bar({ of }: { readonly of: Parameters<typeof countsOfWhole>[0] }) {
  return <Stretches counts={countsOfWhole(of)} />
}

function Stretches({ counts }: { readonly counts: Counts }) {
  return (
    <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label={saidOf(counts)}>
      {barOf(counts).map(({ state, from, width }) => (
        <rect key={state} class={`cell ${state}`} x={from} y="0" width={width} height="1" />
      ))}
    </svg>
  )
}

/** Every wave with its targets, each a square in the colour of its state. */
export function Waves({ of }: { readonly of: Waving }) {
  const all = countsOf(of)
  return (
    <>
      <ol class="waves">
        {of.waves.map((wave, index) => (
          <OneWave
            key={wave.wave}
            wave={wave}
            counts={all[index] as Counts}
            isPresent={wave.wave === of.wave}
          />
        ))}
      </ol>
      <Legend shown={cellStates.filter((state) => all.some((counts) => counts[state] > 0))} />
    </>
  )
}

function OneWave({
  wave,
  counts,
  isPresent,
}: {
  readonly wave: Wave
  readonly counts: Counts
  readonly isPresent: boolean
}) {
  const columns = wave.size > 2000 ? 100 : wave.size > 200 ? 50 : 25
  const { rows, paths } = squaresOf(wave.size > mostSquares ? { ...counts, ...none } : counts, columns)
  return (
    <li class={isPresent ? 'wave present' : 'wave'}>
      <div class="wave-head">
        <b>
          Wave {wave.wave}
          {wave.group !== null && ` · ${wave.group}`}
        </b>
        <span>{saidOf(counts)}</span>
      </div>
      {wave.size > mostSquares ? (
        <Stretches counts={counts} />
      ) : (
        <svg
          class="squares"
          viewBox={`0 0 ${columns} ${Math.max(rows, 1)}`}
          role="img"
          aria-label={`Wave ${wave.wave}: ${saidOf(counts)}`}
        >
          {paths.map(({ state, d }) => (
            <path key={state} class={`cell ${state}`} d={d} />
          ))}
        </svg>
      )}
    </li>
  )
}

const none: Counts = { succeeded: 0, failed: 0, unreachable: 0, skipped: 0, inFlight: 0, waiting: 0 }

function Legend({ shown }: { readonly shown: readonly CellState[] }) {
  return (
    <ul class="legend" aria-hidden="true">
      {shown.map((state) => (
        <li key={state}>
          <i class={`swatch ${state}`} />
          {cellWords[state]}
        </li>
      ))}
    </ul>
  )
}
