import { useState } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { mayTry, needsGlass, type RolloutAction, rolloutActions } from '../pictures/actions.ts'
import { to } from '../router.ts'
import { useSigned } from '../use.ts'
import { Ask, BreakGlass, Reason, reasonOfRollback, textOf } from './ask.tsx'

type Rollout = AnswerOf<'getRollout'>

function toneOfAction(action: RolloutAction): string {
  if (['rejectRollout', 'rollBackRollout', 'abortRollout'].includes(action)) return 'danger'
  return ['approveRollout', 'continueRollout', 'resumeRollout'].includes(action) ? 'primary' : ''
}

function wordsOf([action, words]: (typeof rolloutActions)[number], rollout: Rollout): string {
  return needsGlass(action, rollout) ? `${words} (break-glass)` : words
}

/** What can be done with a rollout, as buttons. */
export function RolloutDeeds({ rollout: present, done }: { readonly rollout: Rollout; done(): void }) {
  const { api, session } = useSigned()
  const [asked, setAsked] = useState<(typeof rolloutActions)[number]>()
  // As it stood when somebody asked: what they are shown is what they decide, whatever is read meanwhile.
  const [shown, setShown] = useState(present)
  const rollout = asked ? shown : present
  const asking = { params: { id: rollout.rolloutId } }
  const act = async (deed: RolloutAction, form: FormData) => {
    const reason = textOf(form, 'reason')
    const given = reason === '' ? {} : { reason }
    if (deed === 'approveRollout')
      return api.write(deed, asking, {
        planHash: rollout.planHash ?? '',
        comment: reason === '' ? null : reason,
      })
    if (deed === 'rejectRollout') return api.write(deed, asking, { reason })
    if (deed === 'abortRollout')
      return api.write(deed, asking, { ...given, rollBack: form.get('rollBack') === 'yes' })
    if (deed === 'pauseRollout') return api.write(deed, asking, given)
    if (deed === 'rollBackRollout') {
      const phase = textOf(form, 'phase')
      const { rolloutId } = await api.write(deed, asking, {
        ...reasonOfRollback(form),
        ...(phase !== '' && { phases: [phase] }),
      })
      location.hash = to(['rollouts', rolloutId])
      return
    }
    if (deed === 'continueRollout') return api.write(deed, asking, { reason, phase: textOf(form, 'phase') })
    return api.write(deed, asking, {})
  }
  return (
    <>
      <div class="actions apart-below">
        {rolloutActions
          .filter(([action]) => mayTry(action, rollout, session))
          .map((action) => (
            <button
              type="button"
              key={action[0]}
              class={toneOfAction(action[0])}
              onClick={() => {
                setShown(present)
                setAsked(action)
              }}
            >
              {wordsOf(action, rollout)}
            </button>
          ))}
      </div>
      {asked && (
        <Ask
          title={`${wordsOf(asked, rollout)}: ${rollout.name}`}
          yes={wordsOf(asked, rollout)}
          danger={toneOfAction(asked[0]) === 'danger'}
          act={(form) => act(asked[0], form)}
          close={() => {
            setAsked(undefined)
            done()
          }}
        >
          {asked[0] === 'approveRollout' && (
            <p>
              You approve this plan of all phases and no other: <code>{rollout.planHash}</code>
            </p>
          )}
          {asked[0] === 'abortRollout' && (
            <label class="inline">
              <input
                type="checkbox"
                name="rollBack"
                value="yes"
                defaultChecked={rollout.status === 'aborting'}
              />
              <span>Take back what it has changed</span>
            </label>
          )}
          {asked[0] === 'rollBackRollout' && <BreakGlass only={needsGlass(asked[0], rollout)} />}
          {asked[0] === 'rollBackRollout' && (
            <label class="field">
              <span>Phase</span>
              <select name="phase">
                <option value="">all that have begun, the last first</option>
                {rollout.phases
                  .filter(({ startedAt }) => startedAt !== null)
                  .map(({ name }) => (
                    <option key={name}>{name}</option>
                  ))}
              </select>
            </label>
          )}
          {asked[0] === 'continueRollout' && (
            <label class="field">
              <span>Phase</span>
              <select name="phase">
                {rollout.phases
                  .filter(({ completedAt, passed }) => completedAt !== null && !passed)
                  .map(({ name }) => (
                    <option key={name}>{name}</option>
                  ))}
              </select>
            </label>
          )}
          {asked[0] !== 'resumeRollout' && (
            <Reason
              needed={
                asked[0] === 'rejectRollout' ||
                asked[0] === 'continueRollout' ||
                needsGlass(asked[0], rollout)
              }
            />
          )}
        </Ask>
      )}
    </>
  )
}
