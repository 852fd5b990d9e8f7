import { useState } from 'preact/hooks'
import type { BodyOf } from '../../../contracts/bodies.ts'
import { rolesFor } from '../../../contracts/routes.ts'
import type { Plan } from '../answers.ts'
import { type Refused, refusalIn } from '../api.ts'
import { Card, Head, Instant, Refusal } from '../parts/basic.tsx'
import { End } from '../parts/forecast.tsx'
import { LeftOut, LeftOutByName } from '../parts/left-out.tsx'
import { ReleaseNotice } from '../parts/release-standing.tsx'
import { Scrolling } from '../parts/scrolling.tsx'
import { requestOf } from '../pictures/plan-request.ts'
import { to } from '../router.ts'
import { useRead, useSigned } from '../use.ts'
import { counted, lasting, spoken } from '../words.ts'

type Request = BodyOf<'deployUpgrade'>

/** Shows what an upgrade would do before it is asked for: by the planner that a deploy uses. */
export function PlanAhead() {
  const { api, session } = useSigned()
  const [strategy, setStrategy] = useState('canary')
  const [component, setComponent] = useState('')
  const [shown, setShown] = useState<{ readonly request: Request; readonly plan: Plan }>()
  const [refused, setRefused] = useState<Refused>()
  const [busy, setBusy] = useState(false)
  const components = useRead('listComponents', { query: { limit: 100 } })
  const releases = useRead(
    'listReleases',
    component === '' ? undefined : { query: { component, limit: 100 } },
  )
  const mayStart = session.roles.some((role) => rolesFor('deployUpgrade').includes(role))

  const attempt = async (act: () => Promise<void>) => {
    setBusy(true)
    setRefused(undefined)
    await act().catch((error: unknown) => setRefused(refusalIn(error)))
    setBusy(false)
  }
  const preview = (form: HTMLFormElement) => {
    const filled = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))
    const request = requestOf(filled)
    return attempt(async () => {
      setShown(undefined)
      setShown({ request, plan: await api.write('planUpgrade', {}, request) })
    })
  }
  const start = (request: Request) =>
    attempt(async () => {
      const { upgradeId } = await api.write('deployUpgrade', {}, request)
      location.hash = to(['upgrades', upgradeId])
    })

  return (
    <>
      <Head title="New upgrade" />
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          void preview(event.currentTarget)
        }}
        onInput={() => setShown(undefined)}
      >
        <div class="fields">
          <label class="field">
            <span>Component</span>
            <input
              name="component"
              required
              list="components"
              autoComplete="off"
              onInput={(event) => setComponent(event.currentTarget.value.trim())}
            />
            <datalist id="components">
              {components.value?.components.map((one) => (
                <option key={one.component} value={one.component} />
              ))}
            </datalist>
          </label>
          <label class="field">
            <span>Version</span>
            <input name="version" required list="versions" autoComplete="off" />
            <datalist id="versions">
              {releases.value?.releases.map(({ version, channel }) => (
                <option key={version} value={version}>
                  {channel}
                </option>
              ))}
              <option value="stable" />
              <option value="latest" />
            </datalist>
          </label>
          <label class="field">
            <span>Strategy</span>
            <select
              name="strategy"
              value={strategy}
              onChange={(event) => setStrategy(event.currentTarget.value)}
            >
              <option value="canary">canary, then the rest</option>
              <option value="batch">batches</option>
              <option value="all">all in one wave</option>
            </select>
          </label>
          {strategy === 'canary' && (
            <label class="field">
              <span>Canary, in percent</span>
              <input name="canaryPercent" type="number" min="1" max="100" required defaultValue="10" />
            </label>
          )}
          {strategy === 'batch' && (
            <label class="field">
              <span>Targets a batch</span>
              <input name="batchSize" type="number" min="1" required />
            </label>
          )}
          <label class="field">
            <span>At once</span>
            <input name="parallel" type="number" min="1" max="10000" placeholder="10000" />
          </label>
          <label class="field">
            <span>Failures that stop it, in percent</span>
            <input name="failurePercent" type="number" min="0" max="100" placeholder="10" />
          </label>
          <label class="field">
            <span>Approvals</span>
            <input name="approvals" type="number" min="0" max="10" placeholder="0" />
          </label>
          <label class="field">
            <span>Watch each wave, in seconds</span>
            <input name="bakeSeconds" type="number" min="0" placeholder="0" />
          </label>
        </div>
        <details>
          <summary>Which targets, and when</summary>
          <div class="fields more">
            <label class="field">
              <span>Regions</span>
              <input name="regions" placeholder="all" />
            </label>
            <label class="field">
              <span>Types</span>
              <input name="types" placeholder="all" />
            </label>
            <label class="field">
              <span>Tags</span>
              <input name="tags" placeholder="environment=staging" />
            </label>
            <label class="field">
              <span>Ids</span>
              <input name="ids" placeholder="all that run the component" />
            </label>
            <label class="field">
              <span>Window begins (UTC)</span>
              <input name="start" type="datetime-local" />
            </label>
            <label class="field">
              <span>Window ends (UTC)</span>
              <input name="end" type="datetime-local" />
            </label>
          </div>
        </details>
        <label class="field">
          <span>Reason</span>
          <input name="reason" maxLength={512} autoComplete="off" />
        </label>
        <div class="actions after">
          <button type="submit" class={shown ? '' : 'primary'} disabled={busy}>
            {busy ? 'One moment …' : 'Preview'}
          </button>
        </div>
      </form>
      {refused && <Refusal of={refused} />}
      {shown && (
        <>
          <Preview component={shown.request.component} plan={shown.plan} />
          <div class="actions">
            <button
              type="button"
              class="primary"
              disabled={busy || !mayStart}
              onClick={() => void start(shown.request)}
            >
              Start this upgrade
            </button>
            {!mayStart && <span class="quiet">Only for {rolesFor('deployUpgrade').join(', ')}.</span>}
          </div>
        </>
      )}
    </>
  )
}

