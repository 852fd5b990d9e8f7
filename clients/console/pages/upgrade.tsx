import { useState } from 'preact/hooks'
import { backPhrase } from '../../../contracts/phrases.ts'
import { attemptStatuses } from '../../../contracts/statuses.ts'
import type { Upgrade } from '../answers.ts'
import { Card, Empty, Head, Instant, Pager, Shown, Status } from '../parts/basic.tsx'
import { Deeds } from '../parts/deeds.tsx'
import { Explanation } from '../parts/explanation.tsx'
import { Failures } from '../parts/failures.tsx'
import { Forecast } from '../parts/forecast.tsx'
import { Holds } from '../parts/holds.tsx'
import { LeftOut } from '../parts/left-out.tsx'
import { Machine } from '../parts/machine.tsx'
import { ReleaseNotice } from '../parts/release-standing.tsx'
import { Scrolling } from '../parts/scrolling.tsx'
import { Slider } from '../parts/slider.tsx'
import { Story, useStory } from '../parts/story.tsx'
import { TakenBack } from '../parts/taken-back.tsx'
import { Waves } from '../parts/waves.tsx'
import { isOver } from '../pictures/actions.ts'
import { stopsOf } from '../pictures/timeline.ts'
import { to } from '../router.ts'
import { often, seldom, useRead } from '../use.ts'
import { holdTitle, lasting, secondsBetween, spoken } from '../words.ts'

/** One upgrade: how far it is, what holds it, what it did, and what may be done. */
export function OneUpgrade({ id }: { readonly id: string }) {
  const [at, setAt] = useState<string>()
  const reading = useRead('getUpgrade', { params: { id }, query: { at } }, at === undefined ? often : seldom)
  const story = useStory('getUpgradeEvents', id, often)
  const told = story.value ?? []
  const until = at === undefined ? told : told.filter((one) => one.at <= at)
  return (
    <Shown reading={reading}>
      {(upgrade) => (
        <>
          <Head title={`${upgrade.component} ${upgrade.version}`} beside={<Status of={upgrade.status} />}>
            <p class="under">
              {upgrade.kind === 'deploy' ? spoken(upgrade.strategy) : spoken(upgrade.kind)}, asked for by{' '}
              {upgrade.requestedBy}, <Instant at={upgrade.requestedAt} />
              {upgrade.reason !== null && <>: “{upgrade.reason}”</>}
            </p>
            {upgrade.takenBackBy && (
              <TakenBack
                words={backPhrase(upgrade.takenBackBy.status)}
                of="upgrades"
                by={upgrade.takenBackBy.upgradeId}
              />
            )}
          </Head>
          <Slider stops={stopsOf(told)} at={at} go={setAt} />
          <Holds holds={upgrade.holds} />
          {!isOver(upgrade) && (
            <ReleaseNotice
              component={upgrade.component}
              version={upgrade.version}
              digest={upgrade.plan?.digest}
            />
          )}
          {upgrade.failure && (
            <p class="notice bad">
              <b>{holdTitle(upgrade.failure.code)}</b> {upgrade.failure.detail}
            </p>
          )}
          {at === undefined && <Deeds upgrade={upgrade} done={reading.again} />}
          <Figures upgrade={upgrade} />
          {!isOver(upgrade) && <Forecast operation="forecastUpgrade" id={id} at={at} />}
          <div class="columns">
            <div>
              <Card title="Waves">
                {upgrade.waves.length === 0 ? (
                  <p class="quiet">It is not planned yet.</p>
                ) : (
                  <Waves of={upgrade} />
                )}
                <Defects upgrade={upgrade} />
              </Card>
              {upgrade.plan && (
                <Card title="Left out by the plan">
                  <LeftOut counts={upgrade.plan.leftOut} />
                </Card>
              )}
              {upgrade.failures.length > 0 && (
                <Card title="What failed">
                  <Failures of={upgrade.failures} />
                </Card>
              )}
              <Targets id={id} at={at} isOver={isOver(upgrade)} />
              <Facts upgrade={upgrade} />
            </div>
            <div>
              <Card title="Timeline">
                <Shown reading={story}>{() => <Story told={until} />}</Shown>
              </Card>
              <BlastRadius id={id} at={at} />
            </div>
          </div>
          <Machine of="upgrade" move={upgrade.position.move} status={upgrade.status} story={until} />
        </>
      )}
    </Shown>
  )
}

