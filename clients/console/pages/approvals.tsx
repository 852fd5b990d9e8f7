import type { Approval } from '../answers.ts'
import type { Api } from '../api.ts'
import { Card, Empty, Head, Instant, Shown } from '../parts/basic.tsx'
import { Deeds } from '../parts/deeds.tsx'
import { LeftOut } from '../parts/left-out.tsx'
import { ReleaseNotice } from '../parts/release-standing.tsx'
import { Scrolling } from '../parts/scrolling.tsx'
import { WaitingRollout } from '../parts/waiting-rollout.tsx'
import { differencesOf } from '../pictures/difference.ts'
import { to } from '../router.ts'
import { often, seldom, useRead, useRepeated, useSigned } from '../use.ts'
import { capital, counted } from '../words.ts'

/** What waits for a person, and how a plan differs from the one before. */
export function Approvals() {
  const { api } = useSigned()
  const reading = useRepeated(() => everyApproval(api), 'approvals', often)
  return (
    <>
      <Head title="Approvals" />
      <Shown reading={reading}>
        {({ approvals, isCut }) =>
          approvals.length === 0 ? (
            <Empty>
              <h2>Nothing waits for a person</h2>
              <p>Plans to approve, canaries and rollouts to continue and steps that ask are shown here.</p>
            </Empty>
          ) : (
            <>
              {approvals.map((approval) => (
                <One
                  key={`${approval.rolloutId} ${approval.upgradeId} ${approval.targetId} ${approval.step} ${approval.waitsFor}`}
                  approval={approval}
                  again={reading.again}
                />
              ))}
              {isCut && (
                <p class="quiet">
                  There are more, which are not shown: <code>drydock approvals</code> lists all.
                </p>
              )}
            </>
          )
        }
      </Shown>
    </>
  )
}

/** Pages of the list that are read at most: rollouts, upgrades and what waits on targets are a page each at the least. */
const mostPages = 6

/** Returns what waits for a person, of every kind; whether that is all of it is said beside. */
async function everyApproval(api: Api) {
  const approvals: Approval[] = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const read = await api.read('listApprovals', { query: { limit: 50, cursor } })
    approvals.push(...read.approvals)
    if (read.nextCursor === null) return { approvals, isCut: false }
    cursor = read.nextCursor
  }
  return { approvals, isCut: true }
}

function titleOf({ component, version, name, targetId, waitsFor }: Approval): string {
  const what = component === null ? (name ?? 'Rollout') : `${component} ${version}`
  return `${capital(waitsFor)}: ${what}${targetId === null ? '' : ` on ${targetId}`}`
}

function One({ approval, again }: { readonly approval: Approval; again(): void }) {
  const {
    upgradeId,
    rolloutId,
    targetId,
    total,
    requestedBy,
    since,
    lapses,
    needed,
    given,
    may,
    ask,
    reason,
  } = approval
  const link =
    targetId !== null
      ? to(['targets', targetId])
      : upgradeId !== null
        ? to(['upgrades', upgradeId])
        : to(['rollouts', rolloutId ?? ''])
  return (
    <Card title={titleOf(approval)} beside={<a href={link}>Look at it</a>}>
      <dl>
        <dt>Takes</dt>
        <dd>{counted(total, 'target')}</dd>
        <dt>Asked by</dt>
        <dd>
          {requestedBy}
          {approval.yours && ' (you)'}
        </dd>
        <dt>Waits</dt>
        <dd>
          since <Instant at={since} />
          {lapses !== null && (
            <>
              , lapses <Instant at={lapses} />
            </>
          )}
        </dd>
        {needed > 0 && [
          <dt key="a">Approvals</dt>,
          <dd key="approvals">
            {given} of {needed}; {(may.approvers ?? may.roles).join(', ')}
            {may.except.length > 0 && `, but not ${may.except.join(', ')}`}
          </dd>,
        ]}
        {reason !== null && [<dt key="r">Why it is asked for</dt>, <dd key="reason">{reason}</dd>]}
        {ask !== null && [<dt key="q">Asks</dt>, <dd key="ask">{ask}</dd>]}
      </dl>
      {!approval.youMay && <p class="notice">It is not for you to give.</p>}
      {upgradeId === null && rolloutId !== null && <WaitingRollout id={rolloutId} again={again} />}
      {upgradeId !== null && approval.waitsFor !== 'acknowledge' && approval.waitsFor !== 'settle' && (
        <OfUpgrade id={upgradeId} again={again} />
      )}
    </Card>
  )
}

/** The upgrade that waits: how its plan differs from the last of its component, and what may be done. */
function OfUpgrade({ id, again }: { readonly id: string; again(): void }) {
  const reading = useRead('getUpgrade', { params: { id } }, seldom)
  const component = reading.value?.component
  const others = useRead(
    'listUpgrades',
    component === undefined ? undefined : { query: { component, kind: 'deploy', limit: 10 } },
  )
  // The last that began: what was never done is no measure of what is asked for.
  const before = others.value?.upgrades.find(
    ({ id: other, requestedAt, startedAt }) =>
      other !== id && startedAt !== null && requestedAt < (reading.value?.requestedAt ?? ''),
  )?.id
  return (
    <Shown reading={reading}>
      {(upgrade) => (
        <>
          <ReleaseNotice
            component={upgrade.component}
            version={upgrade.version}
            digest={upgrade.plan?.digest}
          />
          {upgrade.plan && (
            <>
              <h3>Left out by the plan</h3>
              <LeftOut counts={upgrade.plan.leftOut} />
            </>
          )}
          {before === undefined ? (
            others.value && (
              <p class="hint">
                It is the first upgrade of {upgrade.component}: there is no plan to compare with.
              </p>
            )
          ) : (
            <Differences id={id} before={before} />
          )}
          <Deeds
            upgrade={upgrade}
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

function Differences({ id, before }: { readonly id: string; readonly before: string }) {
  const now = useRead('getUpgrade', { params: { id } }, seldom)
  const last = useRead('getUpgrade', { params: { id: before } }, seldom)
  if (!now.value || !last.value) return null
  const of = ({ request, plan, total }: NonNullable<typeof now.value>) => ({
    ...request,
    targetsInPlan: total,
    waves: plan?.waves ?? [],
    leftOut: plan?.leftOut ?? {},
    procedure: request.procedure ?? null,
  })
  const differences = differencesOf(of(last.value), of(now.value))
  return (
    <details class="differences" open>
      <summary>
        {differences.length === 0
          ? 'As the last plan'
          : `${counted(differences.length, 'difference')} to the last plan`}
      </summary>
      <Scrolling name="scroll" label="Differences to the last plan">
        <table>
          <thead>
            <tr>
              <th>Field</th>
              <th>
                <a href={to(['upgrades', before])}>Last</a>
              </th>
              <th>This</th>
            </tr>
          </thead>
          <tbody>
            {differences.map(({ field, before: was, after }) => (
              <tr key={field}>
                <td>
                  <code>{field}</code>
                </td>
                <td class="was">{was}</td>
                <td>{after}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </details>
  )
}
