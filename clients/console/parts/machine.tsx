import { useMemo } from 'preact/hooks'
import { box, type Definition, graphOf, stateOfMove } from '../pictures/graph.ts'
import { useRepeated } from '../use.ts'
import { Card, Shown } from './basic.tsx'
import { Scrolling } from './scrolling.tsx'

/** Of the definitions, which change with a deployment alone; in milliseconds. */
const everyHour = 3_600_000

/** The state machine that drives something, with the state in which its execution is. */
export function Machine({ of, move }: { readonly of: 'upgrade' | 'rollout'; readonly move: string }) {
  const reading = useRepeated(
    async (): Promise<Definition> => (await fetch(`/console/machines/${of}.json`)).json(),
    of,
    everyHour,
  )
  return (
    <Card title="State machine" beside={<span class="quiet">where its execution is, as the log says</span>}>
      <Shown reading={reading}>{(definition) => <Graph definition={definition} move={move} />}</Shown>
    </Card>
  )
}

function Graph({ definition, move }: { readonly definition: Definition; readonly move: string }) {
  const present = stateOfMove(definition, move)
  const { width, height, nodes, edges } = useMemo(() => graphOf(definition, present), [definition, present])
  return (
    <Scrolling name="scroll" label="Graph of the state machine">
      <svg
        class="graph"
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={`State machine; now: ${present ?? move}`}
      >
        {edges.map(({ from, to, d, kind }) => (
          <path
            key={`${from} ${to} ${kind}`}
            class={`edge ${kind}${to === present && kind === 'on' ? ' present' : ''}`}
            d={d}
          />
        ))}
        {nodes.map(({ name, type, comment, x, y, isPresent }) => (
          <g key={name} class={`node ${type.toLowerCase()}${isPresent ? ' present' : ''}`}>
            <title>{comment === '' ? name : `${name}: ${comment}`}</title>
            <rect x={x} y={y} width={box.width} height={box.height} rx={type === 'Choice' ? 18 : 7} />
            <text x={x + box.width / 2} y={y + box.height / 2}>
              {name.length > 25 ? `${name.slice(0, 24)}…` : name}
            </text>
          </g>
        ))}
      </svg>
    </Scrolling>
  )
}
