import { useMemo } from 'preact/hooks'
import { type Definition, graphOf, stateOfMove } from '../pictures/graph.ts'
import { useRepeated } from '../use.ts'
import { Card, Shown } from './basic.tsx'
import { Box, Picture } from './graph-node.tsx'
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
      <Picture width={width} height={height} label={`State machine; now: ${present ?? move}`}>
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
            <Box name={name} x={x} y={y} {...(type === 'Choice' && { round: 18 })} />
          </g>
        ))}
      </Picture>
    </Scrolling>
  )
}
