import { Empty, Head, Instant, Shown, Status } from '../parts/basic.tsx'
import { rulesOf } from '../pictures/rules.ts'
import { seldom, useRead } from '../use.ts'

/** What every upgrade has to meet. */
export function Policies() {
  const reading = useRead('listPolicies', {}, seldom)
  return (
    <>
      <Head title="Policies" />
      <Shown reading={reading}>
        {({ policies }) =>
          policies.length === 0 ? (
            <Empty>
              <h2>No policy</h2>
              <p>
                Policies ask of every upgrade for approvals, tests and channels:{' '}
                <code>drydock policies define</code>.
              </p>
            </Empty>
          ) : (
            <ul class="rows">
              {policies.map(({ name, revision, definedBy, definedAt, withdrawn, document }) => (
                <li key={name} class="row">
                  <span class="row-title">
                    <b>{name}</b>
                    <span class="tag">revision {revision}</span>
                    <Status of={withdrawn ? 'withdrawn' : 'in service'} tone={withdrawn ? 'quiet' : 'good'} />
                  </span>
                  {withdrawn && <span class="held">Withdrawn: {withdrawn.reason}</span>}
                  {document.description !== null && <span>{String(document.description)}</span>}
                  <dl>
                    {rulesOf(document).map(([about, says]) => [
                      <dt key={about}>{about}</dt>,
                      <dd key={`${about} says`}>{says}</dd>,
                    ])}
                  </dl>
                  <span class="row-foot">
                    <span class="quiet">
                      defined by {definedBy}, <Instant at={definedAt} />
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  )
}
