import { useState } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { Ask, BreakGlass, Reason, reasonOfRollback, textOf } from '../parts/ask.tsx'
import { Card, Empty, Head, Instant, Shown, Status } from '../parts/basic.tsx'
import { Forecast } from '../parts/forecast.tsx'
import { Machine } from '../parts/machine.tsx'
import { RolloutPlans } from '../parts/rollout-plans.tsx'
import { Scrolling } from '../parts/scrolling.tsx'
import { Slider } from '../parts/slider.tsx'
import { Story, useStory } from '../parts/story.tsx'
import { Bar } from '../parts/waves.tsx'
import { isOver, mayTry, type RolloutAction, rolloutActions } from '../pictures/actions.ts'
import { columnsOf } from '../pictures/phases.ts'
import { stopsOf } from '../pictures/timeline.ts'
import type { Place } from '../router.ts'
import { to } from '../router.ts'
import { often, seldom, useRead, useSigned } from '../use.ts'
import { counted, holdTitle, spoken } from '../words.ts'
import { Holds } from './upgrade.tsx'

type Rollout = AnswerOf<'getRollout'>

/** All rollouts, or one of them. */
export function Rollouts({ place }: { readonly place: Place }) {
  const [, id] = place.parts
  return id === undefined ? <List /> : <OneRollout key={id} id={id} />
}

function List() {
  const reading = useRead('listRollouts', { query: { limit: 50 } }, often)
  return (
    <>
      <Head title="Rollouts" />
      <Shown reading={reading}>
        {({ rollouts }) =>
          rollouts.length === 0 ? (
            <Empty>
              <h2>No rollout yet</h2>
              <p>
                A rollout takes several components in the order of what they depend on, from one plan file:{' '}
                <code>drydock rollouts start</code>.
              </p>
            </Empty>
          ) : (
            <ul class="rows">
              {rollouts.map(
                ({ rolloutId, name, kind, status, phasesEnded, phaseCount, requestedBy, requestedAt }) => (
                  <li key={rolloutId}>
                    <a class="row" href={to(['rollouts', rolloutId])}>
                      <span class="row-title">
                        <b>{name}</b>
                        {kind !== 'deploy' && <span class="tag">{spoken(kind)}</span>}
                        <Status of={status} />
                      </span>
                      <span class="row-foot">
                        <span>
                          {phasesEnded} of {counted(phaseCount, 'phase')} over
                        </span>
                        <span class="quiet">
                          {requestedBy}, <Instant at={requestedAt} />
                        </span>
                      </span>
                    </a>
                  </li>
                ),
              )}
            </ul>
          )
        }
      </Shown>
    </>
  )
}

function OneRollout({ id }: { readonly id: string }) {
  const [at, setAt] = useState<string>()
  const reading = useRead('getRollout', { params: { id }, query: { at } }, at === undefined ? often : seldom)
  const story = useStory('getRolloutEvents', id, often)
  const told = story.value ?? []
  const until = at === undefined ? told : told.filter((one) => one.at <= at)
  return (
    <Shown reading={reading}>
      {(rollout) => (
        <>
          <Head title={rollout.name} beside={<Status of={rollout.status} />}>
            <p class="under">
              {counted(rollout.phases.length, 'phase')}, {counted(rollout.total, 'target')}, asked for by{' '}
              {rollout.requestedBy}, <Instant at={rollout.requestedAt} />
              {rollout.reason !== null && <>: “{rollout.reason}”</>}
            </p>
          </Head>
          <Slider stops={stopsOf(told)} at={at} go={setAt} />
          <Holds holds={rollout.holds} />
          {rollout.failure && <p class="notice bad">{rollout.failure.detail}</p>}
          {at === undefined && <Deeds rollout={rollout} done={reading.again} />}
          {!isOver(rollout) && <Forecast operation="forecastRollout" id={id} at={at} />}
          <Card title="Phases">
            <Scrolling
              name="scroll"
              label="Phases, from left to right"
              present={rollout.phases.find(isAtWork)?.name}
            >
              <ol class="phases">
                {columnsOf(rollout.phases).map((column) => (
                  <li key={column[0]?.name}>
                    {column.map((phase) => (
                      <div class={isAtWork(phase) ? 'phase present' : 'phase'} key={phase.name}>
                        <span class="row-title">
                          {phase.upgradeId === null ? (
                            <b>{phase.name}</b>
                          ) : (
                            <a href={to(['upgrades', phase.upgradeId])}>{phase.name}</a>
                          )}
                          <Status of={phase.status} />
                        </span>
                        <Bar of={{ ...phase, unreachable: 0 }} />
                        <span class="quiet">
                          {phase.completed} of {phase.total} done
                          {phase.failed > 0 && `, ${phase.failed} failed`}
                          {phase.skipped > 0 && `, ${phase.skipped} left out`}
                        </span>
                        {phase.holds.map(({ code }) => (
                          <span class="held" key={code}>
                            {holdTitle(code)}
                          </span>
                        ))}
                        {phase.dependsOn.length > 0 && (
                          <small class="quiet">after {phase.dependsOn.join(', ')}</small>
                        )}
                      </div>
                    ))}
                  </li>
                ))}
              </ol>
            </Scrolling>
            {!isOver(rollout) && <RolloutPlans story={until} />}
          </Card>
          <Card title="Timeline">
            <Shown reading={story}>{() => <Story told={until} />}</Shown>
          </Card>
          <Machine of="rollout" move={rollout.position.move} status={rollout.status} story={until} />
        </>
      )}
    </Shown>
  )
}

/** Has a phase begun, and is not over? */
function isAtWork({ startedAt, completedAt }: Rollout['phases'][number]): boolean {
  return startedAt !== null && completedAt === null
}

function toneOfAction(action: RolloutAction): string {
  if (['rejectRollout', 'rollBackRollout', 'abortRollout'].includes(action)) return 'danger'
  return ['approveRollout', 'continueRollout', 'resumeRollout'].includes(action) ? 'primary' : ''
}

function Deeds({ rollout, done }: { readonly rollout: Rollout; done(): void }) {
  const { api, session } = useSigned()
  const [asked, setAsked] = useState<(typeof rolloutActions)[number]>()
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
              onClick={() => setAsked(action)}
            >
              {action[1]}
            </button>
          ))}
      </div>
      {asked && (
        <Ask
          title={`${asked[1]}: ${rollout.name}`}
          yes={asked[1]}
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
          {asked[0] === 'rollBackRollout' && <BreakGlass />}
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
            <Reason needed={asked[0] === 'rejectRollout' || asked[0] === 'continueRollout'} />
          )}
        </Ask>
      )}
    </>
  )
}
