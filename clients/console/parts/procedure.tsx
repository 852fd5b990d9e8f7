import { useMemo } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { type Procedure as Document, ladderOf, type Node } from '../pictures/procedure.ts'
import { often, useRead } from '../use.ts'
import { spoken, type Tone } from '../words.ts'
import { Card, Instant, Shown, Status } from './basic.tsx'
import { Box, Colours, Line, Picture } from './graph-node.tsx'
import { HeldStep } from './procedure-asks.tsx'
import { Scrolling } from './scrolling.tsx'

/** Of a revision, which never changes; in milliseconds. */
const everyHour = 3_600_000

type Steps = AnswerOf<'getSteps'>

/** The procedure that drives the attempt on a target, as it is defined, with how far the attempt is. */
export function Procedure({ target }: { readonly target: string }) {
  const { value, again } = useRead('getSteps', { params: { id: target } }, often)
  if (!value || value.attempt === null || value.procedure === null || value.revision === null) return null
  const { attempt, procedure, revision } = value
  return <Attempt of={value} {...{ attempt, procedure, revision }} again={again} />
}

function Attempt({
  of,
  attempt,
  procedure,
  revision,
  again,
}: {
  readonly of: Steps
  readonly attempt: string
  readonly procedure: string
  readonly revision: number
  again(): void
}) {
  const held = of.steps.find(({ status }) => status === 'held')
  const reading = useRead('getProcedure', { params: { name: procedure }, query: { revision } }, everyHour)
  return (
    <Card
      title={`Procedure ${procedure}, revision ${revision}`}
      beside={of.outcome !== null && <Status of={of.outcome} />}
    >
      {held && (
        <div class="hold">
          <p>
            <b>{held.name}</b> {held.ask}
          </p>
          <HeldStep target={of.targetId} attempt={attempt} step={held} said={again} />
        </div>
      )}
      <Shown reading={reading}>{({ document }) => <Graph document={document as Document} of={of} />}</Shown>
      <ul class="steps">
        {of.steps
          .filter(({ code }) => code !== null)
          .map(({ step, name, direction, code, output, startedAt }) => (
            <li key={`${direction} ${step}`}>
              <b>{name}</b> <code>{code}</code> {output}{' '}
              <span class="quiet">
                <Instant at={startedAt} />
              </span>
            </li>
          ))}
      </ul>
    </Card>
  )
}

function Graph({ document, of }: { readonly document: Document; readonly of: Steps }) {
  const { width, height, nodes, lines } = useMemo(
    () => ladderOf(document, of.steps, of.outcome),
    [document, of],
  )
  const now = of.steps.find(({ status }) => status === 'running' || status === 'held')
  return (
    <>
      <Scrolling name="scroll" label="Graph of the procedure" present={now && `${now.direction} ${now.step}`}>
        <Picture
          width={width}
          height={height}
          label={now ? `Steps of the procedure; now: ${now.name}, ${now.status}` : 'Steps of the procedure'}
        >
          {lines.map(({ key, d, tip, kind, isTaken }) => (
            <Line key={key} d={d} tip={tip} kind={isTaken ? `${kind} taken` : kind} />
          ))}
          {nodes.map((node) => (
            <g key={node.key} class={`node ${node.kind} ${toneOfNode(node)}${isNow(node) ? ' present' : ''}`}>
              <title>
                {[...node.lines, ...(node.status === null ? [] : [spoken(node.status)])].join(' ')}
              </title>
              <Box
                at={node}
                lines={node.lines}
                more={node.more}
                {...(node.kind !== 'step' && { round: 17 })}
              />
            </g>
          ))}
        </Picture>
      </Scrolling>
      <Colours
        of={[
          ['good', 'done'],
          ['busy present', 'at work'],
          ['waits present', 'waits for somebody'],
          ['bad', 'failed'],
          ['odd', 'nobody knows'],
          ['quiet', 'to come, or not needed'],
        ]}
      />
      <p class="hint after">
        Dashed: what follows where a step fails. What fails on the way back stays where it is.
      </p>
    </>
  )
}

const isNow = ({ status }: Node) => status === 'running' || status === 'held'

const tones: Readonly<Record<string, Tone>> = {
  ...{ done: 'good', failed: 'bad', running: 'busy', held: 'waits', unknown: 'odd' },
  ...{ 'end:Upgraded': 'good', 'end:Taken back': 'odd', 'end:Stopped where it is': 'bad' },
}

function toneOfNode({ key, status }: Node): Tone {
  return tones[status === 'reached' ? key : (status ?? '')] ?? 'quiet'
}