function Preview({ component, plan }: { readonly component: string; readonly plan: Plan }) {
  const {
    total,
    waves,
    canary,
    leftOut,
    leftOutCounts,
    withoutAgent,
    warnings,
    overlaps,
    approvals,
    expectedFinish,
    expectedAttempt,
    forecast,
    planHash,
  } = plan
  return (
    <section aria-label="Preview">
      <div class="figures">
        <div class="figure">
          <b>{total.toLocaleString('en')}</b>
          <span>{total === 1 ? 'target' : 'targets'}</span>
        </div>
        <div class="figure">
          <b>{waves.length}</b>
          <span>{waves.length === 1 ? 'wave' : 'waves'}</span>
        </div>
        <div class="figure">
          <b>{approvals.required}</b>
          <span>{approvals.required === 1 ? 'approval' : 'approvals'} needed</span>
        </div>
        <div class="figure">
          <b>{lasting(expectedAttempt.seconds)}</b>
          <span>an attempt, as expected ({spoken(expectedAttempt.source)})</span>
        </div>
      </div>
      <ReleaseNotice component={component} version={plan.version} digest={plan.digest} />
      {warnings.map(({ code, detail }) => (
        <p key={`${code} ${detail}`} class="notice waits">
          {detail}
        </p>
      ))}
      {withoutAgent > 0 && (
        <p class="notice waits">
          No agent has ever enrolled for {counted(withoutAgent, 'target')} of it: nothing is installed there
          before one has.
        </p>
      )}
      <End of={forecast} track={null} />
      {approvals.reason !== null && <p class="notice waits">{approvals.reason}</p>}
      <div class="columns">
        <Card
          title="Waves"
          beside={
            <span class="quiet">
              ends about <Instant at={expectedFinish} />
            </span>
          }
        >
          <Scrolling name="scroll" label="Waves of the plan">
            <table>
              <thead>
                <tr>
                  <th>Wave</th>
                  <th class="number">Targets</th>
                  <th class="number">At once</th>
                  <th class="number">May fail</th>
                  <th>Then</th>
                </tr>
              </thead>
              <tbody>
                {waves
                  .slice(0, 100)
                  .map(({ wave, group, size, inFlight, allowedFailures, bakeSeconds, continues }) => (
                    <tr key={wave}>
                      <td>
                        {wave} {group !== null && <span class="quiet">{group}</span>}
                      </td>
                      <td class="number">{size}</td>
                      <td class="number">{inFlight}</td>
                      <td class="number">{allowedFailures}</td>
                      <td>
                        {bakeSeconds > 0 && `watched for ${lasting(bakeSeconds)}, `}
                        {continues === 'by-itself'
                          ? 'goes on by itself'
                          : spoken(continues.replaceAll('-', ' '))}
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          </Scrolling>
          <p class="hint">
            Plan <code>{planHash}</code>
          </p>
        </Card>
        <div>
          <Canary canary={canary} />
          {leftOut.length > 0 && (
            <Card title="Left out">
              <LeftOut counts={leftOutCounts} />
              <LeftOutByName all={leftOut} />
            </Card>
          )}
          {overlaps.length > 0 && (
            <Card title="Held by others">
              <ul>
                {overlaps.map(({ upgradeId, targets }) => (
                  <li key={upgradeId}>
                    <a href={to(['upgrades', upgradeId])}>{counted(targets, 'target')}</a>
                  </li>
                ))}
              </ul>
            </Card>
          )}
        </div>
      </div>
    </section>
  )
}

/** What the first wave can show, and what it cannot. */
function Canary({ canary }: { readonly canary: Plan['canary'] }) {
  if (canary === null)
    return (
      <Card title="What the canary can catch">
        <p>Nothing: there is one wave, and everybody is in it.</p>
      </Card>
    )
  const { size, confidencePercent, seesPercent, stopsPercent, sizeToSee } = canary
  return (
    <Card
      title="What the canary can catch"
      beside={<span class="quiet">with {confidencePercent} % confidence</span>}
    >
      <p>
        {counted(size, 'target')} first. Where more than <b>{seesPercent} %</b> of all are defective, at least
        one of them fails
        {stopsPercent === null ? (
          '; the wave never stops by itself.'
        ) : (
          <>
            ; above <b>{stopsPercent} %</b> the wave stops.
          </>
        )}{' '}
        A rarer defect may pass unseen.
      </p>
      <dl>
        {sizeToSee.map(({ percent, size: needed }) => [
          <dt key={percent}>To see {percent} %</dt>,
          <dd key={`${percent} size`}>{counted(needed, 'target')} first</dd>,
        ])}
      </dl>
    </Card>
  )
}
