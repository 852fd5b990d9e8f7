import { useMemo } from 'preact/hooks'
import type { Told } from '../answers.ts'
import { type Definition, graphOf, stateOfMove } from '../pictures/graph.ts'
import { movesOf } from '../pictures/passed.ts'
import { useRepeated } from '../use.ts'
import { type Tone, toneOf } from '../words.ts'
import { Card, Shown } from './basic.tsx'
import { Box, Colours, Line, Picture } from './graph-node.tsx'
import { Scrolling } from './scrolling.tsx'

/** Of the definitions, which change with a deployment alone; in milliseconds. */
const everyHour = 3_600_000

/** What is shown of where an execution is. */
interface Standing {
  readonly move: string
  /** Of what it drives, by which its present state is coloured. */
  readonly status: string
  readonly story: readonly Told[]
}

/** The state machine that drives something: where its execution is, and where it has been. */
export function Machine({ of, ...standing }: Standing & { readonly of: 'upgrade' | 'rollout' }) {
  const reading = useRepeated(
    async (): Promise<Definition> => (await fetch(`/console/machines/${of}.json`)).json(),
    of,
    everyHour,
  )
  return (
    <Card title="State machine" beside={<span class="quiet">where its execution is, as the log says</span>}>
      <Shown reading={reading}>{(definition) => <Graph definition={definition} {...standing} />}</Shown>
    </Card>
  )
}

function Graph({ definition, move, status, story }: Standing & { readonly definition: Definition }) {
  const { width, height, nodes, edges } = useMemo(() => graphOf(definition), [definition])
  const present = stateOfMove(definition, move)
  const passed = new Set(movesOf(story).map((one) => stateOfMove(definition, one)))
  const tone = toneOf(status)
  const toneOfState = (name: string): Tone => (name === present ? tone : passed.has(name) ? 'good' : 'quiet')
  return (
    <>
      <Scrolling name="scroll" label="Graph of the state machine" present={present}>
        <Picture width={width} height={height} label={`State machine; now: ${present ?? move}`}>
          {edges.map(({ from, to, d, tip, kind }) => (
            <Line
              key={`${from} ${to} ${kind}`}
              d={d}
              tip={tip}
              kind={to === present && kind === 'on' ? 'present' : kind}
            />
          ))}
          {nodes.map((node) => (
            <g
              key={node.name}
              class={`node ${toneOfState(node.name)}${node.name === present ? ' present' : ''}`}
            >
              <title>{node.comment === '' ? node.name : `${node.name}: ${node.comment}`}</title>
              <Box at={node} lines={node.lines} {...(node.type === 'Choice' && { round: 18 })} />
            </g>
          ))}
        </Picture>
      </Scrolling>
      <Colours
        of={[
          [`${tone} present`, 'here now'],
          ['good', 'has been here'],
          ['quiet', 'not yet, or not needed'],
        ]}
      />
      <p class="hint after">
        A wait that takes longer than it should goes on by what the log has decided, along the dashed line.
      </p>
    </>
  )
}
