import { useState } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import { rolloutBackPhrase } from '../../../contracts/rollout-phrases.ts'
import { Card, Empty, Head, Instant, NewestFirst, Shown, Status } from '../parts/basic.tsx'
import { Forecast } from '../parts/forecast.tsx'
import { Holds } from '../parts/holds.tsx'
import { Machine } from '../parts/machine.tsx'
import { RolloutDeeds } from '../parts/rollout-deeds.tsx'
import { RolloutPlans } from '../parts/rollout-plans.tsx'
import { Scrolling } from '../parts/scrolling.tsx'
import { Slider } from '../parts/slider.tsx'
import { Story, useStory } from '../parts/story.tsx'
import { TakenBack } from '../parts/taken-back.tsx'
import { Bar } from '../parts/waves.tsx'
import { isOver } from '../pictures/actions.ts'
import { columnsOf } from '../pictures/phases.ts'
import { stopsOf } from '../pictures/timeline.ts'
import type { Place } from '../router.ts'
import { to } from '../router.ts'
import { often, seldom, useRead } from '../use.ts'
import { counted, holdTitle, spoken } from '../words.ts'

type Rollout = AnswerOf<'getRollout'>

/** All rollouts, or one of them. */
export function Rollouts({ place }: { readonly place: Place }) {
  const [, id] = place.parts
  return id === undefined ? <List /> : <OneRollout key={id} id={id} />
}

/** All rollouts, the newest first. */
function List() {
  const [cursors, setCursors] = useState<readonly string[]>([])
  const reading = useRead('listRollouts', { query: { limit: 25, cursor: cursors.at(-1) } }, often)
  return (
    <>
      <Head title="Rollouts" />
      <Shown reading={reading}>
        {({ rollouts, nextCursor }) =>
          rollouts.length === 0 ? (
            <Empty>
              <h2>No rollout yet</h2>
              <p>
                A rollout takes several components in the order of what they depend on, from one plan file:{' '}
                <code>drydock rollouts start</code>.
              </p>
            </Empty>
          ) : (
            <NewestFirst cursors={cursors} next={nextCursor} turn={setCursors}>
              {rollouts.map((rollout) => (
                <Row key={rollout.rolloutId} rollout={rollout} />
              ))}
            </NewestFirst>
          )
        }
      </Shown>
    </>
  )
}

function Row({ rollout }: { readonly rollout: AnswerOf<'listRollouts'>['rollouts'][number] }) {
  const { rolloutId, name, kind, status, phasesEnded, phaseCount, requestedBy, requestedAt } = rollout
  const { takenBackBy } = rollout
  return (
    <li>
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
            asked for by {requestedBy}, <Instant at={requestedAt} />
          </span>
        </span>
      </a>
      {takenBackBy && (
        <TakenBack
          words={rolloutBackPhrase(takenBackBy, phaseCount)}
          of="rollouts"
          by={takenBackBy.rolloutId}
        />
      )}
    </li>
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
            {rollout.takenBackBy && (
              <TakenBack
                words={rolloutBackPhrase(rollout.takenBackBy, rollout.phases.length)}
                of="rollouts"
                by={rollout.takenBackBy.rolloutId}
              />
            )}
          </Head>
          <Slider stops={stopsOf(told)} at={at} go={setAt} />
          <Holds holds={rollout.holds} />
          {rollout.failure && <p class="notice bad">{rollout.failure.detail}</p>}
          {at === undefined && <RolloutDeeds rollout={rollout} done={reading.again} />}
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
