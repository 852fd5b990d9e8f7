import { useState } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { rolesFor } from '../../../contracts/routes.ts'
import { useSigned } from '../use.ts'
import { Ask, Reason, textOf } from './ask.tsx'

type Step = AnswerOf<'getSteps'>['steps'][number]

/** What can be said of a step of which nobody knows whether it was done. */
const ends = [
  ['done', 'It was done'],
  ['failed', 'It failed'],
  ['again', 'Do it again'],
] as const

/** What a person may say of a step that waits for one. */
export function HeldStep({
  target,
  attempt,
  step: { step, name, why, ask },
  said,
}: {
  readonly target: string
  readonly attempt: string
  readonly step: Step
  said(): void
}) {
  const { api, session } = useSigned()
  const [asked, setAsked] = useState<'acknowledge' | (typeof ends)[number]>()
  const may = (operation: 'acknowledgeStep' | 'settleStep') =>
    session.roles.some((role) => rolesFor(operation).includes(role))
  const params = { id: target, step }
  const act = (form: FormData) => {
    const reason = textOf(form, 'reason')
    return asked === 'acknowledge' || asked === undefined
      ? api.write('acknowledgeStep', { params }, { attempt, ...(reason !== '' && { comment: reason }) })
      : api.write('settleStep', { params }, { attempt, as: asked[0], reason })
  }
  const operation = why === 'acknowledgement' ? 'acknowledgeStep' : 'settleStep'
  if (why !== 'acknowledgement' && why !== 'unknown') return null
  return (
    <div class="actions">
      {why === 'acknowledgement' ? (
        <button
          type="button"
          class="primary"
          disabled={!may(operation)}
          onClick={() => setAsked('acknowledge')}
        >
          It may go on
        </button>
      ) : (
        ends.map((end) => (
          <button type="button" key={end[0]} disabled={!may(operation)} onClick={() => setAsked(end)}>
            {end[1]}
          </button>
        ))
      )}
      {!may(operation) && <span class="quiet">Only for {rolesFor(operation).join(', ')}.</span>}
      {asked !== undefined && (
        <Ask
          title={`${asked === 'acknowledge' ? 'It may go on' : asked[1]}: ${name}`}
          yes={asked === 'acknowledge' ? 'It may go on' : asked[1]}
          act={act}
          close={() => {
            setAsked(undefined)
            said()
          }}
        >
          <p>{ask}</p>
          <Reason label={asked === 'acknowledge' ? 'Comment' : 'Reason'} needed={asked !== 'acknowledge'} />
        </Ask>
      )}
    </div>
  )
}
