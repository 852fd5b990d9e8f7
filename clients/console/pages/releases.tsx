import { useState } from 'preact/hooks'
import type { AnswerOf } from '../../../contracts/bodies.ts'
import type { Release } from '../answers.ts'
import { Card, Empty, Head, Instant, Pager, Shown, Status } from '../parts/basic.tsx'
import { standingOf } from '../parts/release-standing.tsx'
import { seldom, useRead } from '../use.ts'
import { capital, counted } from '../words.ts'

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
              <Pager cursors={cursors} next={nextCursor} turn={setCursors} back="Back" />
            </>
          )
        }
      </Shown>
      <Keys />
      <Licences />
    </>
  )
}

function One({ release }: { readonly release: Release }) {
  const { component, version, channel, digest, signed, notes, registeredAt } = release
  const standing = standingOf(release)
  return (
    <li class="row">
      <span class="row-title">
        <b>
          {component} {version}
        </b>
        <span class="tag">{channel}</span>
        <Status of={standing?.word ?? 'in service'} tone={standing?.tone ?? 'good'} />
      </span>
      {standing && (
        <span class="held">
          {capital(standing.word)}: {standing.reason}
        </span>
      )}
      {notes !== null && <span>Notes: {notes}</span>}
      <span class="row-foot">
        <span>
          {signed === null
            ? 'not signed'
            : `signed by ${counted(signed.signatures, 'key')}, counter ${signed.counter}`}
        </span>
        <span class="quiet">
          registered <Instant at={registeredAt} />
        </span>
      </span>
      <span class="quiet">
        Digest <code>{digest}</code>
      </span>
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
                      Revoked by {revoked.by}: {revoked.reason}
                    </span>
                  )}
                  <span class="row-foot">
                    <span>
                      Key <code>{keyId}</code>
                    </span>
                    <span class="quiet">
                      registered by {registeredBy}, <Instant at={registeredAt} />
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

/** Who is entitled to releases that ask for a licence. They are defined and revoked by the command line and the API. */
function Licences() {
  const [cursors, setCursors] = useState<readonly string[]>([])
  const reading = useRead('listLicences', { query: { limit: 50, cursor: cursors.at(-1) } }, seldom)
  return (
    <Card title="Licences" name="apart" beside={<span class="quiet">by the hash of their key</span>}>
      <Shown reading={reading}>
        {({ licences, nextCursor }) =>
          licences.length === 0 ? (
            <p class="quiet">No licence is defined.</p>
          ) : (
            <>
              <ul class="rows">
                {licences.map((licence) => (
                  <Licence key={licence.licence} {...licence} />
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

function Licence({
  licence,
  label,
  components,
  channels,
  expires,
  revoked,
}: AnswerOf<'listLicences'>['licences'][number]) {
  const isOver = expires !== null && Date.parse(expires) <= Date.now()
  const word = revoked ? 'revoked' : isOver ? 'expired' : 'in force'
  return (
    <li class="row">
      <span class="row-title">
        <b>{label}</b>
        <span class="quiet">
          {components === null ? 'any component' : components.join(', ')},{' '}
          {channels === null ? 'any channel' : `channel ${channels.join(', ')}`}
        </span>
        <Status of={word} tone={word === 'in force' ? 'good' : 'bad'} />
      </span>
      {revoked && (
        <span class="held">
          Revoked since <Instant at={revoked.since} />: {revoked.reason}
        </span>
      )}
      <span class="row-foot">
        <span>
          Hash of its key <code>{licence}</code>
        </span>
        <span class="quiet">
          {expires === null ? (
            'does not expire'
          ) : (
            <>
              until <Instant at={expires} />
            </>
          )}
        </span>
      </span>
    </li>
  )
}
