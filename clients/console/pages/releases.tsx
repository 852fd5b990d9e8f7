import { useState } from 'preact/hooks'
import type { Release } from '../answers.ts'
import { Card, Empty, Head, Instant, Pager, Shown, Status } from '../parts/basic.tsx'
import { seldom, useRead } from '../use.ts'
import { counted } from '../words.ts'

/** All releases, and the keys that sign them. */
export function Releases() {
  const [component, setComponent] = useState('')
  const [cursors, setCursors] = useState<readonly string[]>([])
  const query = { limit: 50, component, cursor: cursors.at(-1) }
  const reading = useRead('listReleases', { query }, seldom)
  return (
    <>
      <Head title="Releases">
        <label class="inline">
          <span>Component</span>
          <input
            defaultValue={component}
            placeholder="all"
            onChange={(event) => {
              setComponent(event.currentTarget.value.trim())
              setCursors([])
            }}
          />
        </label>
      </Head>
      <Shown reading={reading}>
        {({ releases, nextCursor }) =>
          releases.length === 0 ? (
            <Empty>
              <h2>No release</h2>
              <p>
                Publish one: <code>drydock releases publish</code>.
              </p>
            </Empty>
          ) : (
            <>
              <ul class="rows">
                {releases.map((release) => (
                  <One key={`${release.component} ${release.version}`} release={release} />
                ))}
              </ul>
              {nextCursor !== null && <Pager cursors={cursors} next={nextCursor} turn={setCursors} />}
            </>
          )
        }
      </Shown>
      <Keys />
    </>
  )
}

function One({ release }: { readonly release: Release }) {
  const { component, version, channel, digest, signed, blocked, withdrawn, heldBack, notes, registeredAt } =
    release
  const refused = withdrawn ?? blocked ?? heldBack
  const word = withdrawn ? 'withdrawn' : blocked ? 'blocked' : heldBack ? 'held back' : 'in service'
  return (
    <li class="row">
      <span class="row-title">
        <b>
          {component} {version}
        </b>
        <span class="tag">{channel}</span>
        <Status of={word} tone={refused ? 'bad' : 'good'} />
      </span>
      {refused && <span class="held">{refused.reason}</span>}
      {notes !== null && <span>{notes}</span>}
      <span class="row-foot">
        <span>
          {signed === null
            ? 'not signed'
            : `signed by ${counted(signed.signatures, 'key')}, counter ${signed.counter}`}
        </span>
        <span class="quiet">
          <Instant at={registeredAt} />
        </span>
      </span>
      <code class="quiet">{digest}</code>
    </li>
  )
}

function Keys() {
  const keys = useRead('listKeys', {}, seldom)
  const trust = useRead('getTrust', {}, seldom)
  return (
    <Card
      title="Keys"
      name="apart"
      beside={
        trust.value && (
          <span class="quiet">
            {counted(trust.value.threshold, 'signature')} needed; unsigned releases are{' '}
            {trust.value.unsignedReleases}
          </span>
        )
      }
    >
      <Shown reading={keys}>
        {({ keys: all }) =>
          all.length === 0 ? (
            <p class="quiet">No key is registered.</p>
          ) : (
            <ul class="rows">
              {all.map(({ keyId, label, revoked, registeredBy, registeredAt, components }) => (
                <li key={keyId} class="row">
                  <span class="row-title">
                    <b>{label}</b>
                    <span class="quiet">{components === null ? 'any component' : components.join(', ')}</span>
                    <Status of={revoked ? 'revoked' : 'in force'} tone={revoked ? 'bad' : 'good'} />
                  </span>
                  {revoked && (
                    <span class="held">
                      {revoked.reason}, {revoked.by}
                    </span>
                  )}
                  <span class="row-foot">
                    <code>{keyId}</code>
                    <span class="quiet">
                      {registeredBy}, <Instant at={registeredAt} />
                    </span>
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </Card>
  )
}
