import { seldom, useRead } from '../use.ts'
import { spoken } from '../words.ts'
import { Shown } from './basic.tsx'
import { Holds } from './holds.tsx'
import { RolloutDeeds } from './rollout-deeds.tsx'
import { RolloutPlans } from './rollout-plans.tsx'
import { Scrolling } from './scrolling.tsx'
import { useStory } from './story.tsx'

/** The rollout that waits: its phases, whom their plans leave out, and what may be done. */
export function WaitingRollout({ id, again }: { readonly id: string; again(): void }) {
  const reading = useRead('getRollout', { params: { id } }, seldom)
  const story = useStory('getRolloutEvents', id, seldom)
  return (
    <Shown reading={reading}>
      {(rollout) => (
        <>
          <Holds holds={rollout.holds} />
          <Scrolling name="scroll" label="Phases">
            <table>
              <thead>
                <tr>
                  <th>Phase</th>
                  <th>After</th>
                  <th>Status</th>
                  <th class="number">Targets</th>
                  <th class="number">Done</th>
                  <th class="number">Failed</th>
                </tr>
              </thead>
              <tbody>
                {rollout.phases.map(({ name, dependsOn, status, total, completed, failed }) => (
                  <tr key={name}>
                    <td>{name}</td>
                    <td>{dependsOn.join(', ') || '–'}</td>
                    <td>{spoken(status)}</td>
                    <td class="number">{total.toLocaleString('en')}</td>
                    <td class="number">{completed.toLocaleString('en')}</td>
                    <td class="number">{failed.toLocaleString('en')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolling>
          <Shown reading={story}>{(told) => <RolloutPlans story={told} />}</Shown>
          <RolloutDeeds
            rollout={rollout}
            done={() => {
              reading.again()
              again()
            }}
          />
        </>
      )}
    </Shown>
  )
}
