import { Card, Head, Instant, Shown, Status } from '../parts/basic.tsx'
import { Explanation } from '../parts/explanation.tsx'
import { Procedure } from '../parts/procedure.tsx'
import { ReleaseWord } from '../parts/release-standing.tsx'
import { to } from '../router.ts'
import { often, useRead } from '../use.ts'

/** One target: what it runs, why it is or is not upgraded, and what became of the last attempts. */
export function OneTarget({ id }: { readonly id: string }) {
  const reading = useRead('getTarget', { params: { id } }, often)
  return (
    <Shown reading={reading}>
      {(target) => (
        <>
          <Head title={target.id}>
            <p class="under">
              {[target.type, target.region, target.critical ? 'critical' : ''].filter(Boolean).join(', ')}
            </p>
          </Head>
          {target.retired && <p class="notice bad">Retired: {target.retired.reason}</p>}
          {target.pin && (
            <p class="notice waits">
              Pinned{target.pin.component !== null && `, ${target.pin.component}`}: {target.pin.reason}
            </p>
          )}
          {target.clones && (
            <p class="notice bad">
              Two machines speak with its credential, since <Instant at={target.clones.since} />.
            </p>
          )}
          <Card title="Why, or why not?">
            <Explanation target={id} />
          </Card>
          <Procedure target={id} />
          <div class="columns">
            <div>
              <Card title="Attempts">
                {target.attempts.length === 0 && <p class="quiet">There was none yet.</p>}
                <ul class="attempts">
                  {target.attempts.map(
                    ({ attempt, upgradeId, component, from, to: until, outcome, code, endedAt }) => (
                      <li key={attempt} class="attempt">
                        <a href={to(['upgrades', upgradeId])}>
                          {component} {from} → {until}
                        </a>
                        {code !== null && <code>{code}</code>}
                        <span class="quiet">
                          ended <Instant at={endedAt} />
                        </span>
                        <Status of={outcome} />
                      </li>
                    ),
                  )}
                </ul>
              </Card>
            </div>
            <div>
              <Card title="What it runs">
                <dl>
                  {Object.entries(target.components).map(([name, version]) => [
                    <dt key={name}>{name}</dt>,
                    <dd key={`${name} version`}>
                      {version}
                      <ReleaseWord component={name} version={version} />
                      {target.drift[name] && <span class="held"> (was {target.drift[name].from})</span>}
                    </dd>,
                  ])}
                </dl>
              </Card>
              <Card title="Facts">
                <dl>
                  {Object.entries(target.tags).map(([name, value]) => [
                    <dt key={name}>{name}</dt>,
                    <dd key={`${name} value`}>{value}</dd>,
                  ])}
                  {Object.entries(target.environment).map(([name, value]) => [
                    <dt key={`${name} there`}>{name}</dt>,
                    <dd key={`${name} there is`}>{value}</dd>,
                  ])}
                  <dt>Licence</dt>
                  <dd>{target.licence === null ? 'none' : <code>{target.licence}</code>}</dd>
                  <dt>Gateway</dt>
                  <dd>{target.gateway ?? '–'}</dd>
                  <dt>Last heard of</dt>
                  <dd>
                    <Instant at={target.lastSeenAt} />
                  </dd>
                  <dt>Commit</dt>
                  <dd>{target.commit}</dd>
                </dl>
              </Card>
            </div>
          </div>
        </>
      )}
    </Shown>
  )
}