function Figures({ upgrade }: { readonly upgrade: Upgrade }) {
  const { total, completed, failed, unreachable, inProgress, skipped, rolledBack, startedAt, completedAt } =
    upgrade
  const shown = [
    [total === 1 ? 'target' : 'targets', total],
    ['done', completed],
    ['in flight', inProgress],
    ['failed', failed],
    ['unreachable', unreachable],
    ['left out', skipped],
    ['rolled back', rolledBack],
  ] as const
  return (
    <div class="figures">
      {shown.map(
        ([words, count]) =>
          (count > 0 || ['done', 'failed'].includes(words)) && (
            <div class="figure" key={words}>
              <b>{count.toLocaleString('en')}</b>
              <span>{words}</span>
            </div>
          ),
      )}
      {startedAt !== null && completedAt !== null && (
        <div class="figure">
          <b>{lasting(secondsBetween(startedAt, completedAt))}</b>
          <span>from start to end</span>
        </div>
      )}
    </div>
  )
}

function Defects({ upgrade: { defects } }: { readonly upgrade: Upgrade }) {
  if (defects === null) return null
  const { outcomes, failed, confidencePercent, atLeastPercent, atMostPercent } = defects
  return (
    <p class="hint">
      {failed} of {outcomes} have failed: with {confidencePercent} % confidence between {atLeastPercent} % and{' '}
      {atMostPercent} % of all would.
    </p>
  )
}

