import { box } from '../pictures/graph.ts'
import { often, useRead } from '../use.ts'
import { spoken } from '../words.ts'
import { Card, Instant, Status } from './basic.tsx'
import { Box, Picture } from './graph-node.tsx'
import { Scrolling } from './scrolling.tsx'

const gap = 28

/** The steps of the procedure that drives the attempt on a target, there and back, with how far it is. */
export function Procedure({ target }: { readonly target: string }) {
  const { value } = useRead('getSteps', { params: { id: target } }, often)
  if (!value || value.attempt === null || value.steps.length === 0) return null
  const ways = (['there', 'back'] as const).map((direction) => ({
    direction,
    steps: value.steps.filter((step) => step.direction === direction),
  }))
  const shown = ways.filter(({ steps }) => steps.length > 0)
  const longest = Math.max(...shown.map(({ steps }) => steps.length))
  const width = longest * (box.width + gap) - gap
  const height = shown.length * (box.height + 34)
  return (
    <Card
      title={`Procedure ${value.procedure ?? ''}, revision ${value.revision ?? ''}`}
      beside={value.outcome !== null && <Status of={value.outcome} />}
    >
      <Scrolling name="scroll" label="Graph of the procedure">
        <Picture width={width} height={height} label="Steps of the procedure">
          {shown.map(({ direction, steps }, row) => {
            const y = row * (box.height + 34) + 22
            return (
              <g key={direction}>
                <text class="way" x="0" y={y - 9}>
                  {direction === 'there' ? 'There' : 'The way back'}
                </text>
                {steps.map(({ step, name, status, ask, output }, column) => {
                  const x = column * (box.width + gap)
                  return (
                    <g key={step} class={`node ${stepTone(status)}`}>
                      <title>{[name, spoken(status), ask, output].filter(Boolean).join(': ')}</title>
                      {column > 0 && <path class="edge" d={`M${x - gap} ${y + box.height / 2}h${gap}`} />}
                      <Box name={name} x={x} y={y} />
                    </g>
                  )
                })}
              </g>
            )
          })}
        </Picture>
      </Scrolling>
      <ul class="steps">
        {value.steps
          .filter(({ ask, code }) => ask !== null || code !== null)
          .map(({ step, name, direction, ask, code, output, startedAt }) => (
            <li key={`${direction} ${step}`}>
              <b>{name}</b> {ask} {code !== null && <code>{code}</code>} {output}{' '}
              <span class="quiet">
                <Instant at={startedAt} />
              </span>
            </li>
          ))}
      </ul>
    </Card>
  )
}

const stepTones: Readonly<Record<string, string>> = {
  ...{ done: 'good', failed: 'bad', running: 'busy', held: 'waits', unknown: 'odd' },
}

function stepTone(status: string): string {
  return stepTones[status] ?? 'quiet'
}