/** The attempts, each with why its target is, or is not, upgraded. */
function Targets({
  id,
  at,
  isOver,
}: {
  readonly id: string
  readonly at: string | undefined
  readonly isOver: boolean
}) {
  const [status, setStatus] = useState('')
  const [cursors, setCursors] = useState<readonly string[]>([])
  const [open, setOpen] = useState<string>()
  const query = { limit: 50, status, cursor: cursors.at(-1) }
  const reading = useRead('getUpgradeLogs', { params: { id }, query }, isOver ? seldom : often)
  return (
    <Card
      title="Targets"
      beside={
        <label class="inline">
          <span>Status</span>
          <select
            value={status}
            onChange={(event) => {
              setStatus(event.currentTarget.value)
              setCursors([])
            }}
          >
            <option value="">all</option>
            {attemptStatuses.map((one) => (
              <option key={one} value={one}>
                {spoken(one)}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Shown reading={reading}>
        {({ logs, nextCursor }) =>
          logs.length === 0 ? (
            <Empty>{status === '' ? 'Nobody has been admitted yet.' : 'There is none.'}</Empty>
          ) : (
            <>
              {at !== undefined && <p class="hint">These are as they are now.</p>}
              <ul class="attempts">
                {logs.map((log) => (
                  <li key={log.id}>
                    <button
                      type="button"
                      aria-expanded={open === log.id}
                      onClick={() => setOpen(open === log.id ? undefined : log.id)}
                    >
                      <b>{log.customer_id}</b>
                      <span class="quiet">
                        {log.from_version} → {log.to_version}
                      </span>
                      {log.error !== null && <code>{log.error}</code>}
                      <Status of={log.status} />
                    </button>
                    {open === log.id && (
                      <div class="opened">
                        {log.output !== null && (
                          <>
                            <p class="quiet">What its agent said:</p>
                            <pre>{log.output}</pre>
                          </>
                        )}
                        <Explanation target={log.customer_id} upgrade={id} at={at} />
                        <a href={to(['targets', log.customer_id])}>All about {log.customer_id}</a>
                      </div>
                    )}
                  </li>
                ))}
              </ul>
              <Pager cursors={cursors} next={nextCursor} turn={setCursors} back="Back" />
            </>
          )
        }
      </Shown>
    </Card>
  )
}

function BlastRadius({ id, at }: { readonly id: string; readonly at: string | undefined }) {
  const reading = useRead('getBlastRadius', { params: { id }, query: { at } }, seldom)
  return (
    <Card title="Blast radius">
      <Shown reading={reading}>
        {({ proven, limits, waves, breakGlass }) => (
          <>
            <p>
              <Status
                of={proven ? 'within the limits' : 'not within the limits'}
                tone={proven ? 'good' : 'bad'}
              />{' '}
              <span class="quiet">{limits.parallel} at once at the most; from the log itself</span>
            </p>
            {breakGlass && (
              <p class="notice bad">
                The glass was broken by {breakGlass.requestedBy}: {breakGlass.reason}
              </p>
            )}
            <Scrolling name="scroll" label="Blast radius, wave by wave">
              <table>
                <thead>
                  <tr>
                    <th>Wave</th>
                    <th class="number">At once</th>
                    <th class="number">Exposed</th>
                    <th class="number">Failed</th>
                  </tr>
                </thead>
                <tbody>
                  {waves.map(({ wave, largestInFlight, exposed, failures }) => (
                    <tr key={wave}>
                      <td>{wave}</td>
                      <td class="number">
                        {largestInFlight.count} of {largestInFlight.limit}
                      </td>
                      <td class="number">
                        {exposed.count} of {exposed.limit}
                      </td>
                      <td class="number">
                        {failures.count}, {failures.allowed} allowed
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolling>
          </>
        )}
      </Shown>
    </Card>
  )
}

function Facts({ upgrade }: { readonly upgrade: Upgrade }) {
  const { plan, approvals, children, parentId, rolloutId, window, jobId, planHash, commit } = upgrade
  return (
    <Card title="Facts">
      <dl>
        <dt>Plan</dt>
        <dd>
          <code>{planHash ?? '–'}</code>
        </dd>
        {plan?.digest && [
          <dt key="d">Digest</dt>,
          <dd key="digest">
            <code>{plan.digest}</code>
          </dd>,
        ]}
        {plan && [
          <dt key="e">One attempt</dt>,
          <dd key="expected">
            {lasting(plan.expectedAttempt.seconds)}{' '}
            <span class="quiet">({spoken(plan.expectedAttempt.source)})</span>
          </dd>,
        ]}
        {window && [
          <dt key="w">Window</dt>,
          <dd key="window">
            <Instant at={window.start} /> to <Instant at={window.end} />
          </dd>,
        ]}
        {approvals.map(({ by, at, comment }) => [
          <dt key={by}>Approved</dt>,
          <dd key={`${by} at`}>
            {by}, <Instant at={at} /> {comment !== null && <>“{comment}”</>}
          </dd>,
        ])}
        {parentId !== null && [
          <dt key="p">{upgrade.kind === 'rollback' ? 'Takes back' : 'Tries again'}</dt>,
          <dd key="parent">
            <a href={to(['upgrades', parentId])}>the upgrade before</a>
          </dd>,
        ]}
        {rolloutId !== null && [
          <dt key="r">Phase of</dt>,
          <dd key="rollout">
            <a href={to(['rollouts', rolloutId])}>a rollout</a>
          </dd>,
        ]}
        {children.map(({ upgradeId, kind, at, targetId }) => [
          <dt key={upgradeId}>{spoken(kind)}</dt>,
          <dd key={`${upgradeId} at`}>
            <a href={to(['upgrades', upgradeId])}>{targetId ?? 'all of it'}</a>, <Instant at={at} />
          </dd>,
        ])}
        <dt>Execution</dt>
        <dd>
          <code>{jobId}</code>
        </dd>
        <dt>Commit</dt>
        <dd>{commit}</dd>
      </dl>
    </Card>
  )
}
